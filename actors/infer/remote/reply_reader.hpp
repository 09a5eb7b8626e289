#pragma once

#include <leat/batch.hpp>
#include <memory>

#include "infer/remote/request_body.hpp"

namespace leat {

/// What an endpoint answered: one row per row that was asked about, and who it says it is.
struct Reply {
  Batch outputs;
  std::string model, version;  ///< empty: not said
};

struct ReplyFormat {
  Protocol protocol = Protocol::kserve_v2;
  SchemaPtr outputs;                  ///< names and types that are declared
  std::vector<std::string> pointers;  ///< of the template: where each stands (RFC 6901)
};

/// Reads the bodies of answers. Holds the parser's memory; one thread.
class ReplyReader {
 public:
  explicit ReplyReader(ReplyFormat format);
  ~ReplyReader();
  /// An error (endpoint_failed) says what is missing or wrong in it.
  Result<Reply> read(const std::string& body, std::uint32_t rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether a text points into a JSON document as RFC 6901 says.
bool is_json_pointer(std::string_view text);

}  // namespace leat
