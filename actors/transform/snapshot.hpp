#pragma once

#include <leat/batch_builder.hpp>

namespace leat {

/// Writes one part of an actor's state: numbers of eight bytes, little-endian, and texts behind their length.
class SnapshotWriter {
 public:
  void put(std::int64_t value);
  void put_count(std::size_t count) { put(static_cast<std::int64_t>(count)); }
  void put_text(std::string_view text);
  /// By field name, so that fields may be added between two versions.
  void put_row(const Batch& batch, std::uint32_t row);
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads it back. After the first value that is not there, everything is zero and empty, and `finish` fails.
class SnapshotReader {
 public:
  explicit SnapshotReader(std::string_view bytes) : left_(bytes) {}
  std::int64_t get();
  /// A number of things that take at least `bytes_each` of what is left.
  std::uint64_t get_count(std::size_t bytes_each);
  std::string_view get_text();
  void get_row(BatchBuilder& rows);
  /// Fails, naming the part, unless everything was there and nothing is left.
  Status finish(std::string_view part) const;

 private:
  void fail_here();
  std::string_view left_;
  bool good_ = true;
};

}  // namespace leat
