#pragma once

#include <cstdint>
#include <leat/result.hpp>
#include <string_view>

namespace leat {

/// A file that grows, or standard output. Writes go straight to the kernel and come whole or not at all, as
/// far as the disk allows: what a failed write left behind in a regular file is cut off again. One thread;
/// writing may block.
class OutputFile {
 public:
  enum class Begin : std::uint8_t { empty, append };

  OutputFile() = default;
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  static OutputFile standard_output();
  /// Makes missing folders. Errors name the path and what to do.
  static Result<OutputFile> open(const std::string& path, Begin begin);

  Status write(std::string_view bytes);
  /// What was written survives a loss of power.
  Status sync();
  /// Ends a last line that was left without its end, so that what is appended stands on lines of its own.
  Status end_last_line();
  /// Cuts off what stands behind `size`, and goes on there; what is no regular file just goes on.
  Status resume(std::uint64_t size);
  /// Bytes in the file; where that is unknown, bytes written.
  std::uint64_t size() const { return size_; }

 private:
  Failure failed(int error) const;

  int fd_ = -1;
  bool owned_ = false;
  bool regular_ = false;
  std::string name_;
  std::uint64_t size_ = 0;
};

}  // namespace leat
