#include "ingest/zmq_source.hpp"

#include <fmt/format.h>

#include <leat/codec.hpp>
#include <leat/context.hpp>

#include "ingest/log_source.hpp"
#include "ingest/zmq_input.hpp"

namespace leat {
namespace {

struct ZmqConfig {
  std::string bind;
  ZmqMode mode = ZmqMode::pull;
  SchemaPtr schema;
  std::optional<LogConfig> log;
  Bytes message_max{1u << 20};
};

/// Reads one record, JSON or MessagePack, into a row.
class RecordRows {
 public:
  explicit RecordRows(const SchemaPtr& schema) : json_(schema) {}
  Status read(std::string_view bytes, BatchBuilder& rows) {
    const bool json = !bytes.empty() && (bytes.front() == '{' || bytes.front() == ' ');
    return json ? json_.read_copy(bytes, rows) : read_msgpack(bytes, rows);
  }

 private:
  JsonRows json_;
};

/// Takes messages of foreign ZeroMQ sockets. Holds a thousand messages and the log's buffers.
class ZmqSource final : public LogSource {
 public:
  using Config = ZmqConfig;
  static constexpr KindInfo kind{
      "ingest.zmq", "Takes JSON and MessagePack messages from foreign ZeroMQ sockets.",
      "bind: \"tcp://127.0.0.1:5557\"\nschema: input\nlog: { path: var/messages }"};
  static constexpr Port out{0, "out", "One row per frame of a message."};
  static constexpr std::array<Port, 0> inputs{};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit ZmqSource(Config config)
      : LogSource(*config.log, config.schema), config_(std::move(config)), reader_(config_.schema) {}
  ~ZmqSource() override { input_.reset(); }

 protected:
  Status start_input(IngestLog& log, Context& ctx) override;
  void stop_input() override {
    if (input_) input_->stop();
  }
  Status input_health() const override { return input_->health(); }
  Status decode(const IngestRecord& record, BatchBuilder& rows) override {
    return reader_.read(record.bytes, rows);
  }

 private:
  Config config_;
  RecordRows reader_;
  std::shared_ptr<ZmqInput> input_;
};

Fields<ZmqConfig> ZmqSource::fields() {
  using C = ZmqConfig;
  return {
      required("bind", &C::bind,
               "Where peers connect: tcp://ADDRESS:PORT (`*` as the port: a free one, which is logged) or "
               "ipc://PATH.")
          .example("tcp://127.0.0.1:5557"),
      choice("mode", &C::mode, {{"pull", ZmqMode::pull}, {"reply", ZmqMode::reply}},
             "pull: from PUSH sockets, which can't be told what was kept. reply: from REQ and DEALER "
             "sockets; each message "
             "is answered when its rows are durable."),
      required("schema", &C::schema, "Schema of the rows, by its name under `schemas:`.").example("event"),
      log_group(&C::log),
      optional("message_max", &C::message_max, "A peer that sends a larger frame is disconnected.")};
}

void ZmqSource::describe(Config& config, Describe& describe) {
  if (config.log) describe_log(*config.log, describe);
  if (config.schema) describe.output(out, config.schema);
  if (const std::string problem = zmq_bind_problem(config.bind); !config.bind.empty() && !problem.empty())
    describe.problem(Code::bad_endpoint, describe.place_of("bind"),
                     fmt::format("`{}`: {}", config.bind, problem));
  else if (config.bind.starts_with("tcp://") && !config.bind.starts_with("tcp://127.") &&
           !config.bind.starts_with("tcp://[::1]"))
    describe.warning(Code::insecure_link, describe.place_of("bind"),
                     fmt::format("whoever reaches {} can send rows; firewall the port, or bind to 127.0.0.1",
                                 config.bind));
  if (config.message_max.count < 64 || config.message_max.count > (64u << 20))
    describe.problem(Code::bad_value, describe.place_of("message_max"),
                     "`message_max` must be from 64B to 64MiB");
}

Status ZmqSource::start_input(IngestLog& log, Context& ctx) {
  // The thread's own reader and rows: those of the source belong to its worker.
  const auto reader = std::make_shared<RecordRows>(config_.schema);
  const auto scratch = std::make_shared<BatchBuilder>(config_.schema);
  const auto check = [reader, scratch](std::string_view bytes) {
    scratch->truncate(0);
    return reader->read(bytes, *scratch);
  };
  LEAT_TRY_ASSIGN(auto input, ZmqInput::start({.bind = config_.bind,
                                               .mode = config_.mode,
                                               .message_bytes_max = config_.message_max.count},
                                              log, check));
  input_ = std::move(input);
  log.on_change([weak = std::weak_ptr(input_)] {
    if (const auto alive = weak.lock()) alive->wake();
  });
  ctx.log(LogLevel::info, fmt::format("takes rows at {} ({})", input_->endpoint(),
                                      config_.mode == ZmqMode::pull ? "pull" : "reply"));
  return {};
}

}  // namespace

void register_ingest_zmq(Registry& registry) {
  registry.add<ZmqSource>();
}

}  // namespace leat
