#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "cli/model_source.hpp"
#include "infer/forest.hpp"
#include "infer/model_bench.hpp"
#include "infer/model_slot.hpp"
#include "infer/ngram/ngram_weights.hpp"
#include "infer/ngram/onnx_ngrams.hpp"
#include "infer/onnx_session.hpp"
#include "infer/xgboost_library.hpp"

namespace leat::cli {

namespace fs = std::filesystem;

int fail_with(const Error& error) {
  print_error(error.text());
  return error.code == Code::model_missing ? kInputMissing : kNegative;
}

ModelSource source_of(const std::string& text) {
  ModelSource source;
  std::error_code ignored;
  const auto built_in = built_in_lexicons();
  if (std::ranges::find(built_in, text) != built_in.end() && !fs::exists(text, ignored))
    source.name = text;
  else
    source.path = fs::absolute(text).lexically_normal().string();
  return source;
}

namespace {

Result<ModelFile> find(const ModelArguments& arguments) {
  const std::optional<std::uint64_t> version =
      arguments.version == 0 ? std::nullopt : std::optional(arguments.version);
  return find_model(source_of(arguments.path), arguments.engine, version);
}

Result<ModelPtr> load(const ModelArguments& arguments, std::uint32_t threads = 1) {
  LEAT_TRY_ASSIGN(const ModelFile file, find(arguments));
  ModelOptions options;
  options.threads = threads;
  return load_model(file, options);
}

std::string read_line(const fs::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

/// One line of `ls`: a version, or a model without versions.
void print_version(const ModelFile& file, bool current, Format format) {
  std::error_code ignored;
  const auto bytes = fs::file_size(file.path(), ignored);
  const std::string metrics = read_line(fs::path(file.folder()) / "metrics.json");
  if (format == Format::json)
    fmt::print(
        "{{\"name\":{},\"version\":{},\"current\":{},\"engine\":{},\"file\":{},\"bytes\":{},\"metrics\":{}}}"
        "\n",
        json_text(file.identity.name), file.identity.version.empty() ? "null" : file.identity.version,
        current, json_text(file.identity.engine), json_text(file.path()), bytes,
        metrics.empty() ? "null" : metrics);
  else
    fmt::print("{} {:<24} {:>10} {:>12}  {}\n", current ? "*" : " ",
               file.identity.name + (file.identity.version.empty() ? "" : "@" + file.identity.version),
               file.identity.engine, to_text(Bytes{bytes}), metrics);
}

std::string inputs_json(const ModelSignature& signature) {
  std::string json;
  for (const ModelInput& input : signature.inputs) {
    std::string features;
    for (const std::string& feature : input.features)
      features += (features.empty() ? "" : ",") + json_text(feature);
    json += fmt::format("{}{{\"name\":{},\"wants\":{},\"type\":{},\"values\":{},\"features\":[{}]}}",
                        json.empty() ? "" : ",", json_text(input.name), json_text(input.wants),
                        json_text(std::string(to_text(input.type))), input.width, features);
  }
  return json;
}

/// Writes the model as a graph, and what must stand beside it.
Status export_model(const ModelFile& file, const std::string& output) {
  if (file.identity.engine == "ngram") {
    LEAT_TRY_ASSIGN(const NgramWeights weights, read_ngrams(file.path()));
    LEAT_TRY(export_ngrams(weights).write(output));
    return write_ngram_shape(weights.shape, output);
  }
  LEAT_TRY_ASSIGN(const std::unique_ptr<Booster> booster, open_booster(file.path()));
  LEAT_TRY_ASSIGN(const OnnxWriter graph, export_forest(*booster));
  return graph.write(output);
}

}  // namespace

int model_ls(const ModelArguments& arguments) {
  const std::string folder = fs::absolute(arguments.path).lexically_normal().string();
  const Result<ModelFile> current = find_model({.name = {}, .path = folder}, arguments.engine);
  const std::vector<std::uint64_t> versions = model_versions(folder, arguments.engine);
  if (current && versions.empty()) {
    print_version(*current, true, arguments.format);
    return kOk;
  }
  for (const std::uint64_t version : versions)
    if (const auto file = find_model({.name = {}, .path = folder}, arguments.engine, version))
      print_version(*file, current && current->path() == file->path(), arguments.format);
  if (!versions.empty()) return kOk;
  // A folder of models.
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    folders.push_back(entry->path());
  std::ranges::sort(folders);
  bool any = false;
  for (const fs::path& below : folders)
    if (const auto file = find_model({.name = {}, .path = below.string()}, arguments.engine)) {
      print_version(*file, true, arguments.format);
      any = true;
    }
  return any ? kOk : fail_with(current.error());
}

int model_check(const ModelArguments& arguments) {
  const Result<ModelPtr> model = load(arguments);
  if (!model) return fail_with(model.error());
  const ModelIdentity& identity = (*model)->identity();
  const ModelSignature& signature = (*model)->signature();
  if (arguments.format == Format::json) {
    fmt::print("{{\"engine\":{},\"name\":{},\"version\":{},\"file\":{},\"inputs\":[{}],\"outputs\":{}}}\n",
               json_text(identity.engine), json_text(identity.name),
               identity.version.empty() ? "null" : identity.version, json_text(identity.file),
               inputs_json(signature), json_text(signature.outputs->text()));
    return kOk;
  }
  fmt::print("{}\n  file     {}\n", identity.text(), identity.file);
  for (const ModelInput& input : signature.inputs) {
    fmt::print("  input    {}  {}\n", input.name, input.wants);
    for (std::size_t at = 0; at < input.features.size(); ++at)
      fmt::print("             {} {}\n", at, input.features[at]);
  }
  fmt::print("  outputs  {}\n", signature.outputs->text());
  return kOk;
}

int model_swap(const ModelArguments& arguments) {
  const std::string folder = fs::absolute(arguments.path).lexically_normal().string();
  const Result<ModelPtr> before = load(arguments);
  std::optional<std::uint64_t> wanted;
  if (arguments.to != "latest") {
    std::uint64_t number = 0;
    const char* const end = arguments.to.data() + arguments.to.size();
    if (std::from_chars(arguments.to.data(), end, number).ptr != end || number == 0) {
      print_error(fmt::format("`{}` is no version; a number or `latest` is", arguments.to));
      return kUsage;
    }
    wanted = number;
  } else if (const auto versions = model_versions(folder, arguments.engine); !versions.empty()) {
    wanted = versions.back();
  }
  const Result<ModelFile> file = find_model({.name = {}, .path = folder}, arguments.engine, wanted);
  const Result<ModelPtr> after = file ? load_model(*file, {}) : Failure(file.error());
  if (!after) return fail_with(after.error());
  if (before)
    if (const Status fits = same_signature((*before)->signature(), (*after)->signature()); !fits)
      return fail_with(fits.error());
  if (const Status pinned = pin_version(folder, arguments.to == "latest" ? std::nullopt : wanted); !pinned)
    return fail_with(pinned.error());
  fmt::print("{} is current; running topologies take it within their `watch` (1s)\n",
             (*after)->identity().text());
  return kOk;
}

int model_export(const ModelArguments& arguments) {
  const Result<ModelFile> file = find(arguments);
  if (!file) return fail_with(file.error());
  std::error_code ignored;
  const fs::path output = arguments.output;
  if (output.has_parent_path()) fs::create_directories(output.parent_path(), ignored);
  if (const Status written = export_model(*file, arguments.output); !written)
    return fail_with(written.error());
  fmt::print("{} written from {}\n", arguments.output, file->identity.text());
  return kOk;
}

int model_bench(const ModelArguments& arguments) {
  std::vector<ModelTiming> timings;
  announce_onnx_threads(bench_threads().back());
  for (const std::uint32_t threads : bench_threads()) {
    const Result<ModelPtr> model = load(arguments, threads);
    if (!model) return fail_with(model.error());
    if (threads > 1 && !threads_matter((*model)->identity().engine)) break;
    const Result<std::vector<ModelTiming>> measured = time_model(**model, threads, arguments.text);
    if (!measured) return fail_with(measured.error());
    timings.insert(timings.end(), measured->begin(), measured->end());
  }
  const ModelAdvice advice = advise(timings);
  if (arguments.format == Format::json) {
    for (const ModelTiming& timing : timings)
      fmt::print("{{\"threads\":{},\"rows\":{},\"call_us\":{:.2f},\"rows_per_second\":{:.0f}}}\n",
                 timing.threads, timing.rows, timing.call_us, timing.rows_per_second());
    fmt::print("{{\"recommended\":{{\"threads\":{},\"batch_max\":{},\"delay_us\":{}}},\"why\":{}}}\n",
               advice.threads, advice.rows, advice.delay_us, json_text(advice.why));
    return kOk;
  }
  fmt::print("{:>8} {:>8} {:>14} {:>14} {:>8}\n", "threads", "rows", "call", "rows/s", "gain");
  const double single = timings.empty() ? 1 : timings.front().rows_per_second();
  for (const ModelTiming& timing : timings)
    fmt::print("{:>8} {:>8} {:>11.1f} us {:>14.0f} {:>7.1f}x\n", timing.threads, timing.rows, timing.call_us,
               timing.rows_per_second(), timing.rows_per_second() / single);
  fmt::print("\nrecommended: {}\n  {}\n", advice.yaml(), advice.why);
  return kOk;
}

}  // namespace leat::cli
