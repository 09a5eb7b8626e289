#include "publish/file.hpp"

#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "publish/output_file.hpp"

namespace leat {
namespace {

/// Where rows go: a file, or `-`.
struct OutputPath {
  WrittenPath path;
  bool standard_output() const { return path.text == "-"; }
};

}  // namespace

template <>
struct FieldTraits<OutputPath> {
  static void describe(FieldInfo& info) { info.type = "path or -"; }
  static void read(const ConfigNode& node, OutputPath& value, ReadContext& context) {
    FieldTraits<WrittenPath>::read(node, value.path, context);
  }
  static std::string show(const OutputPath& value) { return value.path.text; }
};

namespace {

enum class LineFormat : std::uint8_t { automatic, jsonl, csv };

struct FileSinkConfig {
  OutputPath path;
  LineFormat format = LineFormat::automatic;
  bool header = true;
  bool append = false;

  SchemaPtr schema;  ///< of the rows: `describe` finds it
};

/// Writes rows as lines, each batch at once, so nothing waits in here and a state is just the file's size:
/// after a failure the file is cut back to it. Standard output can't be.
class FileSink final : public Actor {
 public:
  using Config = FileSinkConfig;
  static constexpr KindInfo kind{"publish.file",
                                 "Writes rows to a file or standard output, as JSON lines or CSV.",
                                 "path: \"-\"\nformat: jsonl", true};
  static constexpr Port in{0, "in", "Rows to write."};
  static constexpr auto inputs = ports(in);
  static constexpr std::array<Port, 0> outputs{};
  static Fields<Config> fields() {
    return {
        required("path", &Config::path, "The file; missing folders are made. `-` is standard output.")
            .example("out/errors.jsonl"),
        choice("format", &Config::format,
               {{"auto", LineFormat::automatic}, {"jsonl", LineFormat::jsonl}, {"csv", LineFormat::csv}},
               "How rows are written; auto is CSV for a path that ends in .csv, else JSON lines."),
        optional("header", &Config::header, "CSV: whether the first line names the columns."),
        optional("append", &Config::append, "Go on behind what is in the file, instead of replacing it."),
    };
  }

  static void describe(Config& config, Describe& describe) { config.schema = describe.input(); }

  explicit FileSink(Config config)
      : config_(std::move(config)),
        csv_(config_.format == LineFormat::csv ||
             (config_.format == LineFormat::automatic && config_.path.path.text.ends_with(".csv"))) {}

  Status on_start(Context& ctx) override {
    if (ctx.instances() > 1)
      return fail(Code::bad_value, "one file has one writer; remove `instances`", config_.path.path.text);
    if (config_.path.standard_output()) {
      file_ = OutputFile::standard_output();
    } else {
      const bool keep = config_.append || saved_size_ >= 0;
      LEAT_TRY_ASSIGN(file_, OutputFile::open(config_.path.path.text,
                                              keep ? OutputFile::Begin::append : OutputFile::Begin::empty));
    }
    if (saved_size_ >= 0)
      LEAT_TRY(file_.resume(static_cast<std::uint64_t>(saved_size_)));
    else if (config_.append)
      LEAT_TRY(file_.end_last_line());
    if (!csv_ || !config_.header || file_.size() > 0) return {};
    write_csv_header(*config_.schema, {}, text_);
    text_ += '\n';
    return flush();
  }

  Status on_batch(const Port&, const Batch& batch, Context&) override {
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      if (csv_)
        write_csv(batch, row, {}, text_);
      else
        write_json(batch, row, text_);
      text_ += '\n';
      if (text_.size() >= kWriteBytes) LEAT_TRY(flush());
    }
    return flush();
  }

  Status on_barrier(Context&) override { return file_.sync(); }
  void save(StateWriter& state) const override {
    state.write("size", static_cast<std::int64_t>(file_.size()));
  }
  Status load(StateReader& state) override { return state.read("size", saved_size_); }

 private:
  static constexpr std::size_t kWriteBytes = 256 * 1024;

  Status flush() {
    if (text_.empty()) return {};
    LEAT_TRY(file_.write(text_));
    text_.clear();
    return {};
  }

  Config config_;
  bool csv_;
  OutputFile file_;
  std::string text_;
  std::int64_t saved_size_ = -1;
};

}  // namespace

void register_publish_file(Registry& registry) {
  registry.add<FileSink>();
}

}  // namespace leat
