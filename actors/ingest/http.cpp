#include "ingest/http.hpp"

#include <fmt/format.h>

#include <charconv>
#include <leat/codec.hpp>
#include <leat/context.hpp>

#include "ingest/http_rows.hpp"
#include "ingest/log_source.hpp"

namespace leat {
namespace {

/// "127.0.0.1:8080"; port 0 is a free one.
struct Listen {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  Place place;
};

struct HttpConfig {
  Listen bind;
  std::string endpoint = "/";
  SchemaPtr schema;
  std::optional<LogConfig> log;
  std::optional<std::string> token;
  Bytes body_max{8u << 20};
  std::uint64_t rows_max = 10'000;
  Bytes bodies_max{64u << 20};
  std::uint32_t connections = 1024;
  std::uint32_t connections_per_address = 64;
  Duration head_time = std::chrono::seconds(5);
  Duration body_time = std::chrono::seconds(30);
  Duration idle_time = std::chrono::seconds(60);
  Duration drain = std::chrono::seconds(5);
};

std::string to_text(const Listen& listen) {
  const bool v6 = listen.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", listen.address, v6 ? "]" : "", listen.port);
}

}  // namespace

template <>
struct FieldTraits<Listen> {
  static void describe(FieldInfo& info) { info.type = "ADDRESS:PORT"; }
  static void read(const ConfigNode& node, Listen& value, ReadContext& context) {
    value.place = node.place;
    std::string_view text = node.scalar;
    const std::size_t colon = text.rfind(':');
    const std::string_view digits = colon == std::string_view::npos ? text : text.substr(colon + 1);
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value.port);
    std::string_view address = colon == std::string_view::npos ? "127.0.0.1" : text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    if (node.kind == ConfigNode::Kind::scalar && !digits.empty() && stop == end && error == std::errc() &&
        !address.empty()) {
      value.address = address == "localhost" ? "127.0.0.1"
                      : address == "*"       ? "0.0.0.0"
                                             : std::string(address);
      return;
    }
    context.diagnostics().error(
        Code::bad_endpoint, node.place, fmt::format("`{}` is no place to listen at", node.scalar), {},
        "an address and a port: 127.0.0.1:8080, 0.0.0.0:8080, [::1]:8080; port 0 is a free one");
  }
  static std::string show(const Listen& value) { return to_text(value); }
};

namespace {

/// Takes rows by HTTP POST. Requests are read and validated on a thread of its own; what they hold is in the
/// log before they are answered. Holds `bodies_max` of bodies, a head of 16 KiB per connection, and the log's
/// buffers.
class HttpSource final : public LogSource {
 public:
  using Config = HttpConfig;
  static constexpr KindInfo kind{"ingest.http", "Takes rows by HTTP POST and answers when they are durable.",
                                 "bind: 127.0.0.1:8080\nschema: input\nlog: { path: var/events }"};
  static constexpr Port out{0, "out", "One row per JSON object that was accepted."};
  static constexpr std::array<Port, 0> inputs{};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit HttpSource(Config config)
      : LogSource(*config.log, config.schema), config_(std::move(config)), reader_(config_.schema) {}
  ~HttpSource() override { input_.reset(); }

 protected:
  Status start_input(IngestLog& log, Context& ctx) override;
  void stop_input() override {
    if (input_) input_->server->drain(config_.drain);
  }
  Status decode(const IngestRecord& record, BatchBuilder& rows) override {
    return reader_.read(record.bytes, rows);
  }

 private:
  // Shared with the log's callback, which may have it in hand when the source goes.
  struct Input {
    HttpRows rows;
    std::unique_ptr<HttpServer> server;
  };

  Config config_;
  JsonRows reader_;
  std::shared_ptr<Input> input_;
};

Fields<HttpConfig> HttpSource::fields() {
  using C = HttpConfig;
  return {
      required(
          "bind", &C::bind,
          "Where to listen: ADDRESS:PORT, or only a port for 127.0.0.1. Port 0: a free one, which is logged.")
          .example("127.0.0.1:8080"),
      optional("endpoint", &C::endpoint, "Path of the URL that rows are posted to.").example("/events"),
      required("schema", &C::schema, "Schema of the rows, by its name under `schemas:`.").example("event"),
      log_group(&C::log),
      optional("token", &C::token, "Who posts must send it: `Authorization: Bearer TOKEN`.")
          .example("${secret:ingest-token}"),
      optional("body_max", &C::body_max,
               "Most bytes of a body; more, or more than a segment of the log holds, is answered with 413."),
      optional("rows_max", &C::rows_max, "Most rows of a request; more is answered with 413."),
      optional("bodies_max", &C::bodies_max, "Most bytes of all bodies under way; beyond, 503."),
      optional("connections", &C::connections, "Most connections; further ones are answered with 503."),
      optional(
          "connections_per_address", &C::connections_per_address,
          "Most connections from one address; further ones are answered with 429. A proxy is one address."),
      optional("head_time", &C::head_time, "How long a request's head may take; then 408."),
      optional("body_time", &C::body_time,
               "How long a body may take, with 1 KiB each second at the least; then 408."),
      optional("idle_time", &C::idle_time, "How long a connection without a request is kept."),
      optional("drain", &C::drain, "How long the end waits for requests that have begun.")};
}

void HttpSource::describe(Config& config, Describe& describe) {
  if (config.log) describe_log(*config.log, describe);
  if (config.schema) describe.output(out, config.schema);
  const auto wrong = [&](std::string_view option, std::string message) {
    describe.problem(Code::bad_value, describe.place_of(option), std::move(message));
  };
  if (!config.endpoint.starts_with('/') || config.endpoint.find_first_of("?# ") != std::string::npos)
    wrong("endpoint", "`endpoint` must begin with `/` and have no `?`, `#` or space");
  if (!config.token && !config.bind.address.starts_with("127.") && config.bind.address != "::1")
    describe.warning(
        Code::insecure_link, describe.place_of("bind"),
        fmt::format("whoever reaches {} can send rows; add a `token`, or bind to 127.0.0.1 behind a proxy",
                    to_text(config.bind)));
  if (config.token && config.token->empty())
    wrong("token", "an empty `token` protects nothing; leave it out");
  if (config.body_max.count < 1024 || config.body_max.count > (1u << 30))
    wrong("body_max", "`body_max` must be from 1KiB to 1GiB");
  if (config.bodies_max.count < config.body_max.count)
    wrong("bodies_max", "`bodies_max` must be at least `body_max`");
  if (config.rows_max == 0) wrong("rows_max", "`rows_max` must be 1 or more");
  if (config.connections == 0) wrong("connections", "`connections` must be 1 or more");
  if (config.connections_per_address == 0)
    wrong("connections_per_address", "`connections_per_address` must be 1 or more");
  for (const auto& [name, time] :
       {std::pair{"head_time", config.head_time}, std::pair{"body_time", config.body_time},
        std::pair{"idle_time", config.idle_time}})
    if (time < std::chrono::milliseconds(100)) wrong(name, fmt::format("`{}` must be 100ms or more", name));
}

Status HttpSource::start_input(IngestLog& log, Context& ctx) {
  const HttpRowsOptions rows{config_.endpoint, config_.token.value_or(std::string()), config_.rows_max};
  const auto input = std::make_shared<Input>(Input{HttpRows(rows, config_.schema, log), nullptr});
  LEAT_TRY_ASSIGN(input->server,
                  HttpServer::start({.address = config_.bind.address,
                                     .port = config_.bind.port,
                                     .body_bytes_max = config_.body_max.count,
                                     .bodies_bytes_max = config_.bodies_max.count,
                                     .connections_max = config_.connections,
                                     .connections_per_address = config_.connections_per_address,
                                     .head_time = config_.head_time,
                                     .body_time = config_.body_time,
                                     .idle_time = config_.idle_time},
                                    input->rows));
  log.on_change([weak = std::weak_ptr(input)] {
    if (const auto alive = weak.lock()) alive->server->wake();
  });
  input_ = input;
  ctx.log(LogLevel::info,
          fmt::format("takes rows at http://{}{}",
                      to_text(Listen{config_.bind.address, input_->server->port(), {}}), config_.endpoint));
  return {};
}

}  // namespace

void register_ingest_http(Registry& registry) {
  registry.add<HttpSource>();
}

}  // namespace leat
