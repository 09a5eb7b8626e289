#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leat::sim {

/// One run of the machinery behind `engine: remote` (Outcomes, AnswerOrder, saving and asking again) against
/// an endpoint that is slow, loses, duplicates, refuses, fails and answers what nobody asked, in a process
/// that dies: all by one seed, on a clock of its own.
struct EndpointOptions {
  std::uint64_t seed = 1;
  std::string mutant;  ///< what to break on purpose; empty: nothing
};

struct EndpointResult {
  std::vector<std::string> violations;
  std::vector<std::string> trace;
  // What happened, to know that enough did.
  std::uint64_t answered = 0, failed = 0, late = 0, refused_alone = 0;
  std::uint64_t retries = 0, unwanted = 0, given_up = 0, crashes = 0, breaker_opened = 0;
};

EndpointResult simulate_endpoint(const EndpointOptions& options);

/// The broken variants, each of which some seed must catch.
std::vector<std::string> endpoint_mutants();

}  // namespace leat::sim
