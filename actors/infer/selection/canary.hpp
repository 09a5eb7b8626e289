#pragma once

#include <cstdint>
#include <leat/expression.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "infer/model.hpp"

namespace leat {

/// Says of a candidate's calls, beside calls of the version that is current, when it must go back. The
/// current version answers a second share of the rows, as large as the candidate's, in calls of its own: so
/// both have calls of the same sizes, at the same times, and their times can be compared (the `baseline`
/// beside the canary in Netflix's Kayenta). Judged once per `after` rows of the candidate, on those; errors
/// at once when they are as many as would be too many then. Pure; holds the times of at most kCalls calls a
/// side.
class CanaryWatch {
 public:
  struct Limits {
    std::optional<double> errors;   ///< share of the rows
    std::optional<double> latency;  ///< median time of a call, as a multiple of the current version's
    std::uint64_t after = 1000;     ///< rows of the candidate
  };
  enum class Side : std::uint8_t { control, candidate };
  static constexpr std::size_t kCalls = 1024;     ///< the newest ones count
  static constexpr std::size_t kFewestCalls = 8;  ///< fewer say nothing about times

  explicit CanaryWatch(Limits limits) : limits_(limits) {}
  /// Why the candidate must go back, when it must.
  std::optional<std::string> called(Side side, std::uint64_t rows, std::uint64_t failed, Duration took);

 private:
  struct Calls {
    std::uint64_t rows = 0, failed = 0, calls = 0;
    std::vector<Duration> times;  // of the newest, in a ring

    void add(std::uint64_t more_rows, std::uint64_t more_failed, Duration took);
    Duration median() const;
  };
  std::optional<std::string> judge() const;
  bool enough_calls() const;

  Limits limits_;
  Calls sides_[2];
};

/// Who is asked about which rows, each list ascending: about those whose keys fall into the share the
/// candidate; about as many others the current version, in calls of their own; about the rest the current
/// version.
struct CanaryRows {
  std::vector<std::uint32_t> candidate, control, current;
};

/// The same key is always in the same list, on every machine and after every start; another version has other
/// keys. Rows without a key are in no share.
CanaryRows canary_rows(const Expression& key, const Batch& rows, double share, std::uint64_t version);

/// A version on trial, shared by the instances of one actor. Any thread.
class Canary {
 public:
  Canary(ModelPtr model, double share, CanaryWatch::Limits limits)
      : model_(std::move(model)), share_(share), watch_(limits) {}

  const Model& model() const { return *model_; }
  double share() const { return share_; }
  std::uint64_t version() const;
  /// False once it has gone back.
  bool on_trial() const;
  /// Told of a call; true: this was the one after which the candidate goes back.
  bool called(CanaryWatch::Side side, std::uint64_t rows, std::uint64_t failed, Duration took);
  /// It went back before a restart.
  void go_back(std::string why);

  /// Why it has; nothing while it is on trial.
  std::optional<std::string> went_back() const;

 private:
  const ModelPtr model_;
  const double share_;
  mutable std::mutex mutex_;
  CanaryWatch watch_;
  std::optional<std::string> went_back_;
};

}  // namespace leat
