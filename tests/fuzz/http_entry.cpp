#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <leat/ingest_log.hpp>

#include "fuzz/entries.hpp"
#include "ingest/http_rows.hpp"
#include "ingest/http_server.hpp"
#include "support/memory_disk.hpp"

namespace leat::fuzz {
namespace {

SchemaPtr row_schema() {
  static const SchemaPtr schema = Schema::make({{"id", Type::int64, false}, {"note", Type::string, true}});
  return schema;
}

IngestLogOptions options_on(LogDisk& disk) {
  IngestLogOptions options;
  options.folder = "log";
  options.disk = &disk;
  options.segment_bytes = 1 << 20;
  options.bytes_max = 8 << 20;
  return options;
}

// One for all inputs: a server that has stood much already must stand the next, too.
class Web {
 public:
  Web() : log_(*IngestLog::open(options_on(disk_))), rows_({}, row_schema(), *log_) {
    HttpOptions options;
    options.body_bytes_max = 64 << 10;
    server_ = *HttpServer::start(options, rows_);
    log_->on_change([weak = std::weak_ptr(server_)] {  // the log tells of its end when the server has gone
      if (const auto server = weak.lock()) server->wake();
    });
  }
  std::uint16_t port() const { return server_->port(); }
  IngestLog& log() { return *log_; }

 private:
  testing::MemoryDisk disk_;
  std::unique_ptr<IngestLog> log_;
  HttpRows rows_;
  std::shared_ptr<HttpServer> server_;
};

// Each connection from another of the loopback's addresses: closed ones keep their ports for a minute.
int connect_to(std::uint16_t port) {
  static std::uint32_t host = 0;
  const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval most{20, 0};
  ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(0x7f000001 + (++host % 0xfffff0));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  LEAT_ASSERT(::bind(peer, reinterpret_cast<sockaddr*>(&from), sizeof from) == 0);
  LEAT_ASSERT(::connect(peer, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  return peer;
}

// What comes back for these bytes, until the server closes.
std::string exchange(int peer, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(peer, bytes.data(), std::min(bytes.size(), piece), MSG_NOSIGNAL);
    if (sent <= 0) break;  // it has heard enough
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(peer, SHUT_WR);
  std::string answers;
  char chunk[4096];
  ssize_t count = 0;
  // A process that was stopped goes on with EINTR.
  while ((count = ::recv(peer, chunk, sizeof chunk, 0)) > 0 || (count < 0 && errno == EINTR))
    answers.append(chunk, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  LEAT_ASSERT(count == 0 || errno == ECONNRESET);  // else it hangs
  return answers;
}

// Texts of the client come back as JSON texts only, so that this can't be among them.
std::uint64_t accepted_in(std::string_view answers) {
  constexpr std::string_view kAccepted = "{\"accepted\":";
  std::uint64_t rows = 0;
  for (std::size_t at = answers.find(kAccepted); at != std::string_view::npos;
       at = answers.find(kAccepted, at + 1)) {
    std::uint64_t count = 0;
    const char* const begin = answers.data() + at + kAccepted.size();
    LEAT_ASSERT(std::from_chars(begin, answers.data() + answers.size(), count).ec == std::errc());
    rows += count;
  }
  return rows;
}

}  // namespace

void try_http(std::string_view input) {
  if (input.empty()) return;
  static Web web;
  IngestLog& log = web.log();
  const std::uint64_t before = log.next_offset();
  const auto pieces = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  const int peer = connect_to(web.port());
  const std::string answers = exchange(peer, input, pieces == 0 ? input.size() : 1 + input.size() / pieces);
  ::close(peer);
  LEAT_ASSERT(answers.empty() || answers.starts_with("HTTP/1.1 "));
  // What was acknowledged is what is in the log, and each record is a row.
  LEAT_ASSERT(log.next_offset() - before == accepted_in(answers) && log.durable() == log.next_offset());
  const auto reader = log.read_from(before);
  LEAT_ASSERT(reader);
  JsonRows json(row_schema());
  BatchBuilder rows(row_schema());
  IngestRecord record;
  std::uint64_t read = 0;
  for (auto next = (*reader)->next(record); *next; next = (*reader)->next(record), ++read)
    LEAT_ASSERT(json.read_copy(record.bytes, rows));
  LEAT_ASSERT(read == log.next_offset() - before);
  log.commit_reader(log.next_offset());
}

}  // namespace leat::fuzz
