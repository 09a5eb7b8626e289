#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <leat/ingest_log.hpp>
#include <stdexcept>

#include "common/clock.hpp"
#include "common/histogram.hpp"
#include "common/temp_dir.hpp"
#include "common/usage.hpp"
#include "ingest_log/workload.hpp"

namespace leat::bench::ingest_log {
namespace {

constexpr std::uint64_t kReservedBytes = 64u << 20;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return *std::move(result);
}

}  // namespace

std::string make_record(std::uint64_t id) {
  std::string text = fmt::format(R"({{"id":{},"text":")", id);
  text.append(kRecordBytes - 2 - text.size(), 'x');
  return text + "\"}";
}

void run_disk(std::size_t group_bytes, const Options& options, RunResult& result) {
  const TempDir folder;
  const std::string path = folder.path() + "/file";
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 || ::fallocate(fd, 0, 0, kReservedBytes) != 0 || ::fsync(fd) != 0)
    throw std::runtime_error("can't make " + path);
  const std::string group(group_bytes, 'x');
  const std::uint64_t bytes = options.events * kRecordBytes;
  Histogram latency;
  result.ok = true;
  const std::int64_t begin = now_ns();
  for (std::uint64_t done = 0; done < bytes; done += group_bytes) {
    const std::int64_t before = now_ns();
    const auto at = static_cast<off_t>(done % (kReservedBytes - group_bytes) / group_bytes * group_bytes);
    result.ok &= ::pwrite(fd, group.data(), group.size(), at) == static_cast<ssize_t>(group.size());
    result.ok &= ::fdatasync(fd) == 0;
    latency.add(now_ns() - before);
  }
  result.secs = static_cast<double>(now_ns() - begin) / 1e9;
  result.events = options.events;
  result.batch = group_bytes / kRecordBytes;
  result.cpu_s = cpu_seconds(Charge::self);
  result.rss_mb = peak_rss_mb();
  result.take_latency(latency);
  ::close(fd);
}

void run_log(const Options& options, RunResult& result) {
  const TempDir folder;
  IngestLogOptions log_options;
  log_options.folder = folder.path() + "/log";
  log_options.bytes_max = std::max<std::uint64_t>(1u << 30, 2 * options.events * (kRecordBytes + 64));
  const auto log = must(IngestLog::open(log_options));
  const std::string record = make_record(1);
  const IngestLog::Entry entry{record, 1};
  const std::int64_t begin = now_ns();
  std::uint64_t end = 0;
  while (end < options.events) {
    const auto appended = log->append({&entry, 1});
    if (appended)
      end = *appended;
    else if (appended.error().code != Code::limit_reached)
      throw std::runtime_error(appended.error().text());
    else  // the disk is behind: go on when it has written something
      static_cast<void>(log->wait_durable(log->durable() + 1, std::chrono::milliseconds(100)));
  }
  log->flush();
  if (const Status done = log->wait_durable(end, std::chrono::seconds(60)); !done)
    throw std::runtime_error(done.error().text());
  result.secs = static_cast<double>(now_ns() - begin) / 1e9;
  result.events = options.events;
  result.cpu_s = cpu_seconds(Charge::self);
  result.rss_mb = peak_rss_mb();

  const auto reader = must(log->read_from(0));
  IngestRecord read;
  std::uint64_t count = 0;
  while (must(reader->next(read))) count += read.bytes == record ? 1 : 0;
  result.ok = count == options.events;
}

}  // namespace leat::bench::ingest_log
