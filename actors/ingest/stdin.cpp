#include "ingest/stdin.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <leat/context.hpp>

#include "ingest/stdin_input.hpp"

namespace leat {
namespace {

enum class StdinFormat : std::uint8_t { lines, jsonl, csv };

struct StdinConfig {
  StdinFormat format = StdinFormat::lines;
  SchemaPtr schema;
  bool header = true;
  std::string delimiter = ",";
  std::optional<LogConfig> log;
  Bytes line_max{1u << 20};

  RowFormat rows() const {
    const auto kind = format == StdinFormat::csv     ? RowFormat::Kind::csv
                      : format == StdinFormat::jsonl ? RowFormat::Kind::jsonl
                                                     : RowFormat::Kind::lines;
    return {.kind = kind,
            .schema = schema,
            .header = header && format == StdinFormat::csv,
            .delimiter = delimiter == "tab" ? '\t' : delimiter[0],
            .quote = '"'};
  }
};

/// Reads the process's standard input. Holds a chunk of 256 KiB, a record, and the log's buffers.
class StdinSource final : public LogSource {
 public:
  using Config = StdinConfig;
  static constexpr KindInfo kind{"ingest.stdin", "Reads rows from standard input: JSON lines, CSV or text.",
                                 "format: jsonl\nschema: input\nlog: { path: var/stdin }"};
  static constexpr Port out{0, "out", "One row per record."};
  static constexpr std::array<Port, 0> inputs{};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit StdinSource(Config config)
      : LogSource(*config.log, config.schema), config_(std::move(config)), decoder_(config_.rows()) {}
  ~StdinSource() override { input_.reset(); }

 protected:
  Status start_input(IngestLog& log, Context&) override {
    input_ = std::make_unique<StdinInput>(
        STDIN_FILENO, config_.rows(),
        RecordReader::Format{.quote = config_.format == StdinFormat::csv ? '"' : '\0',
                             .delimiter = config_.rows().delimiter,
                             .record_max = config_.line_max.count},
        log, [this] { wake(); });
    return {};
  }
  void stop_input() override {
    if (input_) input_->stop();
  }
  bool input_ended() const override { return input_->ended(); }
  Status input_health() const override { return input_->health(); }
  Status decode(const IngestRecord& record, BatchBuilder& rows) override {
    return decoder_.decode(record, rows);
  }

 private:
  Config config_;
  StdinDecoder decoder_;
  std::unique_ptr<StdinInput> input_;
};

Fields<StdinConfig> StdinSource::fields() {
  using C = StdinConfig;
  return {
      choice("format", &C::format,
             {{"lines", StdinFormat::lines}, {"jsonl", StdinFormat::jsonl}, {"csv", StdinFormat::csv}},
             "How rows are written."),
      optional("schema", &C::schema,
               "Schema of the rows, by its name under `schemas:`. For lines it is always { line: string }.")
          .example("event"),
      optional("header", &C::header, "CSV: whether the first line names the columns."),
      optional("delimiter", &C::delimiter, "CSV: the character between fields, or `tab`.").example("\";\""),
      log_group(&C::log),
      optional("line_max", &C::line_max, "A longer line is rejected, and reading goes on.")};
}

void StdinSource::describe(Config& config, Describe& describe) {
  const auto wrong = [&](std::string_view option, Code code, std::string message) {
    describe.problem(code, describe.place_of(option), std::move(message));
  };
  if (config.log) describe_log(*config.log, describe);
  if (config.delimiter != "tab" && (config.delimiter.size() != 1 || config.delimiter[0] < ' ' ||
                                    config.delimiter[0] == '"' || config.delimiter[0] > '~'))
    wrong("delimiter", Code::bad_value, "`delimiter` must be one ASCII character or `tab`");
  if (config.line_max.count < 16 || config.line_max.count > (16u << 20))
    wrong("line_max", Code::bad_value, "`line_max` must be from 16B to 16MiB");
  if (config.format == StdinFormat::lines) {
    if (config.schema)
      wrong("schema", Code::bad_value, "lines have the schema { line: string }; leave out `schema`");
    config.schema = Schema::make({{"line", Type::string, false}}, "line");
  } else if (!config.schema) {
    wrong("schema", Code::missing_key, "`schema` is needed, except for `format: lines`");
  }
  if (config.schema) describe.output(out, config.schema);
}

}  // namespace

void register_ingest_stdin(Registry& registry) {
  registry.add<StdinSource>();
}

}  // namespace leat
