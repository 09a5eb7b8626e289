#include "infer/onnx_session.hpp"

// Takes the place of onnx_session.cpp where the build has not found ONNX Runtime's header.

namespace leat {
namespace {

Failure missing() {
  return fail(Code::feature_missing,
              "this Leat was built without ONNX Runtime; run `scripts/bootstrap`, configure and build again");
}

}  // namespace

void announce_onnx_threads(std::uint32_t) {}
Result<std::string> onnx_runtime_version() {
  return missing();
}
Result<std::shared_ptr<const OnnxSession>> open_onnx(const std::string&, std::uint32_t) {
  return missing();
}

}  // namespace leat
