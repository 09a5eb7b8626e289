#pragma once

#include <leat/clock.hpp>
#include <string>
#include <vector>

namespace leat {

/// What came of a call: a status, or a failure in words.
struct HttpAnswer {
  std::uint64_t call = 0;
  int status = 0;  ///< 0: there was no answer, and `error` says why
  std::string body;
  std::string error;
  std::string variant;  ///< which of its models answered, as SageMaker's header says
  Duration retry_after{};
};

/// Carries requests of one actor instance to its endpoint and brings answers back. Used by that instance's
/// worker; the work is done elsewhere. Calls that are not taken when it is destroyed are forgotten.
class HttpCalls {
 public:
  virtual ~HttpCalls() = default;
  /// Each call has its own number. There is one answer for it, unless it is cancelled.
  virtual void send(std::uint64_t call, std::string body) = 0;
  virtual void cancel(std::uint64_t call) = 0;
  /// What has come since.
  virtual std::vector<HttpAnswer> take() = 0;
};

}  // namespace leat
