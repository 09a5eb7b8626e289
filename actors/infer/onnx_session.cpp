#include "infer/onnx_session.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <onnxruntime_c_api.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "infer/installed.hpp"

namespace leat {
namespace {

/// The newest interface whose functions are used here: an older library has them all, too.
constexpr std::uint32_t kApiOldest = 17;

/// Calls a function of the interface and turns its status into ours.
struct Check {
  const OrtApi* api;
  Code code = Code::model_failed;

  Status operator()(OrtStatus* status) const {
    if (status == nullptr) return {};
    Error error{code, api->GetErrorMessage(status), {}};
    api->ReleaseStatus(status);
    return Failure(std::move(error));
  }
};

/// Frees what the interface made.
template <class T>
struct Release {
  void (*release)(T*);
  void operator()(T* object) const { release(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Release<T>>;

std::atomic<std::uint32_t>& announced_threads() {
  static std::atomic<std::uint32_t> threads{1};
  return threads;
}

/// The library and its one environment. It lives as long as the process: the library does not survive being
/// unloaded, and has one environment per process by its own design.
struct Runtime {
  const OrtApi* api = nullptr;
  OrtEnv* env = nullptr;
  OrtMemoryInfo* memory = nullptr;
  std::string version;
};

std::string library_file() {
  if (const char* file = std::getenv("LEAT_ONNXRUNTIME"); file != nullptr && *file != '\0') return file;
  return installed_file("onnxruntime/lib/libonnxruntime.so.1", "lib/leat/libonnxruntime.so.1");
}

Result<void*> open_library() {
  const std::string file = library_file();
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  std::error_code ignored;
  if (library == nullptr && !std::filesystem::exists(file, ignored)) {
    library = ::dlopen("libonnxruntime.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      return fail(Code::feature_missing,
                  "ONNX Runtime is not installed; `scripts/bootstrap` fetches it, or LEAT_ONNXRUNTIME names "
                  "its library",
                  file);
  }
  if (library == nullptr) return fail(Code::feature_missing, ::dlerror(), file);
  return library;
}

Result<Runtime> start_runtime() {
  LEAT_TRY_ASSIGN(void* const library, open_library());
  using GetBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetBase>(::dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr)
    return fail(Code::feature_missing, "it is not ONNX Runtime: it has no OrtGetApiBase", library_file());
  Runtime runtime;
  runtime.version = get_base()->GetVersionString();
  for (std::uint32_t version = ORT_API_VERSION; version >= kApiOldest && runtime.api == nullptr; --version)
    runtime.api = get_base()->GetApi(version);
  if (runtime.api == nullptr)
    return fail(
        Code::feature_missing,
        fmt::format("ONNX Runtime {} is too old: 1.{} is the oldest that fits", runtime.version, kApiOldest),
        library_file());
  const Check check{runtime.api, Code::feature_missing};
  OrtThreadingOptions* options = nullptr;
  LEAT_TRY(check(runtime.api->CreateThreadingOptions(&options)));
  const Owned<OrtThreadingOptions> owned(options, {runtime.api->ReleaseThreadingOptions});
  const int threads = static_cast<int>(announced_threads().load());
  LEAT_TRY(check(runtime.api->SetGlobalIntraOpNumThreads(options, threads)));
  LEAT_TRY(check(runtime.api->SetGlobalInterOpNumThreads(options, 1)));
  LEAT_TRY(check(runtime.api->SetGlobalSpinControl(options, 0)));  // spinning starves the actors
  LEAT_TRY(check(
      runtime.api->CreateEnvWithGlobalThreadPools(ORT_LOGGING_LEVEL_FATAL, "leat", options, &runtime.env)));
  LEAT_TRY(check(runtime.api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &runtime.memory)));
  return runtime;
}

const Result<Runtime>& runtime() {
  static const Result<Runtime> started = start_runtime();
  return started;
}

struct ElementPair {
  Element ours;
  ONNXTensorElementDataType theirs;
};
constexpr ElementPair kElements[] = {
    {Element::float32, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT},
    {Element::float64, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE},
    {Element::int8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8},
    {Element::int16, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16},
    {Element::int32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32},
    {Element::int64, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64},
    {Element::uint8, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8},
    {Element::uint16, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16},
    {Element::uint32, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32},
    {Element::uint64, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64},
    {Element::boolean, ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL},
    {Element::string, ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING},
};

Element ours(ONNXTensorElementDataType theirs) {
  for (const ElementPair& pair : kElements)
    if (pair.theirs == theirs) return pair.ours;
  return Element::other;
}
ONNXTensorElementDataType theirs(Element ours) {
  for (const ElementPair& pair : kElements)
    if (pair.ours == ours) return pair.theirs;
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

class Session final : public OnnxSession {
 public:
  Session(const Runtime& runtime, OrtSession* session)
      : runtime_(runtime), api_(*runtime.api), session_(session, {runtime.api->ReleaseSession}) {}

  Status read_signature() {
    std::size_t count = 0;
    LEAT_TRY(check_(api_.SessionGetInputCount(session_.get(), &count)));
    for (std::size_t at = 0; at < count; ++at) {
      char* name = nullptr;
      OrtTypeInfo* type = nullptr;
      LEAT_TRY(check_(api_.SessionGetInputName(session_.get(), at, allocator(), &name)));
      inputs_.push_back({.name = take(name)});
      LEAT_TRY(check_(api_.SessionGetInputTypeInfo(session_.get(), at, &type)));
      LEAT_TRY(read_type(type, inputs_.back()));
    }
    LEAT_TRY(check_(api_.SessionGetOutputCount(session_.get(), &count)));
    for (std::size_t at = 0; at < count; ++at) {
      char* name = nullptr;
      OrtTypeInfo* type = nullptr;
      LEAT_TRY(check_(api_.SessionGetOutputName(session_.get(), at, allocator(), &name)));
      outputs_.push_back({.name = take(name)});
      LEAT_TRY(check_(api_.SessionGetOutputTypeInfo(session_.get(), at, &type)));
      LEAT_TRY(read_type(type, outputs_.back()));
    }
    return {};
  }

  const std::vector<TensorType>& inputs() const override { return inputs_; }
  const std::vector<TensorType>& outputs() const override { return outputs_; }

  Result<std::vector<Tensor>> run(std::span<const Tensor> inputs,
                                  std::span<const std::size_t> outputs) const override {
    std::vector<Owned<OrtValue>> values;
    std::vector<const OrtValue*> input_values;
    std::vector<const char*> input_names, output_names;
    for (std::size_t at = 0; at < inputs.size(); ++at) {
      LEAT_TRY_ASSIGN(OrtValue * value, make_value(inputs[at]));
      values.emplace_back(value, Release<OrtValue>{api_.ReleaseValue});
      input_values.push_back(value);
      input_names.push_back(inputs_[at].name.c_str());
    }
    for (const std::size_t at : outputs) output_names.push_back(outputs_[at].name.c_str());
    std::vector<OrtValue*> results(outputs.size());
    LEAT_TRY(check_(api_.Run(session_.get(), nullptr, input_names.data(), input_values.data(), inputs.size(),
                             output_names.data(), outputs.size(), results.data())));
    std::vector<Owned<OrtValue>> owned;
    owned.reserve(results.size());
    for (OrtValue* result : results) owned.emplace_back(result, Release<OrtValue>{api_.ReleaseValue});
    std::vector<Tensor> tensors;
    for (OrtValue* result : results) {
      LEAT_TRY_ASSIGN(Tensor tensor, read_value(result));
      tensors.push_back(std::move(tensor));
    }
    return tensors;
  }

 private:
  OrtAllocator* allocator() const {
    OrtAllocator* allocator = nullptr;
    api_.ReleaseStatus(api_.GetAllocatorWithDefaultOptions(&allocator));
    return allocator;
  }
  std::string take(char* text) const {
    std::string copy(text);
    api_.ReleaseStatus(api_.AllocatorFree(allocator(), text));
    return copy;
  }

  Status read_shape(const OrtTensorTypeAndShapeInfo* info, Element& element,
                    std::vector<std::int64_t>& shape) const {
    ONNXTensorElementDataType type{};
    std::size_t rank = 0;
    LEAT_TRY(check_(api_.GetTensorElementType(info, &type)));
    LEAT_TRY(check_(api_.GetDimensionsCount(info, &rank)));
    element = ours(type);
    shape.resize(rank);
    return check_(api_.GetDimensions(info, shape.data(), rank));
  }

  Status read_type(OrtTypeInfo* info, TensorType& type) const {
    const Owned<OrtTypeInfo> owned(info, {api_.ReleaseTypeInfo});
    ONNXType kind{};
    LEAT_TRY(check_(api_.GetOnnxTypeFromTypeInfo(info, &kind)));
    if (kind != ONNX_TYPE_TENSOR) {
      type.kind = kind == ONNX_TYPE_SEQUENCE ? "a sequence" : kind == ONNX_TYPE_MAP ? "a map" : "no tensor";
      return {};
    }
    const OrtTensorTypeAndShapeInfo* tensor = nullptr;  // belongs to `info`
    LEAT_TRY(check_(api_.CastTypeInfoToTensorInfo(info, &tensor)));
    return read_shape(tensor, type.element, type.shape);
  }

  Result<OrtValue*> make_value(const Tensor& tensor) const {
    OrtValue* value = nullptr;
    const auto size = static_cast<std::size_t>(tensor.size());
    if (tensor.element != Element::string) {
      // It reads what an input has, and takes no pointer to const.
      LEAT_TRY(check_(api_.CreateTensorWithDataAsOrtValue(
          runtime_.memory, const_cast<void*>(tensor.data()), size * element_size(tensor.element),
          tensor.shape.data(), tensor.shape.size(), theirs(tensor.element), &value)));
      return value;
    }
    LEAT_TRY(check_(api_.CreateTensorAsOrtValue(allocator(), tensor.shape.data(), tensor.shape.size(),
                                                ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &value)));
    Owned<OrtValue> owned(value, {api_.ReleaseValue});
    std::vector<const char*> texts;
    for (const std::string& text : tensor.strings) texts.push_back(text.c_str());
    LEAT_TRY(check_(api_.FillStringTensor(value, texts.data(), texts.size())));
    return owned.release();
  }

  Result<Tensor> read_value(OrtValue* value) const {
    OrtTensorTypeAndShapeInfo* info = nullptr;
    LEAT_TRY(check_(api_.GetTensorTypeAndShape(value, &info)));
    const Owned<OrtTensorTypeAndShapeInfo> owned(info, {api_.ReleaseTensorTypeAndShapeInfo});
    Tensor tensor;
    LEAT_TRY(read_shape(info, tensor.element, tensor.shape));
    const auto size = static_cast<std::size_t>(tensor.size());
    if (tensor.element == Element::string) {
      LEAT_TRY(read_strings(value, size, tensor.strings));
      return tensor;
    }
    void* data = nullptr;
    LEAT_TRY(check_(api_.GetTensorMutableData(value, &data)));
    const std::size_t bytes = size * element_size(tensor.element);
    tensor.values = Memory::allocate(std::max<std::size_t>(bytes, 1));
    if (bytes != 0) std::memcpy(tensor.values.data(), data, bytes);
    return tensor;
  }

  Status read_strings(const OrtValue* value, std::size_t count, std::vector<std::string>& strings) const {
    std::size_t bytes = 0;
    LEAT_TRY(check_(api_.GetStringTensorDataLength(value, &bytes)));
    std::string content(bytes, '\0');
    std::vector<std::size_t> offsets(count);
    LEAT_TRY(check_(api_.GetStringTensorContent(value, content.data(), bytes, offsets.data(), count)));
    offsets.push_back(bytes);
    for (std::size_t at = 0; at < count; ++at)
      strings.push_back(content.substr(offsets[at], offsets[at + 1] - offsets[at]));
    return {};
  }

  const Runtime& runtime_;
  const OrtApi& api_;
  Owned<OrtSession> session_;
  Check check_{runtime_.api};
  std::vector<TensorType> inputs_, outputs_;
};

}  // namespace

void announce_onnx_threads(std::uint32_t threads) {
  std::uint32_t most = announced_threads().load();
  while (most < threads && !announced_threads().compare_exchange_weak(most, threads)) {
  }
}

Result<std::string> onnx_runtime_version() {
  if (!runtime()) return Failure(runtime().error());
  return runtime()->version;
}

Result<std::shared_ptr<const OnnxSession>> open_onnx(const std::string& file, std::uint32_t threads) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return fail(Code::model_missing, error ? error.message() : "it is not a file", file);
  if (!runtime()) return Failure(runtime().error());
  const OrtApi& api = *runtime()->api;
  const Check check{&api};
  OrtSessionOptions* options = nullptr;
  LEAT_TRY(check(api.CreateSessionOptions(&options)));
  const Owned<OrtSessionOptions> owned(options, {api.ReleaseSessionOptions});
  LEAT_TRY(check(api.SetInterOpNumThreads(options, 1)));
  LEAT_TRY(check(api.AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0")));
  if (threads > 1)
    LEAT_TRY(check(api.DisablePerSessionThreads(options)));
  else
    LEAT_TRY(check(api.SetIntraOpNumThreads(options, 1)));
  OrtSession* session = nullptr;
  if (Status opened = check(api.CreateSession(runtime()->env, file.c_str(), options, &session)); !opened)
    return fail(Code::model_failed, opened.error().message, file);
  auto made = std::make_shared<Session>(*runtime(), session);
  LEAT_TRY(made->read_signature());
  return made;
}

}  // namespace leat
