#pragma once

#include <leat/clock.hpp>
#include <leat/state.hpp>
#include <leat/units.hpp>
#include <optional>
#include <vector>

#include "publish/output_file.hpp"

namespace leat {

/// A series of files, each of which appears whole and never changes: "out-000001.jsonl", "out-000002.jsonl"
/// ... without holes. Rows go to a hidden part, ".out-000003.jsonl.part", which a checkpoint makes durable
/// and its commit renames. A file takes the rows of one checkpoint, or of several if `Roll` says so.
///
/// Calls: load? start (begin? write | (barrier save) | commit)*. One thread; they block on the disk. Errors
/// name the path and what to do.
class StagedFiles {
 public:
  struct Roll {
    Duration every{0};  ///< a file is complete at the first barrier after this time ...
    Bytes size{0};      ///< ... or with this size; 0: time alone decides
  };
  StagedFiles(const std::string& path, Roll roll);

  /// Without a load: files of an earlier run are an error, or with `append` it goes on behind them. After
  /// one: goes back to what was saved, and shows what it covers.
  Status start(bool append);

  /// Whether the next write is the first of a file.
  bool is_new() const { return !part_; }
  Status write(std::string_view bytes, Time now);
  /// Makes durable what was written; `last`: no rows will follow.
  Status barrier(Time now, bool last);
  /// What the last barrier completed appears.
  Status commit();

  void save(StateWriter& state) const;
  Status load(const StateReader& state);

 private:
  std::string name(std::uint64_t number) const;
  std::string part(std::uint64_t number) const;
  Status show(std::uint64_t number) const;
  Status sync_folder() const;
  Failure in_the_way(const std::string& path) const;
  Result<std::vector<std::pair<std::uint64_t, std::string>>> list() const;

  std::string folder_, stem_, extension_;
  Roll roll_;
  bool loaded_ = false;
  std::uint64_t shown_ = 0;      // last file that has its name
  std::uint64_t complete_ = 0;   // last file that will get no more rows
  std::uint64_t covered_ = 0;    // `complete_` at the last barrier
  std::uint64_t part_size_ = 0;  // of the part behind `complete_`, at the last barrier or load
  Time since_{};                 // when that part was begun
  std::optional<OutputFile> part_;
};

}  // namespace leat
