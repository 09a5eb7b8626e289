#include "testing/excerpt.hpp"

#include <algorithm>
#include <set>

namespace leat {
namespace {

class Cutter {
 public:
  Cutter(const Topology& whole, ExcerptPlan plan) : whole_(whole), plan_(std::move(plan)) {}

  Excerpt cut() {
    copy_settings();
    for (const FeedPoint& feed : plan_.feeds) reach(feed.actor);
    for (const OutputPoint& capture : plan_.captures) reach(capture.actor);
    for (const std::size_t actor : plan_.run) reach(actor);
    add_actors();
    add_links();
    add_feeds();
    add_captures();
    return std::move(excerpt_);
  }

 private:
  static constexpr std::size_t kAbsent = SIZE_MAX;

  void copy_settings() {
    Topology& part = excerpt_.topology;
    part = whole_;
    part.actors.clear();
    part.links.clear();
    part.order.clear();
    part.hosts.clear();
    excerpt_.feeds.resize(plan_.feeds.size());
    excerpt_.captures.resize(plan_.captures.size());
  }

  std::optional<std::size_t> feed_at(FeedPoint point) const {
    const auto found = std::ranges::find(plan_.feeds, point);
    if (found == plan_.feeds.end()) return std::nullopt;
    return static_cast<std::size_t>(found - plan_.feeds.begin());
  }
  bool emitted(std::size_t actor) const { return feed_at({FeedPoint::Kind::output, actor, 0}).has_value(); }
  bool cut_off(const LinkSpec& link) const {
    return feed_at({FeedPoint::Kind::input, link.to, link.to_port}).has_value();
  }

  // The actor and, unless it is replaced, what leads to it.
  void reach(std::size_t actor) {
    if (!reached_.insert(actor).second || emitted(actor)) return;
    for (const LinkSpec& link : whole_.links)
      if (link.to == actor && !cut_off(link)) reach(link.from);
  }

  void add_actors() {
    new_index_.assign(whole_.actors.size(), kAbsent);
    for (const std::size_t actor : whole_.order) {
      if (!reached_.contains(actor)) continue;
      new_index_[actor] = add(replaced(actor));
    }
  }

  ActorSpec replaced(std::size_t actor) {
    const ActorSpec& original = whole_.actors[actor];
    if (const auto feed = feed_at({FeedPoint::Kind::output, actor, 0})) {
      excerpt_.feeds[*feed] = std::make_shared<FeedQueue>();
      ActorSpec spec = excerpt_.stand_ins.feed(original.name, original.outputs, excerpt_.feeds[*feed]);
      spec.event_time = original.event_time;
      return spec;
    }
    if (const auto stub = plan_.stubs.find(actor); stub != plan_.stubs.end())
      return excerpt_.stand_ins.stub(original, std::move(stub->second));
    excerpt_.kept.push_back(actor);
    return original;
  }

  std::size_t add(ActorSpec spec) {
    spec.host.clear();
    excerpt_.topology.order.push_back(excerpt_.topology.actors.size());
    excerpt_.topology.actors.push_back(std::move(spec));
    return excerpt_.topology.actors.size() - 1;
  }

  void add_links() {
    for (LinkSpec link : whole_.links) {
      const bool runs = new_index_[link.to] != kAbsent && new_index_[link.from] != kAbsent;
      if (!runs || emitted(link.to) || cut_off(link)) continue;
      link.from = new_index_[link.from];
      link.to = new_index_[link.to];
      excerpt_.topology.links.push_back(std::move(link));
    }
  }

  void add_feeds() {
    for (std::size_t at = 0; at < plan_.feeds.size(); ++at) {
      const FeedPoint& point = plan_.feeds[at];
      if (point.kind != FeedPoint::Kind::input) continue;
      excerpt_.feeds[at] = std::make_shared<FeedQueue>();
      const ActorSpec& actor = whole_.actors[point.actor];
      std::string name = actor.name + "." + std::string(actor.kind->inputs[point.port].name);
      LinkSpec link = link_into(point);
      link.from = add(excerpt_.stand_ins.feed(
          std::move(name), {{"out", input_schema(whole_, point.actor, point.port)}}, excerpt_.feeds[at]));
      std::rotate(excerpt_.topology.order.begin(), excerpt_.topology.order.end() - 1,
                  excerpt_.topology.order.end());  // a producer comes first
      link.from_port = 0;
      link.to = new_index_[point.actor];
      excerpt_.topology.links.push_back(std::move(link));
    }
  }

  // Keeps how rows are spread over the actor's instances.
  LinkSpec link_into(const FeedPoint& point) const {
    for (const LinkSpec& link : whole_.links)
      if (link.to == point.actor && link.to_port == point.port) return link;
    LinkSpec link;
    link.to_port = point.port;
    return link;
  }

  void add_captures() {
    for (std::size_t at = 0; at < plan_.captures.size(); ++at) {
      const OutputPoint& point = plan_.captures[at];
      excerpt_.captures[at] = std::make_shared<CaptureBuffer>();
      const ActorSpec& actor = whole_.actors[point.actor];
      LinkSpec link;
      link.from = new_index_[point.actor];
      link.from_port = point.port;
      link.to = add(excerpt_.stand_ins.capture(
          actor.name + "." + actor.outputs[point.port].name + ".captured", excerpt_.captures[at]));
      excerpt_.topology.links.push_back(std::move(link));
    }
  }

  const Topology& whole_;
  ExcerptPlan plan_;
  Excerpt excerpt_;
  std::set<std::size_t> reached_;
  std::vector<std::size_t> new_index_;
};

}  // namespace

Excerpt make_excerpt(const Topology& whole, ExcerptPlan plan) {
  return Cutter(whole, std::move(plan)).cut();
}

SchemaPtr input_schema(const Topology& topology, std::size_t actor, std::uint8_t port) {
  for (const LinkSpec& link : topology.links)
    if (link.to == actor && link.to_port == port)
      return topology.actors[link.from].outputs[link.from_port].schema;
  return nullptr;
}

std::optional<EventTimeSpec> event_time_before(const Topology& topology, std::size_t actor) {
  std::vector<std::size_t> queue{actor};
  for (std::size_t at = 0; at < queue.size(); ++at) {
    if (const auto& spec = topology.actors[queue[at]].event_time) return spec;
    for (const LinkSpec& link : topology.links)
      if (link.to == queue[at] && std::ranges::find(queue, link.from) == queue.end())
        queue.push_back(link.from);
  }
  return std::nullopt;
}

}  // namespace leat
