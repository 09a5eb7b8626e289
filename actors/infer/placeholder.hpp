#pragma once

#include <leat/batch.hpp>

namespace leat {

/// One row of zeros, to keep the place of a row that nothing answers.
Batch placeholder(const SchemaPtr& schema);

}  // namespace leat
