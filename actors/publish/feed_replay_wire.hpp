#pragma once

#include <leat/result.hpp>
#include <string>

#include "publish/feed_ring.hpp"

// Requests for items that a feed has published before, and the first frame of an answer, as
// docs/wire-format.md states them: one MessagePack map each.
namespace leat {

struct ReplayRequest {
  std::uint64_t id = 0;  ///< comes back in the answer
  std::string feed;      ///< empty: whichever is there
  FeedRing::Query query;
};

std::string write_replay_request(const ReplayRequest& request);
/// malformed_frame for anything else; what it does not know is passed over.
Result<ReplayRequest> read_replay_request(std::string_view bytes);

struct ReplayHeader {
  std::uint64_t id = 0;
  std::string feed;
  std::int64_t run = 0;
  std::uint64_t oldest = 1, last = 0, next = 0;  ///< as in FeedRing::Answer
  std::string error, message;                    ///< an error's name and text; empty if there is none
};

std::string write_replay_header(const ReplayHeader& header);
Result<ReplayHeader> read_replay_header(std::string_view bytes);

}  // namespace leat
