// Who feeds whom, and in which order: names and cycles. Ports come later, when their schemas are known.
#include <fmt/format.h>

#include <algorithm>

#include "topology/reader.hpp"

namespace leat {
namespace {

// Depth-first over producers; `path` is the way we came, for the message about a circle. Actors in a circle
// are not described: none of them can be the first.
class Ordering {
 public:
  Ordering(std::vector<ActorDraft>& drafts, Reader& reader)
      : drafts_(drafts), reader_(reader), state_(drafts.size(), State::unseen) {}

  std::vector<std::size_t> order() {
    for (std::size_t actor = 0; actor < drafts_.size(); ++actor) visit(actor);
    return std::move(order_);
  }

 private:
  enum class State : std::uint8_t { unseen, open, done };

  void visit(std::size_t actor) {
    if (state_[actor] == State::done) return;
    state_[actor] = State::open;
    path_.push_back(actor);
    for (const LinkSpec& link : reader_.topology().links) {
      if (link.to != actor || link.feedback) continue;
      if (state_[link.from] == State::open)
        report(link);
      else
        visit(link.from);
    }
    path_.pop_back();
    state_[actor] = State::done;
    order_.push_back(actor);
  }

  void report(const LinkSpec& link) {
    const auto& actors = reader_.topology().actors;
    std::string circle = actors[link.from].name;
    const auto begin = std::ranges::find(path_, link.from);
    for (auto at = path_.end(); at != begin;) {
      circle = fmt::format("{} -> {}", circle, actors[*--at].name);
      drafts_[*at].broken = true;
    }
    reader_.diagnostics().error(Code::cycle, link.place,
                                fmt::format("actors feed each other in a circle: {}", circle), "",
                                "say `feedback: true` at the link that leads back");
  }

  std::vector<ActorDraft>& drafts_;
  Reader& reader_;
  std::vector<State> state_;
  std::vector<std::size_t> path_;
  std::vector<std::size_t> order_;
};

// What lies between the head of a loop and the producer that leads back to it, by actor.
std::vector<bool> loop_of(const Topology& topology, const LinkSpec& back) {
  const auto reach = [&](std::size_t begin, bool downstream) {
    std::vector<bool> seen(topology.actors.size(), false);
    std::vector<std::size_t> open{begin};
    for (seen[begin] = true; !open.empty();) {
      const std::size_t at = open.back();
      open.pop_back();
      for (const LinkSpec& link : topology.links) {
        const std::size_t here = downstream ? link.from : link.to, next = downstream ? link.to : link.from;
        if (link.feedback || here != at || seen[next]) continue;
        seen[next] = true;
        open.push_back(next);
      }
    }
    return seen;
  };
  std::vector<bool> loop = reach(back.to, true);
  const std::vector<bool> before = reach(back.from, false);
  for (std::size_t at = 0; at < loop.size(); ++at) loop[at] = loop[at] && before[at];
  return loop;
}

// Each loop ends by itself, which takes one head and no other loop inside.
void check_loops(const Topology& topology, std::vector<ActorDraft>& drafts, Diagnostics& diagnostics) {
  std::vector<std::pair<const LinkSpec*, std::vector<bool>>> loops;
  for (const LinkSpec& link : topology.links) {
    if (!link.feedback) continue;
    if (topology.delivery != Delivery::best_effort)
      diagnostics.error(Code::feature_missing, link.place,
                        "checkpoints do not keep the rows that are under way in a loop",
                        "write `delivery: best_effort`, or remove the loop");
    std::vector<bool> loop = loop_of(topology, link);
    const std::string &from = topology.actors[link.from].name, &to = topology.actors[link.to].name;
    const bool complete = std::ranges::none_of(drafts, &ActorDraft::broken);  // else a link may be missing
    if (!loop[link.from] && complete) {
      drafts[link.to].broken = true;
      diagnostics.error(Code::cycle, link.place,
                        fmt::format("`{}` does not feed `{}`, so nothing is led back here", to, from),
                        "remove `feedback: true`");
    }
    for (const auto& [other, actors] : loops)
      for (std::size_t at = 0; at < loop.size() && other->to != link.to; ++at)
        if (loop[at] && actors[at]) {
          diagnostics.error(Code::cycle, link.place,
                            fmt::format("this loop and the one back to `{}` both pass through `{}`",
                                        topology.actors[other->to].name, topology.actors[at].name),
                            "", "loops that share an actor must lead back to the same actor");
          break;
        }
    loops.emplace_back(&link, std::move(loop));
  }
}

std::vector<std::string> actor_names(const Topology& topology) {
  std::vector<std::string> names;
  for (const ActorSpec& actor : topology.actors) names.push_back(actor.name);
  return names;
}

}  // namespace

void link_actors(std::vector<ActorDraft>& drafts, Reader& reader) {
  Topology& topology = reader.topology();
  const std::vector<std::string> names = actor_names(topology);
  for (std::size_t to = 0; to < drafts.size(); ++to)
    for (InputDraft& input : drafts[to].inputs) {
      const std::size_t dot = std::min(input.options.from.find('.'), input.options.from.size());
      const std::string from = input.options.from.substr(0, dot);
      const auto found = std::ranges::find(names, from);
      if (found == names.end()) {
        drafts[to].broken = true;
        // The suggestion keeps the port, so that it can be pasted.
        std::string suggestion = suggest(from, names);
        if (!suggestion.empty()) suggestion.insert(suggestion.rfind('`'), input.options.from.substr(dot));
        reader.diagnostics().error(Code::unknown_actor, input.place,
                                   fmt::format("no actor or port named `{}`", input.options.from),
                                   std::move(suggestion), fmt::format("actors: {}", fmt::join(names, ", ")));
        continue;
      }
      for (const InputDraft& other : drafts[to].inputs)
        if (&other < &input && other.to_port == input.to_port && other.options.from == input.options.from)
          reader.diagnostics().error(
              Code::wrong_inputs, input.place,
              fmt::format("`{}` stands twice: each row would come twice; remove one", input.options.from));
      LinkSpec link;
      link.place = input.place;
      link.from = static_cast<std::size_t>(found - names.begin());
      link.to = to;
      link.to_port = input.to_port;
      link.route = input.options.route;
      link.feedback = input.options.feedback;
      if (!input.options.key.empty()) link.keys = {input.options.key};
      link.queue = input.options.queue.value_or(QueueLimit{});
      if (link.queue.max.count == 0 || link.queue.max_bytes.count == 0)
        reader.diagnostics().error(Code::bad_value, input.place,
                                   "a queue holds at least one row and one byte");
      input.link = topology.links.size();
      topology.links.push_back(std::move(link));
    }
  check_loops(topology, drafts, reader.diagnostics());
  topology.order = Ordering(drafts, reader).order();
}

}  // namespace leat
