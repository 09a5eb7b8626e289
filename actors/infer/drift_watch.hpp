#pragma once

#include <leat/units.hpp>

#include "infer/drift.hpp"
#include "infer/incumbent.hpp"

namespace leat {

/// `on: drift` of `train`.
struct DriftOptions {
  Rows rows{2000};  ///< since the change, to learn from
  Rows block{DriftTest::Limits{}.block};
  double margin = DriftTest::Limits{}.margin;
  double threshold = DriftTest::Limits{}.threshold;
};

/// Asks the current version about labelled rows before they are learnt from, and says when it has become
/// worse and rows enough have come since. Where there is no version, that is when so many rows have come at
/// all.
class DriftWatch {
 public:
  DriftWatch(const DriftOptions& options, std::string folder, std::vector<std::string> features)
      : options_(options),
        folder_(std::move(folder)),
        features_(std::move(features)),
        test_({options.block.count, options.margin, options.threshold}) {}

  /// Reads the version that is current: a file.
  void open();
  /// Rows that have come. When another version has become current since, what is usual is learnt anew with
  /// it. What there is to tell, if there is.
  std::optional<std::string> add(const Examples& rows);
  /// How many of the newest rows to learn from, when it is time to.
  std::optional<std::uint64_t> due() const;
  /// After a training run, whatever came of it: what is usual is learnt anew.
  void learnt();

  void save(StateWriter& state) const;
  Status load(StateReader& state);

 private:
  DriftOptions options_;
  std::string folder_;
  std::vector<std::string> features_;
  DriftTest test_;
  std::string current_;  // the file of the version that is; "" = none
  std::optional<Incumbent> incumbent_;
  bool drifted_ = false;
  bool told_ = false;        // that the version fails on rows
  std::uint64_t since_ = 0;  // rows since the change
};

}  // namespace leat
