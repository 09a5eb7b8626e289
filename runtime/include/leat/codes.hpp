#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace leat {

/// What is wrong, as a number that never changes its meaning. `leat explain L0204` prints the long text.
/// Hundreds: 1 file, 2 wiring, 3 expressions, 4 deploy, 5 records, 6 links, 7 storage, 8 models, 9 program.
enum class Code : std::uint16_t {
  invalid_yaml = 101,
  unknown_key = 102,
  duplicate_key = 103,
  missing_key = 104,
  wrong_type = 105,
  bad_value = 106,
  unset_variable = 107,
  unreadable_file = 108,
  too_large = 109,
  unknown_kind = 201,
  bad_name = 203,
  unknown_actor = 204,
  unknown_port = 205,
  cycle = 206,
  wrong_inputs = 207,
  unknown_schema = 208,
  schema_mismatch = 209,
  unused_port = 210,
  feature_missing = 211,
  bad_expression = 301,
  unknown_field = 302,
  type_mismatch = 303,
  unknown_function = 304,
  unsupported_expression = 305,
  evaluation_failed = 306,
  unknown_host = 401,
  bad_placement = 402,
  bad_endpoint = 403,
  insecure_link = 404,
  malformed_record = 501,
  out_of_range = 502,
  missing_value = 503,
  limit_reached = 504,
  late_record = 505,
  malformed_frame = 601,
  unreachable = 602,
  peer_mismatch = 603,
  sequence_gap = 604,
  address_in_use = 605,
  storage_failed = 701,
  storage_full = 702,
  input_missing = 703,
  corrupt_state = 704,
  state_mismatch = 705,
  model_missing = 801,
  model_mismatch = 802,
  model_failed = 803,
  endpoint_failed = 804,
  endpoint_refused = 805,
  deadline_missed = 806,
  breaker_open = 807,
  plugin_failed = 901,
  internal = 902,
  stopped = 903,
  poison_record = 904,
};

/// What the reader of an error can do about it.
enum class Remedy : std::uint8_t { fix_config, fix_input, retry_later, reconnect, free_space, report_bug };

struct CodeInfo {
  Code code;
  std::string_view name;  ///< stable identifier, as in the `code` column of an errors port
  Remedy remedy;
  std::string_view title;    ///< one line
  std::string_view explain;  ///< the paragraphs `leat explain` prints
};

/// The one table of codes, sorted by number.
std::span<const CodeInfo> all_codes();

/// Never fails: an unknown number is described as `internal`.
const CodeInfo& describe(Code code);

/// "L0204"
std::string code_number(Code code);

}  // namespace leat
