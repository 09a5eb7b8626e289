#pragma once

#include <simdjson.h>

#include <leat/result.hpp>
#include <string>

namespace leat {

/// Appends any JSON value as MessagePack; nested at most 32 deep.
Status pack_any(simdjson::ondemand::value& value, std::string& out);

}  // namespace leat
