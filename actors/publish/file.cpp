#include "publish/file.hpp"

#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "publish/output_file.hpp"
#include "publish/staged_files.hpp"

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
enum class FileCommit : std::uint8_t { now, checkpoint };

struct RollConfig {
  Duration every{0};
  Bytes size{0};
};

struct FileSinkConfig {
  OutputPath path;
  LineFormat format = LineFormat::automatic;
  bool header = true;
  bool append = false;
  FileCommit commit = FileCommit::now;
  std::optional<RollConfig> roll;

  SchemaPtr schema;  ///< of the rows: `describe` finds it
};

/// Writes rows as lines, each batch at once, so nothing waits in here and a state is just the file's size:
/// after a failure the file is cut back to it. Standard output can't be. With `commit: checkpoint` rows go to
/// hidden parts that get their names when a checkpoint counts.
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
        choice("commit", &Config::commit, {{"now", FileCommit::now}, {"checkpoint", FileCommit::checkpoint}},
               "now: rows appear at once, and after a failure the file is cut back to the last checkpoint. "
               "checkpoint: rows appear when the checkpoint that covers them counts, as files with a number "
               "(out-000001.jsonl) that are whole and never change."),
        group("roll", &Config::roll,
              {optional("every", &RollConfig::every,
                        "A file is complete at the first checkpoint after this time; 0s: at each one."),
               optional("size", &RollConfig::size, "... or at the first one with this size; 0B: any.")},
              "Under `commit: checkpoint`: when the next file begins. Without it, each checkpoint that has "
              "rows makes a file."),
    };
  }

  static void describe(Config& config, Describe& describe) {
    config.schema = describe.input();
    const auto refuse = [&](const char* option, std::string message) {
      describe.problem(Code::bad_value, describe.place_of(option), std::move(message));
    };
    if (config.commit == FileCommit::now) {
      if (config.roll) refuse("roll", "`roll` needs `commit: checkpoint`");
      return;
    }
    if (config.path.standard_output())
      refuse("commit", "standard output can't wait for a checkpoint; choose a file, or `commit: now`");
    if (describe.delivery() == Delivery::best_effort)
      refuse("commit",
             "`delivery: best_effort` makes no checkpoints to wait for; choose `exactly_once`, or `commit: "
             "now`");
  }

  explicit FileSink(Config config)
      : config_(std::move(config)),
        csv_(config_.format == LineFormat::csv ||
             (config_.format == LineFormat::automatic && config_.path.path.text.ends_with(".csv"))) {}

  Status on_start(Context& ctx) override {
    if (ctx.instances() > 1)
      return fail(Code::bad_value, "one file has one writer; remove `instances`", config_.path.path.text);
    // Under best_effort, where `leat test` runs everything, no checkpoint would ever show the rows.
    if (config_.commit == FileCommit::checkpoint && ctx.delivery() != Delivery::best_effort) {
      if (!staged_) stage();
      return staged_->start(config_.append);
    }
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
    if (file_.size() == 0) write_header();
    return flush(ctx);
  }

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    if (staged_ && staged_->is_new()) write_header();
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      if (csv_)
        write_csv(batch, row, {}, text_);
      else
        write_json(batch, row, text_);
      text_ += '\n';
      if (text_.size() >= kWriteBytes) LEAT_TRY(flush(ctx));
    }
    return flush(ctx);
  }

  Status on_end(Context&) override {
    ended_ = true;
    return {};
  }
  Status on_barrier(Context& ctx) override {
    return staged_ ? staged_->barrier(ctx.now(), ended_) : file_.sync();
  }
  Status on_commit(Context&) override { return staged_ ? staged_->commit() : Status(); }
  void save(StateWriter& state) const override {
    if (staged_)
      staged_->save(state);
    else
      state.write("size", static_cast<std::int64_t>(file_.size()));
  }
  Status load(StateReader& state) override {
    const bool was_staged = state.bytes("complete") != nullptr;
    if (was_staged != (config_.commit == FileCommit::checkpoint))
      return fail(Code::corrupt_state,
                  "the checkpoint was made with another `commit`; put it back, or start anew with `leat run "
                  "--from none`",
                  config_.path.path.text);
    if (!was_staged) return state.read("size", saved_size_);
    stage();
    return staged_->load(state);
  }

 private:
  static constexpr std::size_t kWriteBytes = 256 * 1024;

  void stage() {
    const RollConfig roll = config_.roll.value_or(RollConfig{});
    staged_.emplace(config_.path.path.text, StagedFiles::Roll{roll.every, roll.size});
  }
  void write_header() {
    if (!csv_ || !config_.header) return;
    write_csv_header(*config_.schema, {}, text_);
    text_ += '\n';
  }
  Status flush(Context& ctx) {
    if (text_.empty()) return {};
    LEAT_TRY(staged_ ? staged_->write(text_, ctx.now()) : file_.write(text_));
    text_.clear();
    return {};
  }

  Config config_;
  bool csv_;
  OutputFile file_;
  std::string text_;
  std::int64_t saved_size_ = -1;
  std::optional<StagedFiles> staged_;
  bool ended_ = false;
};

}  // namespace

void register_publish_file(Registry& registry) {
  registry.add<FileSink>();
}

}  // namespace leat
