#pragma once

#include <leat/result.hpp>
#include <memory>
#include <string>
#include <vector>

namespace leat::cli {

/// What an `ingest.zmq` with `mode: reply` says to rows.
struct RedriveAnswer {
  bool taken = false;   ///< all of them, and they are durable; else none
  std::string message;  ///< why not
};

/// Sends rows to an `ingest.zmq` with `mode: reply`. One thread.
class RedriveLink {
 public:
  /// Connects in the background; bad_endpoint when that can never work.
  static Result<std::unique_ptr<RedriveLink>> open(const std::string& endpoint);
  virtual ~RedriveLink() = default;
  /// MessagePack maps. unreachable: no answer came, and the rows may or may not have been taken.
  virtual Result<RedriveAnswer> send(const std::vector<std::string>& rows) = 0;
};

}  // namespace leat::cli
