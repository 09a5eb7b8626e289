#pragma once

#include "infer/infer_options.hpp"

namespace leat {

/// Asks a model behind an endpoint, by HTTP, for many rows at once; answers come when they come. What becomes
/// of each row is decided by Outcomes, in which order answers go by AnswerOrder; this holds the rows, speaks
/// with the endpoint and tells the engine. Rows under way are saved, and asked about again by who loads them.
/// Holds at most `queue` rows and what one batch adds.
std::unique_ptr<Actor> make_remote(const InferConfig& config);

}  // namespace leat
