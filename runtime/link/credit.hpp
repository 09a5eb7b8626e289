#pragma once

#include <algorithm>
#include <cstdint>

namespace leat {

/// A bound in rows and bytes; what lies between the two ends of a channel stays below it, but for one batch.
struct Window {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

/// The sender's side: limits are cumulative, so a lost or repeated grant does no harm. Pure.
///
/// One batch may always overshoot, so that a batch larger than the window can move (Redpanda's queue rule).
class CreditBalance {
 public:
  void grant(std::uint64_t rows_limit, std::uint64_t bytes_limit) {
    rows_limit_ = std::max(rows_limit_, rows_limit);
    bytes_limit_ = std::max(bytes_limit_, bytes_limit);
  }
  bool may_send() const { return rows_sent_ < rows_limit_ && bytes_sent_ < bytes_limit_; }
  /// Whether everything that waits could be sent too.
  bool covers(std::uint64_t rows, std::uint64_t bytes) const {
    return rows_sent_ + rows < rows_limit_ && bytes_sent_ + bytes < bytes_limit_;
  }
  void spend(std::uint64_t rows, std::uint64_t bytes) {
    rows_sent_ += rows;
    bytes_sent_ += bytes;
  }
  std::uint64_t rows_sent() const { return rows_sent_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  /// How much may still go: `spread` prefers the instance with most.
  std::uint64_t rows_left() const { return rows_limit_ > rows_sent_ ? rows_limit_ - rows_sent_ : 0; }

 private:
  std::uint64_t rows_limit_ = 0, bytes_limit_ = 0;
  std::uint64_t rows_sent_ = 0, bytes_sent_ = 0;
};

/// The receiver's side: grants what was processed, a quarter of the window at a time. Pure.
class CreditGrants {
 public:
  explicit CreditGrants(Window window) : window_(window) {}

  void processed(std::uint64_t rows, std::uint64_t bytes) {
    rows_processed_ += rows;
    bytes_processed_ += bytes;
  }
  /// True when the sender should hear of new limits. A sender without credit has used up the whole window, so
  /// a quarter of it is always due in the end: nothing needs to be told earlier.
  bool due() const {
    return (rows_processed_ - rows_granted_) * 4 >= window_.rows ||
           (bytes_processed_ - bytes_granted_) * 4 >= window_.bytes;
  }
  std::uint64_t rows_limit() const { return rows_processed_ + window_.rows; }
  std::uint64_t bytes_limit() const { return bytes_processed_ + window_.bytes; }
  void granted() {
    rows_granted_ = rows_processed_;
    bytes_granted_ = bytes_processed_;
  }

 private:
  Window window_;
  std::uint64_t rows_processed_ = 0, bytes_processed_ = 0;
  std::uint64_t rows_granted_ = 0, bytes_granted_ = 0;
};

}  // namespace leat
