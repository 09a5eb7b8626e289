#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <leat/batch_builder.hpp>
#include <leat/codec.hpp>

#include "cli/common.hpp"
#include "cli/model_source.hpp"
#include "infer/asking.hpp"
#include "infer/engines.hpp"
#include "infer/selection/agreement.hpp"

namespace leat::cli {
namespace {

constexpr std::uint32_t kCall = 256;
constexpr std::size_t kWorst = 5;

/// One of the two models, and what fills its inputs.
struct Contender {
  ModelPtr model;
  std::vector<std::size_t> fields;  // of a row, in the model's order
  std::vector<std::uint32_t> counts;
  std::uint64_t failed = 0;
  std::chrono::steady_clock::duration took{};

  std::vector<Column> columns(const Batch& rows) const {
    std::vector<Column> all;
    for (const std::size_t field : fields) all.push_back(rows.column(field));
    return all;
  }
  Prediction answer(const Batch& rows) {
    const auto began = std::chrono::steady_clock::now();
    Prediction prediction = ask(*model, columns(rows), counts, model->signature().batch_rows);
    took += std::chrono::steady_clock::now() - began;
    failed += prediction.failed.size();
    return prediction;
  }
  double us_per_row(std::uint64_t rows) const {
    return rows == 0 ? 0
                     : std::chrono::duration<double, std::micro>(took).count() / static_cast<double>(rows);
  }
};

struct Difference {
  std::uint64_t line = 0;
  OutputComparison::Row row;
  std::string first, second;  // what they said, as JSON
};

/// The comparison of two models on the rows of a file.
class Shadowing {
 public:
  explicit Shadowing(const ModelArguments& arguments) : arguments_(arguments) {}

  Status open() {
    LEAT_TRY(open(arguments_.path, arguments_.version, first_));
    LEAT_TRY(open(arguments_.other, arguments_.other_version, second_));
    const SchemaPtr &one = first_.model->signature().outputs, &other = second_.model->signature().outputs;
    if (!comparable(*one, *other))
      return fail(Code::model_mismatch,
                  fmt::format("one gives {}, the other {}: nothing of one name and type", one->text(),
                              other->text()));
    schema_ = Schema::make(fields_);
    return {};
  }

  Status read(std::istream& input) {
    JsonRows reader(schema_);
    BatchBuilder rows(schema_);
    std::vector<std::uint64_t> lines;
    std::string line;
    for (std::uint64_t number = 1; std::getline(input, line); ++number) {
      if (line.empty()) continue;
      if (Status read = reader.read_copy(line, rows); !read)
        return fail(read.error().code, fmt::format("line {}: {}", number, read.error().message));
      lines.push_back(number);
      if (lines.size() < kCall) continue;
      compare(rows.finish(), lines);
      lines.clear();
    }
    if (!lines.empty()) compare(rows.finish(), lines);
    return {};
  }

  void print() const { arguments_.format == Format::json ? print_json() : print_table(); }

 private:
  Status open(const std::string& path, std::uint64_t version, Contender& contender) {
    LEAT_TRY_ASSIGN(const ModelFile file,
                    find_model(source_of(path), "", version == 0 ? std::nullopt : std::optional(version)));
    LEAT_TRY_ASSIGN(contender.model, load_model(file, {}));
    warm(*contender.model);
    for (const ModelInput& input : contender.model->signature().inputs) {
      const std::vector<std::string> names = names_of(input);
      if (input.width != 0 && names.size() != input.width)
        return fail(
            Code::model_mismatch,
            fmt::format("{} wants `{}`, {}, and does not say which fields those are: name them with --in",
                        file.identity.text(), input.name, input.wants));
      for (const std::string& name : names) LEAT_TRY(add_field(name, input.type, contender));
      contender.counts.push_back(static_cast<std::uint32_t>(names.size()));
    }
    return {};
  }
  std::vector<std::string> names_of(const ModelInput& input) const {
    if (!input.features.empty()) return input.features;
    if (!arguments_.in.empty()) return arguments_.in;
    return {input.name};
  }
  Status add_field(const std::string& name, Type type, Contender& contender) {
    const auto found = std::ranges::find(fields_, name, &Field::name);
    if (found != fields_.end() && found->type != type)
      return fail(Code::model_mismatch, fmt::format("one model reads `{}` as {}, the other as {}", name,
                                                    to_text(found->type), to_text(type)));
    contender.fields.push_back(static_cast<std::size_t>(found - fields_.begin()));
    // Numbers may be missing: that is NaN to a model.
    if (found == fields_.end()) fields_.push_back({name, type, type == Type::float64});
    return {};
  }

  void compare(const Batch& rows, const std::vector<std::uint64_t>& lines) {
    const Prediction one = first_.answer(rows), other = second_.answer(rows);
    rows_ += rows.row_count();
    std::vector<std::uint32_t> both;
    const auto failed = [](const Prediction& prediction, std::uint32_t row) {
      return std::ranges::find(prediction.failed, row, &Evaluated::Failed::row) != prediction.failed.end();
    };
    for (std::uint32_t row = 0; row < rows.row_count(); ++row)
      if (!failed(one, row) && !failed(other, row)) both.push_back(row);
    const Batch left = one.outputs.take(both), right = other.outputs.take(both);
    agreement_.add(compare_outputs(left, right, arguments_.tolerance));
    const OutputComparison comparison(left, right);
    for (std::uint32_t row = 0; row < both.size(); ++row)
      note(left, right, row, {lines[both[row]], comparison.row(row, arguments_.tolerance), {}, {}});
  }
  /// Keeps the rows that differ most.
  void note(const Batch& left, const Batch& right, std::uint32_t row, Difference difference) {
    if (difference.row.agrees) return;
    const auto more = [](const Difference& a, const Difference& b) {
      return a.row.difference > b.row.difference;
    };
    const auto place = std::ranges::upper_bound(worst_, difference, more);
    if (place == worst_.end() && worst_.size() == kWorst) return;
    write_json(left, row, difference.first);
    write_json(right, row, difference.second);
    worst_.insert(place, std::move(difference));
    if (worst_.size() > kWorst) worst_.pop_back();
  }

  void print_json() const {
    std::string worst;
    for (const Difference& one : worst_)
      worst += fmt::format("{}{{\"line\":{},\"first\":{},\"second\":{}}}", worst.empty() ? "" : ",", one.line,
                           one.first, one.second);
    const auto side = [&](const Contender& contender) {
      return fmt::format("{{\"model\":{},\"failed\":{},\"us_per_row\":{:.3f}}}",
                         json_text(contender.model->identity().text()), contender.failed,
                         contender.us_per_row(rows_));
    };
    fmt::print(
        "{{\"first\":{},\"second\":{},\"rows\":{},\"compared\":{},\"agreed\":{},\"difference_mean\":{:.9g},"
        "\"difference_most\":{:.9g},\"worst\":[{}]}}\n",
        side(first_), side(second_), rows_, agreement_.rows, agreement_.agreed, agreement_.difference_mean(),
        agreement_.difference_most, worst);
  }
  void print_table() const {
    fmt::print("{:<32} {:>10} {:>10} {:>14}\n", "model", "rows", "failed", "time per row");
    for (const Contender* side : {&first_, &second_})
      fmt::print("{:<32} {:>10} {:>10} {:>11.2f} us\n", side->model->identity().text(), rows_, side->failed,
                 side->us_per_row(rows_));
    fmt::print("\n{} of {} rows agree ({:.2f} %); numbers differ by {:.4g} on average and {:.4g} at most\n",
               agreement_.agreed, agreement_.rows, agreement_.share() * 100, agreement_.difference_mean(),
               agreement_.difference_most);
    for (const Difference& one : worst_)
      fmt::print("  line {:<8} {}\n                {}\n", one.line, one.first, one.second);
  }

  const ModelArguments& arguments_;
  std::vector<Field> fields_;
  SchemaPtr schema_;
  Contender first_, second_;
  std::uint64_t rows_ = 0;
  Agreement agreement_;
  std::vector<Difference> worst_;
};

}  // namespace

int model_shadow(const ModelArguments& arguments) {
  Shadowing shadowing(arguments);
  if (const Status opened = shadowing.open(); !opened) return fail_with(opened.error());
  std::ifstream file;
  if (arguments.rows != "-") {
    file.open(arguments.rows);
    if (!file) {
      print_error(fmt::format("{}: no such file, or not readable", arguments.rows),
                  "name a file with one JSON object per line, or `-` for stdin");
      return kInputMissing;
    }
  }
  if (const Status read = shadowing.read(arguments.rows == "-" ? std::cin : file); !read)
    return fail_with(read.error());
  shadowing.print();
  return kOk;
}

}  // namespace leat::cli
