#pragma once

#include <functional>
#include <leat/state.hpp>

#include "ingest/record_reader.hpp"
#include "ingest/row_decoder.hpp"

namespace leat {

/// One file on its way through `ingest.file`. Known by its id, not its name: names change when logs rotate.
struct TrackedFile {
  std::string path;
  FileId id;
  FilePosition position;  ///< while `reader` is absent; else ask that
  bool done = false;      ///< read to its end, and nothing will be added
  bool replaced = false;  ///< its name stands for another file now, so nobody adds to it any more
  bool listed = false;    ///< some path of the configuration leads to it
  bool header_read = false;
  std::unique_ptr<RecordReader> reader;
  std::unique_ptr<RowDecoder> decoder;

  FilePosition current_position() const { return reader ? reader->position() : position; }
};

/// Which files there are, in which order they are read, and how far. One thread.
class FileTracker {
 public:
  using Log = std::function<void(std::string)>;

  /// `follow`: files come and go. Otherwise the list is made once, and instances share it out by number; a
  /// saved state keeps the numbers, so that a file stays with its instance whatever comes or goes meanwhile.
  FileTracker(std::vector<std::string> paths, bool follow) : paths_(std::move(paths)), follow_(follow) {}

  /// Makes the list, continuing where a saved state left off.
  /// A file that was not read to its end stays in the list even if it is gone: opening it will fail.
  void start(std::uint32_t instance, std::uint32_t instances, const Log& log);
  /// Looks which files have come, gone or got another name.
  void refresh();

  bool continued() const { return continued_; }  ///< from a saved state
  std::vector<TrackedFile>& files() { return files_; }
  const TrackedFile& file(std::size_t index) const { return files_[index]; }

  /// `rewound` stands in for the position of one file: rows behind it were read but not sent yet.
  void save(StateWriter& state, const TrackedFile* rewound, FilePosition rewound_to) const;
  Status load(StateReader& state);

 private:
  struct Saved {
    FileId id;
    FilePosition position;
    bool done = false;
    bool header_read = false;
  };

  void restore_followed(const Log& log);
  void list_own(std::uint32_t instance, std::uint32_t instances);
  TrackedFile& add(const std::string& path, FileId id, const Saved* saved = nullptr);
  TrackedFile* find(FileId id);

  std::vector<std::string> paths_;
  bool follow_;
  std::vector<TrackedFile> files_;
  std::map<std::string, Saved> saved_;
  std::map<std::string, std::int64_t> numbers_;  // of all instances' files; empty when following
  bool continued_ = false;
};

}  // namespace leat
