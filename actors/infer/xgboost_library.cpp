#include "infer/xgboost_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <cstdlib>
#include <filesystem>
#include <limits>

namespace leat {
namespace {

// The functions used here.
#define LEAT_XGBOOST_FUNCTIONS(EACH) \
  EACH(XGBoostVersion)               \
  EACH(XGBGetLastError)              \
  EACH(XGDMatrixCreateFromMat_omp)   \
  EACH(XGDMatrixSetFloatInfo)        \
  EACH(XGBoosterSetStrFeatureInfo)   \
  EACH(XGDMatrixFree)                \
  EACH(XGBoosterCreate)              \
  EACH(XGBoosterFree)                \
  EACH(XGBoosterSetParam)            \
  EACH(XGBoosterLoadModel)           \
  EACH(XGBoosterSaveModel)           \
  EACH(XGBoosterSaveModelToBuffer)   \
  EACH(XGBoosterSaveJsonConfig)      \
  EACH(XGBoosterGetNumFeature)       \
  EACH(XGBoosterGetStrFeatureInfo)   \
  EACH(XGBoosterPredictFromDense)    \
  EACH(XGBoosterUpdateOneIter)

/// Each looked up by its name in the library.
struct Library {
  std::string version;

#define LEAT_XGBOOST(name) decltype(&::name) name = nullptr;
  LEAT_XGBOOST_FUNCTIONS(LEAT_XGBOOST)
#undef LEAT_XGBOOST
};

Result<Library> load_library() {
  const char* const named = std::getenv("LEAT_XGBOOST");
  const std::string file = named != nullptr && *named != '\0' ? named : "libxgboost.so.0";
  // Never unloaded: its OpenMP threads would be left without code.
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(Code::feature_missing,
                "XGBoost is not installed; `scripts/bootstrap` does (Debian's libxgboost0), or LEAT_XGBOOST "
                "names its library",
                file);
  Library library;
  std::string missing;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
    if (function == nullptr && missing.empty()) missing = name;
  };
#define LEAT_XGBOOST(name) find(library.name, #name);
  LEAT_XGBOOST_FUNCTIONS(LEAT_XGBOOST)
#undef LEAT_XGBOOST
  if (!missing.empty())
    return fail(Code::feature_missing, fmt::format("it is too old, or not XGBoost: it has no {}", missing),
                file);
  int major = 0, minor = 0, patch = 0;
  library.XGBoostVersion(&major, &minor, &patch);
  library.version = fmt::format("{}.{}.{}", major, minor, patch);
  return library;
}

const Result<Library>& library() {
  static const Result<Library> loaded = load_library();
  return loaded;
}

/// The first line of what the library says; a stack trace follows it.
std::string last_error(const Library& library) {
  const std::string_view text = library.XGBGetLastError();
  const std::size_t from = text.starts_with('[') ? std::min(text.find("] "), text.size() - 2) + 2 : 0;
  return std::string(text.substr(from, text.find('\n', from) - from));
}

class LibraryBooster final : public Booster {
 public:
  explicit LibraryBooster(const Library& library) : library_(library) {}
  ~LibraryBooster() override {
    if (booster_ != nullptr) library_.XGBoosterFree(booster_);
    if (matrix_ != nullptr) library_.XGDMatrixFree(matrix_);
  }
  LibraryBooster(const LibraryBooster&) = delete;
  LibraryBooster& operator=(const LibraryBooster&) = delete;

  Status open(const std::string& file) {
    LEAT_TRY(check(library_.XGBoosterCreate(nullptr, 0, &booster_)));
    return check(library_.XGBoosterLoadModel(booster_, file.c_str()));
  }
  Status begin(DenseRows rows, std::span<const float> labels, std::span<const std::string> names) {
    LEAT_TRY(check(library_.XGDMatrixCreateFromMat_omp(
        rows.values, rows.rows, rows.columns, std::numeric_limits<float>::quiet_NaN(), &matrix_, 1)));
    LEAT_TRY(check(library_.XGDMatrixSetFloatInfo(matrix_, "label", labels.data(), labels.size())));
    LEAT_TRY(check(library_.XGBoosterCreate(&matrix_, 1, &booster_)));
    if (names.empty()) return {};
    std::vector<const char*> texts;
    for (const std::string& name : names) texts.push_back(name.c_str());
    return check(library_.XGBoosterSetStrFeatureInfo(booster_, "feature_name", texts.data(), texts.size()));
  }

  Status predict(DenseRows rows, std::vector<float>& answers) const override {
    const std::string array =
        fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                    reinterpret_cast<std::uintptr_t>(rows.values), rows.rows, rows.columns);
    static constexpr const char* kConfig =
        R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":false,)"
        R"("cache_id":0,"missing":NaN})";
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* result = nullptr;
    LEAT_TRY(check(library_.XGBoosterPredictFromDense(booster_, array.c_str(), kConfig, nullptr, &shape,
                                                      &dimensions, &result)));
    bst_ulong size = dimensions == 0 ? 0 : 1;
    for (bst_ulong at = 0; at < dimensions; ++at) size *= shape[at];
    answers.assign(result, result + size);  // the library keeps it for this thread's next call
    return {};
  }
  Status set(const std::string& name, const std::string& value) override {
    return check(library_.XGBoosterSetParam(booster_, name.c_str(), value.c_str()));
  }
  Status train_round(int round) override {
    return check(library_.XGBoosterUpdateOneIter(booster_, round, matrix_));
  }
  Status save(const std::string& file) const override {
    return check(library_.XGBoosterSaveModel(booster_, file.c_str()));
  }
  Result<std::string> save_json() const override {
    bst_ulong size = 0;
    const char* text = nullptr;
    LEAT_TRY(check(library_.XGBoosterSaveModelToBuffer(booster_, R"({"format":"json"})", &size, &text)));
    return std::string(text, size);
  }
  Result<std::string> config() const override {
    bst_ulong size = 0;
    const char* text = nullptr;
    LEAT_TRY(check(library_.XGBoosterSaveJsonConfig(booster_, &size, &text)));
    return std::string(text, size);
  }
  Result<std::uint64_t> feature_count() const override {
    bst_ulong count = 0;
    LEAT_TRY(check(library_.XGBoosterGetNumFeature(booster_, &count)));
    return count;
  }
  Result<std::vector<std::string>> feature_names() const override {
    bst_ulong count = 0;
    const char** names = nullptr;
    LEAT_TRY(check(library_.XGBoosterGetStrFeatureInfo(booster_, "feature_name", &count, &names)));
    return std::vector<std::string>(names, names + count);
  }

 private:
  Status check(int result) const {
    if (result == 0) return {};
    return fail(Code::model_failed, last_error(library_));
  }

  const Library& library_;
  BoosterHandle booster_ = nullptr;
  DMatrixHandle matrix_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Booster>> open_booster(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return fail(Code::model_missing, error ? error.message() : "it is not a file", file);
  if (!library()) return Failure(library().error());
  auto booster = std::make_unique<LibraryBooster>(*library());
  if (Status opened = booster->open(file); !opened)
    return fail(Code::model_failed, opened.error().message, file);
  return booster;
}

Result<std::unique_ptr<Booster>> new_booster(DenseRows rows, std::span<const float> labels,
                                             std::span<const std::string> feature_names) {
  if (!library()) return Failure(library().error());
  auto booster = std::make_unique<LibraryBooster>(*library());
  LEAT_TRY(booster->begin(rows, labels, feature_names));
  return booster;
}

Result<std::string> xgboost_version() {
  if (!library()) return Failure(library().error());
  return library()->version;
}

}  // namespace leat
