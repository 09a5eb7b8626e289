#pragma once

#include <unordered_map>

#include "record/recording.hpp"

namespace leat {

/// How the rows of one port differ between a recording and now.
struct PortDrift {
  std::string port;
  std::uint64_t same = 0;
  std::uint64_t missing = 0;  ///< recorded, and did not come
  std::uint64_t extra = 0;    ///< came, and were not recorded
  std::vector<std::string>
      lines;              ///< the first of both, "- " and "+ ", sorted so that like rows stand together
  std::string fields;     ///< how the fields differ; empty if they do not
  bool too_many = false;  ///< counting stopped: the rows have next to nothing in common
  bool drifted() const { return missing != 0 || extra != 0 || !fields.empty(); }
};

/// Compares two streams of rows as multisets: order does not matter, and equal rows cancel out as soon as
/// both have come, so memory holds only how far the two are apart, and that is bounded.
class RowComparison {
 public:
  static constexpr std::size_t kHeldBytesMax = 256u << 20;

  /// Fields that only one side has are no part of the comparison, nor are those in `ignored`.
  RowComparison(std::string port, const Schema& recorded, const Schema& now,
                const std::vector<std::string>& ignored);

  void recorded(const Batch& rows) { add(rows, recorded_columns_, -1); }
  void came(const Batch& rows) { add(rows, came_columns_, 1); }
  PortDrift finish(std::size_t lines_max) const;

 private:
  void add(const Batch& rows, const std::vector<std::size_t>& columns, int sign);

  PortDrift drift_;
  std::vector<std::size_t> recorded_columns_, came_columns_;
  SchemaPtr common_;
  std::unordered_map<std::string, std::int64_t> open_;  // row to how often it came more than it was recorded
  std::size_t open_bytes_ = 0;
};

}  // namespace leat
