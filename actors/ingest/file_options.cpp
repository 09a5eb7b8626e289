#include "ingest/file_options.hpp"

#include <algorithm>
#include <charconv>

#include "ingest/byte_stream.hpp"
#include "ingest/input_paths.hpp"

namespace leat {

template <>
struct FieldTraits<InputPath> {
  static void describe(FieldInfo& info) { FieldTraits<Path>::describe(info); }
  static void read(const ConfigNode& node, InputPath& value, ReadContext& context) {
    FieldTraits<Path>::read(node, value.path, context);
    value.place = node.place;
  }
  static std::string show(const InputPath& value) { return value.path.text; }
};

template <>
struct FieldTraits<Pace> {
  static void describe(FieldInfo& info) { info.type = "`recorded` or a rate"; }
  static void read(const ConfigNode& node, Pace& value, ReadContext& context) {
    value.recorded = node.kind == ConfigNode::Kind::scalar && node.scalar == "recorded";
    if (value.recorded) return;
    const Result<Rate> rate = node.kind == ConfigNode::Kind::scalar
                                  ? parse_rate(node.scalar)
                                  : Result<Rate>(fail(Code::wrong_type, {}));
    if (rate) {
      value.rate = *rate;
      return;
    }
    const std::vector<std::string> words{"recorded"};
    context.diagnostics().error(Code::bad_value, node.place, fmt::format("`{}` is no pace", node.scalar),
                                suggest(node.scalar, words),
                                "`recorded`, or rows per time: 500/s, 10k/s, 3/m");
  }
  static std::string show(const Pace& value) { return value.recorded ? "recorded" : to_text(value.rate); }
};

template <>
struct FieldTraits<Speed> {
  static void describe(FieldInfo& info) { info.type = "factor"; }
  static void read(const ConfigNode& node, Speed& value, ReadContext& context) {
    const std::string& text = node.scalar;
    double factor = 0;
    const char* const end = text.data() + text.size() - (text.ends_with('x') ? 1 : 0);
    const auto [stop, problem] = std::from_chars(text.data(), end, factor);
    if (problem == std::errc() && stop == end && factor >= 1e-6 && factor <= 1e9) {
      value.factor = factor;
      return;
    }
    context.diagnostics().error(Code::bad_value, node.place, fmt::format("`{}` is no speed", text), {},
                                "how many times faster than recorded: 10x, 0.5x");
  }
  static std::string show(const Speed& value) { return fmt::format("{}x", value.factor); }
};

RecordReader::Format FileConfig::record_format() const {
  const bool csv = rows.kind == RowFormat::Kind::csv;
  return {.quote = csv ? rows.quote : '\0', .delimiter = rows.delimiter, .record_max = line_max.count};
}

Fields<FileConfig> file_fields() {
  return {
      required("path", &FileConfig::path,
               "File or pattern (`*`, `?`, `[a-z]`), or a list of them. Files of a pattern are read in the "
               "order of "
               "their names. gzip is unpacked.")
          .example("data/*.jsonl.gz"),
      choice("format", &FileConfig::format,
             {{"auto", FileFormat::automatic},
              {"csv", FileFormat::csv},
              {"jsonl", FileFormat::jsonl},
              {"lines", FileFormat::lines}},
             "How rows are written: auto tells it by the file's ending (.csv, .tsv, .jsonl, .ndjson, .txt, "
             ".log)."),
      optional("schema", &FileConfig::schema,
               "Schema of the rows, by its name under `schemas:`. For lines it is always { line: string }.")
          .example("headline"),
      optional("header", &FileConfig::header,
               "CSV: whether the first line names the columns (true if left out)."),
      optional("delimiter", &FileConfig::delimiter,
               "CSV: the character between fields, or `tab` (a comma if left out, a tab for .tsv).")
          .example("\";\""),
      optional("quote", &FileConfig::quote, "CSV: the character around fields, or `none` (\" if left out).")
          .example("\"'\""),
      optional(
          "follow", &FileConfig::follow,
          "Stay and read what is appended; renamed, replaced and truncated files are noticed. Never ends."),
      optional(
          "pace", &FileConfig::pace,
          "`recorded`: rows come at the distances of their event times. A rate: rows per second over all "
          "instances. Left out: as fast as they are taken.")
          .example("100/s"),
      optional("speed", &FileConfig::speed, "With `pace: recorded`: how many times faster.").example("10x"),
      optional("time_field", &FileConfig::time_field, "With `pace: recorded`: the field with the event time.")
          .example("time"),
      choice("on_missing", &FileConfig::on_missing,
             {{"error", OnMissing::error}, {"wait", OnMissing::wait}, {"skip", OnMissing::skip}},
             "What a missing file is: an error; with `follow`, something to wait for; or nothing."),
      optional("line_max", &FileConfig::line_max,
               "A longer line is rejected, and reading goes on behind it."),
  };
}

namespace {

/// The format that a name's ending stands for; .gz does not count.
std::optional<RowFormat> format_of(std::string_view path) {
  if (path.ends_with(".gz")) path.remove_suffix(3);
  const auto is = [&](std::string_view ending) { return path.ends_with(ending); };
  RowFormat format;
  if (is(".csv") || is(".tsv")) {
    format.kind = RowFormat::Kind::csv;
    format.delimiter = is(".tsv") ? '\t' : ',';
  } else if (is(".jsonl") || is(".ndjson")) {
    format.kind = RowFormat::Kind::jsonl;
  } else if (!is(".txt") && !is(".log")) {
    return std::nullopt;
  }
  return format;
}

/// Reports problems of one actor's options and remembers whether there were any.
class FileCheck {
 public:
  FileCheck(FileConfig& config, Describe& describe) : config_(config), describe_(describe) {}

  void run() {
    check_format();
    check_schema();
    check_csv_options();
    check_pace();
    check_missing();
    if (config_.line_max.count < 16 || config_.line_max.count > (1u << 30))
      problem("line_max", Code::bad_value, "line_max must be from 16B to 1GiB");
    for (const InputPath& input : config_.path) check_path(input);
  }

 private:
  void problem(std::string_view option, Code code, std::string message, std::string suggestion = {},
               std::string note = {}) {
    problem(describe_.place_of(option), code, std::move(message), std::move(suggestion), std::move(note));
  }
  void problem(const Place& place, Code code, std::string message, std::string suggestion = {},
               std::string note = {}) {
    good_ = false;
    describe_.problem(code, place, std::move(message), std::move(suggestion), std::move(note));
  }

  void check_format() {
    if (config_.path.empty()) return problem("path", Code::missing_key, "no path is given");
    const std::optional<RowFormat> guess = format_of(config_.path.front().path.text);
    switch (config_.format) {
      case FileFormat::csv:
        config_.rows.kind = RowFormat::Kind::csv;
        if (guess) config_.rows.delimiter = guess->delimiter;
        return;
      case FileFormat::jsonl:
        config_.rows.kind = RowFormat::Kind::jsonl;
        return;
      case FileFormat::lines:
        config_.rows.kind = RowFormat::Kind::lines;
        return;
      case FileFormat::automatic:
        break;
    }
    for (const InputPath& input : config_.path) {
      const std::optional<RowFormat> format = format_of(input.path.text);
      if (!format)
        return problem(input.place, Code::missing_key, "the ending of the path does not tell its format", {},
                       "write `format: csv`, `format: jsonl` or `format: lines`");
      if (format->kind != guess->kind || format->delimiter != guess->delimiter)
        return problem(input.place, Code::bad_value, "files of several formats can't be read by one actor",
                       {}, "use one actor per format, or write `format:`");
    }
    config_.rows = *guess;
  }

  void check_schema() {
    if (config_.rows.kind == RowFormat::Kind::lines) {
      if (config_.schema)
        problem("schema", Code::bad_value, "lines have always the schema { line: string }", {},
                "leave `schema` out, or write `format: csv` or `format: jsonl`");
      config_.rows.schema = Schema::make({{"line", Type::string}}, "line");
    } else {
      config_.rows.schema = config_.schema;
      if (!config_.schema && good_)
        problem("schema", Code::missing_key, "a schema is needed to read the file's rows", {},
                "declare one under `schemas:` and name it here: `schema: NAME`");
    }
  }

  void check_csv_options() {
    if (config_.rows.kind != RowFormat::Kind::csv) {
      if (config_.header) problem("header", Code::bad_value, "`header` is for CSV only");
      if (config_.delimiter) problem("delimiter", Code::bad_value, "`delimiter` is for CSV only");
      if (config_.quote) problem("quote", Code::bad_value, "`quote` is for CSV only");
      return;
    }
    config_.rows.header = config_.header.value_or(true);
    if (config_.delimiter) config_.rows.delimiter = character("delimiter", *config_.delimiter, "tab", '\t');
    if (config_.quote) config_.rows.quote = character("quote", *config_.quote, "none", '\0');
    if (config_.rows.delimiter == config_.rows.quote)
      problem("delimiter", Code::bad_value, "delimiter and quote must differ");
  }

  char character(std::string_view option, const std::string& text, std::string_view word, char meaning) {
    if (text == word) return meaning;
    if (text.size() == 1 && text[0] != '\n' && text[0] != '\r' && text[0] > 0) return text[0];
    problem(option, Code::bad_value, fmt::format("`{}` must be one ASCII character or `{}`", option, word));
    return option == "quote" ? '"' : ',';
  }

  void check_pace() {
    if (!config_.recorded()) {
      if (config_.speed) problem("speed", Code::bad_value, "`speed` needs `pace: recorded`");
      if (config_.time_field) problem("time_field", Code::bad_value, "`time_field` needs `pace: recorded`");
      return;
    }
    if (config_.follow)
      problem("pace", Code::bad_value, "a followed file gives its rows as they come, not at a recorded pace",
              {}, "leave out `pace` or `follow`");
    if (!config_.time_field)
      return problem("pace", Code::missing_key, "`pace: recorded` needs `time_field`", {},
                     "write `time_field: NAME`, a timestamp of the schema");
    if (!config_.rows.schema) return;
    const Schema& schema = *config_.rows.schema;
    config_.time_column = schema.index_of(*config_.time_field);
    if (!config_.time_column) {
      std::vector<std::string> names;
      for (const Field& field : schema.fields()) names.push_back(field.name);
      problem("time_field", Code::unknown_field, fmt::format("no field named `{}`", *config_.time_field),
              suggest(*config_.time_field, names), "the schema is " + schema.text());
    } else if (schema[*config_.time_column].type != Type::timestamp) {
      problem("time_field", Code::type_mismatch,
              fmt::format("`{}` is {}, not timestamp", *config_.time_field,
                          to_text(schema[*config_.time_column].type)));
    }
  }

  void check_missing() {
    if (config_.on_missing == OnMissing::wait && !config_.follow)
      problem("on_missing", Code::bad_value, "`on_missing: wait` needs `follow: true`");
  }

  void check_path(const InputPath& input) {
    const std::string& path = input.path.text;
    config_.paths.push_back(path);
    if (config_.on_missing != OnMissing::error) return;
    if (is_pattern(path)) {
      const std::vector<std::string> files = expand_paths({path});
      if (!files.empty())
        check_file(files.front(), input.place);
      else if (!config_.follow)
        describe_.warning(Code::input_missing, input.place, fmt::format("no file matches {}", path));
    } else if (!stat_file(path)) {
      problem(input.place, Code::input_missing, fmt::format("no file {}", path), {},
              config_.follow ? "to wait for it, write `on_missing: wait`" : "");
    } else {
      check_file(path, input.place);
    }
  }

  /// A file that can't be opened, or whose header lacks a column, is better told now than after the start.
  void check_file(const std::string& path, const Place& place) {
    auto stream = open_stream(path);
    if (!stream)
      return problem(place, stream.error().code, fmt::format("{}: {}", path, stream.error().message));
    const bool has_header = good_ && config_.rows.kind == RowFormat::Kind::csv && config_.rows.header;
    if (!has_header || config_.follow) return;
    RecordReader reader(*std::move(stream), config_.record_format());
    RecordReader::Record record;
    if (!reader.seek({})) return;
    const auto next = reader.next(record, true);
    if (!next || *next == RecordReader::Next::end || record.too_long) return;  // told when it is read
    if (const Status read = make_row_decoder(config_.rows)->header(record.text); !read)
      problem(place, Code::schema_mismatch, fmt::format("{}: {}", path, read.error().message), {},
              fmt::format("the schema is {}; if the file has no header, write `header: false`",
                          config_.rows.schema->text()));
  }

  FileConfig& config_;
  Describe& describe_;
  bool good_ = true;
};

}  // namespace

void describe_file(FileConfig& config, Describe& describe) {
  config.paths.clear();
  FileCheck(config, describe).run();
}

}  // namespace leat
