#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <leat/codec.hpp>

#include "cli/common.hpp"
#include "ingest/file_watch.hpp"
#include "ingest/log_source.hpp"
#include "log/inspect.hpp"

namespace leat::cli {
namespace {

constexpr int kLookAgainMs = 1000;  // where changes are not told

/// A handler may touch nothing else.
volatile sig_atomic_t last_signal = 0;

int exit_of(const Error& error) {
  switch (error.code) {
    case Code::input_missing:
      return kInputMissing;
    case Code::bad_value:
    case Code::out_of_range:
      return kUsage;
    case Code::limit_reached:
      return kNegative;
    default:
      return kBadData;
  }
}

int report(const Error& error, const std::string& next = {}) {
  print_error(error.text(), next.empty() ? fmt::format("leat explain {}", code_number(error.code)) : next);
  return exit_of(error);
}

// The folder itself, or all logs below it.
std::vector<std::string> find_logs(const std::string& path) {
  if (is_log(path)) return {path};
  std::vector<std::string> found;
  std::error_code error;
  using Walk = std::filesystem::recursive_directory_iterator;
  for (Walk at(path, std::filesystem::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error))
    if (at->is_directory(error) && is_log(at->path().string()))
      found.push_back(at->path().lexically_normal().string());
  std::ranges::sort(found);
  return found;
}

std::string time_or_none(std::optional<Time> time) {
  return time ? to_text(*time) : "";
}

std::string json_of(const std::string& path, const LogView& log) {
  const auto time = [](std::optional<Time> at) { return at ? json_text(to_text(*at)) : std::string("null"); };
  return fmt::format(
      R"({{"log":{},"oldest":{},"next":{},"records":{},"reader":{},"behind":{},"bytes":{},"segments":{},"first":{},"last":{},"torn_bytes":{}}})",
      json_text(path), log.oldest(), log.end(), log.end() - log.oldest(), log.reader_committed(),
      log.end() - std::min(log.end(), log.reader_committed()), log.bytes_on_disk(), log.segments().size(),
      time(log.first_time()), time(log.last_time()), log.torn_bytes());
}

void print_text(const std::string& path, const LogView& log, std::size_t width) {
  fmt::print("{:<{}}  {:>12}  {:>12}  {:>10}  {:>8}  {:<28}{}\n", path, width, log.oldest(), log.end(),
             log.end() - std::min(log.end(), log.reader_committed()), to_text(Bytes{log.bytes_on_disk()}),
             time_or_none(log.first_time()), time_or_none(log.last_time()));
}

/// {"offset":12,"time":"...","record":{...}}
std::string json_of(const IngestRecord& record) {
  std::string text =
      fmt::format(R"({{"offset":{},"time":{},"record":)", record.offset, json_text(to_text(record.time)));
  const auto tag = static_cast<RecordTag>(record.tag);
  Result<std::string> value = fail(Code::malformed_record, {});
  // Through MessagePack, so that a text over several lines becomes one line.
  if (tag == RecordTag::json) {
    value = json_to_msgpack(record.bytes);
    if (value) value = msgpack_to_json(*value);
  } else if (tag == RecordTag::msgpack) {
    value = msgpack_to_json(record.bytes);
  }
  if (value)
    text += *value;
  else
    write_json_string(record.bytes, text);
  return text + "}";
}

class Printer {
 public:
  explicit Printer(const LogArguments& arguments) : arguments_(arguments) {}

  void print(const IngestRecord& record) {
    if (arguments_.raw)
      fmt::print("{}\n", record.bytes);
    else
      fmt::print("{}\n", json_of(record));
    ++printed_;
  }
  bool done() const { return last_signal != 0 || (arguments_.limit != 0 && printed_ >= arguments_.limit); }

 private:
  const LogArguments& arguments_;
  std::uint64_t printed_ = 0;
};

Status print_records(IngestLogReader& reader, Printer& printer, FileWatch* follow) {
  IngestRecord record;
  while (!printer.done()) {
    LEAT_TRY_ASSIGN(const bool there, reader.next(record));
    if (there) {
      printer.print(record);
      continue;
    }
    if (follow == nullptr) return {};
    std::fflush(stdout);
    pollfd changed{follow->fd(), POLLIN, 0};
    ::poll(&changed, 1, kLookAgainMs);
    follow->clear();
  }
  return {};
}

}  // namespace

int log_ls(const LogArguments& arguments) {
  const std::vector<std::string> paths = find_logs(arguments.path);
  if (paths.empty()) {
    print_error(fmt::format("no log in {} or below", arguments.path),
                "leat log ls FOLDER, where FOLDER is what an actor's `log: { path: }` names, or above it");
    return kInputMissing;
  }
  std::size_t width = 3;
  for (const std::string& path : paths) width = std::max(width, path.size());
  if (arguments.format == Format::text)
    fmt::print("{:<{}}  {:>12}  {:>12}  {:>10}  {:>8}  {:<28}{}\n", "log", width, "oldest", "next", "behind",
               "size", "first", "last");
  int exit = kOk;
  for (const std::string& path : paths) {
    const auto log = LogView::open(path);
    if (!log)
      exit = report(log.error());
    else if (arguments.format == Format::json)
      fmt::print("{}\n", json_of(path, **log));
    else
      print_text(path, **log, width);
  }
  return exit;
}

int log_read(const LogArguments& arguments) {
  const auto position = LogPosition::parse(arguments.from);
  if (!position) {
    print_error("--from: " + position.error().message, "leat log read --help");
    return kUsage;
  }
  const std::string look = fmt::format("leat log ls {}", arguments.path);
  const auto log = LogView::open(arguments.path);
  if (!log) return report(log.error(), log.error().code == Code::input_missing ? look : "");
  const auto offset = (*log)->find(*position);
  if (!offset) return report(offset.error(), look);
  auto reader = arguments.follow ? follow_log(arguments.path, *offset) : (*log)->read_from(*offset);
  if (!reader) return report(reader.error());
  struct sigaction action {};
  action.sa_handler = [](int signal) { last_signal = signal; };
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
  Printer printer(arguments);
  FileWatch changes;
  if (arguments.follow) changes.watch_folder(arguments.path);
  const Status done = print_records(**reader, printer, arguments.follow ? &changes : nullptr);
  std::fflush(stdout);
  if (!done) return report(done.error());
  return last_signal != 0 ? 128 + last_signal : kOk;
}

int log_trim(const LogArguments& arguments) {
  const auto before = LogPosition::parse(arguments.before);
  if (!before || before->kind == LogPosition::Kind::oldest) {
    print_error("--before: write an offset, or a time such as 2026-01-31T08:00:00Z", "leat log trim --help");
    return kUsage;
  }
  const auto trimmed = trim_log(arguments.path, *before, arguments.force);
  if (!trimmed) return report(trimmed.error(), fmt::format("leat log ls {}", arguments.path));
  if (arguments.format == Format::json)
    fmt::print("{{\"log\":{},\"segments\":{},\"bytes\":{},\"oldest\":{}}}\n", json_text(arguments.path),
               trimmed->segments, trimmed->bytes, trimmed->oldest);
  else
    fmt::print("{}: {} {} deleted, {}; the oldest record is {}\n", arguments.path, trimmed->segments,
               trimmed->segments == 1 ? "file" : "files", to_text(Bytes{trimmed->bytes}), trimmed->oldest);
  return kOk;
}

}  // namespace leat::cli
