#pragma once

#include "transform/table_file.hpp"

namespace leat {

/// A table in a text file: CSV, TSV or JSON lines. It is read again when its inode, size or time of change is
/// another. The options must outlive it.
class TableText final : public TableReader {
 public:
  TableText(const TableFileOptions& options, TableFormat format) : options_(options), format_(format) {}
  Result<std::shared_ptr<const LookupTable>> read_if_changed() override;

 private:
  struct Version {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, changed_s = 0, changed_ns = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };
  Result<std::string> read_file(int file, std::int64_t size) const;
  Result<std::shared_ptr<const LookupTable>> load(int file, std::int64_t size) const;

  const TableFileOptions& options_;
  const TableFormat format_;
  std::optional<Version> tried_;  // default: the file was not there
};

}  // namespace leat
