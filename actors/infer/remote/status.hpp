#pragma once

#include "infer/remote/http_calls.hpp"
#include "infer/remote/outcomes.hpp"

namespace leat {

/// What a call that was not answered with 2xx means for its rows. `place`: the endpoint, for the error.
AttemptFailure failure_of(const HttpAnswer& answer, const std::string& place);

}  // namespace leat
