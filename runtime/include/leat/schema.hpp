#pragma once

#include <leat/result.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leat {

/// The types a column can have. The numbers are part of the wire format.
enum class Type : std::uint8_t {
  boolean = 1,
  int64 = 2,
  float64 = 3,
  string = 4,  ///< UTF-8
  bytes = 5,
  timestamp = 6,     ///< int64 microseconds since 1970, UTC
  float32_list = 7,  ///< vectors: list<float32>
  any = 8,           ///< one MessagePack value
};

std::string_view to_text(Type type);               ///< as in YAML: "int64", "list<float32>", "any"
std::optional<Type> parse_type(std::string_view);  ///< the reverse

struct Field {
  std::string name;
  Type type = Type::any;
  bool nullable = false;  ///< YAML: `type: string?`
  friend bool operator==(const Field&, const Field&) = default;
};

class Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

/// Names and types of a batch's columns, in order. Immutable; shared by all batches of a link. Thread-safe.
class Schema {
 public:
  /// Field names must be unique (LEAT_ASSERT); the topology loader checks user input before.
  static SchemaPtr make(std::vector<Field> fields, std::string name = {});

  const std::string& name() const { return name_; }
  const std::vector<Field>& fields() const { return fields_; }
  std::size_t size() const { return fields_.size(); }
  const Field& operator[](std::size_t index) const { return fields_[index]; }
  std::optional<std::size_t> index_of(std::string_view name) const;
  /// Hash of names, types and nullability; equal on every machine. Travels in each wire header.
  std::uint64_t fingerprint() const { return fingerprint_; }
  bool same_fields(const Schema& other) const {
    return fingerprint_ == other.fingerprint_ && fields_ == other.fields_;
  }
  /// "{ id: string, score: float64? }"
  std::string text() const;

 private:
  Schema(std::vector<Field> fields, std::string name);
  std::vector<Field> fields_;
  std::string name_;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace leat
