// `tests:` to TopologyTest: names are looked up, rows take the types of their ports.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "testing/bench.hpp"
#include "testing/stub_reader.hpp"
#include "testing/test_options.hpp"
#include "testing/topology_test.hpp"
#include "topology/substitution.hpp"
#include "topology/yaml_reader.hpp"

namespace leat {
namespace {

// One test: collects what it replaces and looks at while its steps are read.
class TestReader {
 public:
  TestReader(const Topology& topology, TestContext& context)
      : topology_(topology), context_(context), diagnostics_(context.diagnostics()) {}

  TopologyTest read(const ConfigNode& node) {
    TestOptions options;
    test_.place = node.place;
    read_fields(node, test_fields().list(), &options, context_);
    test_.name = options.name;
    if (const ConfigNode* name = node.find("name")) test_.place = name->place;
    if (const Result<Time> start = parse_time(options.start); !start)
      diagnostics_.error(Code::bad_value, node.find("start")->place, start.error().message);
    else if (*start < Bench::kBegin || *start > Bench::kEnd)
      diagnostics_.error(Code::bad_value, node.find("start")->place,
                         "the clock shows times from 1970 to 2149");
    else
      test_.start = *start;
    if (options.stub.given()) read_stubs(options.stub.node);
    if (const ConfigNode* run = node.find("run")) read_run(*run);
    if (options.steps.given()) read_steps(options.steps.node);
    return std::move(test_);
  }

 private:
  void read_stubs(const ConfigNode& node) {
    if (node.kind != ConfigNode::Kind::map)
      return detail::wrong_type(node, "a map from actor to what it answers", context_);
    for (const ConfigNode::Entry& entry : node.entries)
      if (const auto actor = context_.find_actor(entry.key, entry.key_place))
        if (auto plan = read_stub(topology_, *actor, entry, context_))
          test_.plan.stubs.emplace(*actor, *std::move(plan));
  }

  void read_run(const ConfigNode& node) {
    const auto add = [&](const ConfigNode& name) {
      if (name.kind != ConfigNode::Kind::scalar) return;
      if (const auto actor = context_.find_actor(name.scalar, name.place)) test_.plan.run.push_back(*actor);
    };
    add(node);
    for (const ConfigNode& item : node.items) add(item);
  }

  void read_steps(const ConfigNode& node) {
    if (node.kind != ConfigNode::Kind::list)
      return detail::wrong_type(node, "a list of steps, such as `- emit: actor`", context_);
    find_feeds(node);
    for (const ConfigNode& item : node.items) read_step(item);
    if (std::ranges::none_of(node.items,
                             [](const ConfigNode& item) { return item.find("expect") != nullptr; }))
      diagnostics_.error(Code::missing_key, node.place, "this test expects nothing",
                         "end it with `- expect: ACTOR` and `rows:`");
  }

  // Watermarks and ends may name what is fed only by a later step.
  void find_feeds(const ConfigNode& steps) {
    for (const ConfigNode& item : steps.items)
      for (const char* verb : {"emit", "feed"})
        if (const ConfigNode* value = item.find(verb);
            value != nullptr && value->kind == ConfigNode::Kind::scalar)
          find_feed(*value, verb[0] == 'e');
    for (const FeedPoint& feed : test_.plan.feeds) check_conflicts(feed);
  }

  void find_feed(const ConfigNode& value, bool emits) {
    const auto point = emits ? context_.find_output(value) : context_.find_input(value);
    if (!point) return;
    const FeedPoint feed{emits ? FeedPoint::Kind::output : FeedPoint::Kind::input, point->actor,
                         emits ? std::uint8_t{0} : point->port};
    if (std::ranges::find(test_.plan.feeds, feed) != test_.plan.feeds.end()) return;
    test_.plan.feeds.push_back(feed);
    feed_places_.push_back(value.place);
  }

  void check_conflicts(const FeedPoint& feed) {
    if (feed.kind != FeedPoint::Kind::output) return;
    const std::string& name = topology_.actors[feed.actor].name;
    const Place& place = feed_places_[static_cast<std::size_t>(&feed - test_.plan.feeds.data())];
    const auto refuse = [&](std::string_view what) {
      diagnostics_.error(Code::bad_value, place,
                         fmt::format("`emit` replaces `{}`, so it can't be {} in the same test", name, what));
    };
    if (test_.plan.stubs.contains(feed.actor)) refuse("a stub");
    if (std::ranges::find(test_.plan.run, feed.actor) != test_.plan.run.end()) refuse("run");
    for (const FeedPoint& other : test_.plan.feeds)
      if (other.kind == FeedPoint::Kind::input && other.actor == feed.actor) refuse("fed");
  }

  void read_step(const ConfigNode& node) {
    StepOptions options;
    const std::size_t before = diagnostics_.error_count();
    read_fields(node, step_fields().list(), &options, context_);
    if (diagnostics_.error_count() != before) return;
    const StepVerb* verb = find_verb(node);
    if (verb == nullptr) return;
    const ConfigNode& value = *node.find(verb->name);
    TestStep step{value.place, {}};
    if (verb->name == "emit" || verb->name == "feed") {
      if (!read_send(node, value, verb->name == "emit", step)) return;
    } else if (verb->name == "advance") {
      step.what = test_step::Advance{options.advance};
    } else if (verb->name == "watermark") {
      step.what = read_watermark(value);
    } else if (verb->name == "end") {
      step.what = read_end(value);
    } else if (!read_expect(node, value, options, step)) {
      return;
    }
    test_.steps.push_back(std::move(step));
  }

  const StepVerb* find_verb(const ConfigNode& node) {
    const StepVerb* found = nullptr;
    for (const StepVerb& verb : step_verbs()) {
      const ConfigNode::Entry* entry = node.find_entry(verb.name);
      if (entry == nullptr) continue;
      if (found != nullptr) {
        diagnostics_.error(
            Code::bad_value, entry->key_place,
            fmt::format("`{}` and `{}` are two steps; write them as two", found->name, verb.name));
        return nullptr;
      }
      found = &verb;
    }
    if (found == nullptr) {
      diagnostics_.error(Code::missing_key, node.place,
                         "a step is one of `emit`, `feed`, `advance`, `watermark`, `end` and `expect`");
      return nullptr;
    }
    for (const ConfigNode::Entry& entry : node.entries)
      if (entry.key != found->name && std::ranges::find(found->beside, entry.key) == found->beside.end())
        diagnostics_.error(Code::unknown_key, entry.key_place,
                           fmt::format("`{}` does not belong to `{}`", entry.key, found->name));
    return found;
  }

  bool read_send(const ConfigNode& node, const ConfigNode& value, bool emits, TestStep& step) {
    const auto point = emits ? context_.find_output(value) : context_.find_input(value);
    if (!point) return false;
    const ConfigNode* rows = node.find("rows");
    if (rows == nullptr) {
      diagnostics_.error(Code::missing_key, value.place, "`rows` is missing: what comes");
      return false;
    }
    const SchemaPtr schema = emits ? topology_.actors[point->actor].outputs[point->port].schema
                                   : input_schema(topology_, point->actor, point->port);
    const FeedPoint feed{emits ? FeedPoint::Kind::output : FeedPoint::Kind::input, point->actor,
                         emits ? std::uint8_t{0} : point->port};
    const auto at = std::ranges::find(test_.plan.feeds, feed) - test_.plan.feeds.begin();
    step.what = test_step::Send{static_cast<std::size_t>(at), emits ? point->port : std::uint8_t{0},
                                read_rows(*rows, schema, false, diagnostics_)};
    return true;
  }

  // The feeds that a name stands for: the actor's outputs, or its fed inputs.
  std::vector<std::size_t> feeds_of(const ConfigNode& name) {
    std::vector<std::size_t> found;
    const std::size_t dot = std::min(name.scalar.find('.'), name.scalar.size());
    const auto actor = context_.find_actor(name.scalar.substr(0, dot), name.place);
    if (!actor) return found;
    for (std::size_t at = 0; at < test_.plan.feeds.size(); ++at) {
      const FeedPoint& feed = test_.plan.feeds[at];
      if (feed.actor != *actor) continue;
      if (dot < name.scalar.size() &&
          (feed.kind != FeedPoint::Kind::input ||
           topology_.actors[*actor].kind->inputs[feed.port].name != name.scalar.substr(dot + 1)))
        continue;
      found.push_back(at);
    }
    if (found.empty())
      diagnostics_.error(Code::bad_value, name.place,
                         fmt::format("no step feeds `{}`, so the test does not own its time", name.scalar),
                         fmt::format("add `- emit: {}` with `rows: []`", name.scalar.substr(0, dot)));
    return found;
  }

  std::optional<Time> read_time(const ConfigNode& node) {
    if (node.kind == ConfigNode::Kind::scalar)
      if (const Result<Time> time = parse_time(node.scalar)) return *time;
    diagnostics_.error(Code::wrong_type, node.place, "expected a time, such as 2026-01-01T00:00:00Z");
    return std::nullopt;
  }

  test_step::Watermark read_watermark(const ConfigNode& value) {
    test_step::Watermark step;
    if (value.kind == ConfigNode::Kind::map) {
      for (const ConfigNode::Entry& entry : value.entries) {
        ConfigNode name;
        name.scalar = entry.key;
        name.place = entry.key_place;
        const auto time = read_time(entry.value);
        for (const std::size_t feed : feeds_of(name))
          if (time) step.feeds.emplace_back(feed, *time);
      }
    } else if (const auto time = read_time(value)) {
      for (std::size_t feed = 0; feed < test_.plan.feeds.size(); ++feed) step.feeds.emplace_back(feed, *time);
    }
    return step;
  }

  test_step::End read_end(const ConfigNode& value) {
    test_step::End step;
    const auto add = [&](const ConfigNode& name) {
      if (name.kind != ConfigNode::Kind::scalar)
        return detail::wrong_type(name, "the name of an actor", context_);
      const std::vector<std::size_t> found = feeds_of(name);
      step.feeds.insert(step.feeds.end(), found.begin(), found.end());
    };
    if (value.kind == ConfigNode::Kind::list)
      for (const ConfigNode& item : value.items) add(item);
    else if (value.kind != ConfigNode::Kind::null)
      add(value);
    return step;
  }

  bool read_expect(const ConfigNode& node, const ConfigNode& value, const StepOptions& options,
                   TestStep& step) {
    const auto point = context_.find_output(value);
    if (!point) return false;
    test_step::Expect expect;
    expect.capture = capture(*point);
    expect.rule = {options.unordered, options.within};
    const ConfigNode *rows = node.find("rows"), *partial = node.find("partial"), *count = node.find("count");
    if ((rows != nullptr) + (partial != nullptr) + (count != nullptr) != 1) {
      diagnostics_.error(Code::bad_value, value.place, "`expect` needs one of `rows`, `partial` and `count`",
                         "", "`rows: []` means that nothing came");
      return false;
    }
    const SchemaPtr& schema = topology_.actors[point->actor].outputs[point->port].schema;
    if (count != nullptr)
      FieldTraits<std::uint64_t>::read(*count, expect.count.emplace(), context_);
    else
      expect.rows = read_rows(rows != nullptr ? *rows : *partial, schema, partial != nullptr, diagnostics_);
    step.what = std::move(expect);
    return true;
  }

  std::size_t capture(const OutputPoint& point) {
    auto& captures = test_.plan.captures;
    const auto found = std::ranges::find(captures, point);
    if (found != captures.end()) return static_cast<std::size_t>(found - captures.begin());
    captures.push_back(point);
    return captures.size() - 1;
  }

  const Topology& topology_;
  TestContext& context_;
  Diagnostics& diagnostics_;
  TopologyTest test_;
  std::vector<Place> feed_places_;
};

// `tests: FILE`: the list stands in a file of its own.
ConfigNode read_file(const ConfigNode& name, const Topology& topology, Diagnostics& diagnostics) {
  const std::filesystem::path path = std::filesystem::path(topology.file).parent_path() / name.scalar;
  std::ifstream stream(path);
  if (!stream) {
    diagnostics.error(Code::input_missing, name.place, fmt::format("no file {}", path.string()));
    return {};
  }
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  ConfigNode list = read_yaml(text, std::make_shared<const std::string>(path.string()), diagnostics);
  std::vector<std::string> secrets;
  substitute(list, {}, secrets, diagnostics);
  return list;
}

}  // namespace

std::vector<TopologyTest> read_tests(const Topology& topology, Diagnostics& diagnostics) {
  std::vector<TopologyTest> tests;
  const ConfigNode* node = topology.source.find("tests");
  if (node == nullptr) return tests;
  ConfigNode from_file;
  if (node->kind == ConfigNode::Kind::scalar) {
    const std::size_t before = diagnostics.error_count();
    from_file = read_file(*node, topology, diagnostics);
    if (diagnostics.error_count() != before) return tests;
    node = &from_file;
  }
  TestContext context(topology, diagnostics);
  if (node->kind != ConfigNode::Kind::list) {
    detail::wrong_type(*node, "a list of tests, each beginning with `- name:`", context);
    return tests;
  }
  std::set<std::string> names;
  for (const ConfigNode& item : node->items) {
    tests.push_back(TestReader(topology, context).read(item));
    const TopologyTest& test = tests.back();
    if (!test.name.empty() && !names.insert(test.name).second)
      diagnostics.error(Code::duplicate_key, test.place, "an earlier test has this name");
  }
  return tests;
}

}  // namespace leat
