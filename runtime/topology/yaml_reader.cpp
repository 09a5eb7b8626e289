#include "topology/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "topology/source_text.hpp"

namespace leat {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;
constexpr std::size_t kDepthMax = 32;
constexpr std::string_view kOpenQuote = "this quote is never closed";
constexpr std::string_view kOpenMap = "this `{` is never closed";
constexpr std::string_view kOpenList = "this `[` is never closed";

// Builds nodes from yaml-cpp's events, which carry the mark of every scalar, key and collection.
class NodeBuilder final : public YAML::EventHandler {
 public:
  NodeBuilder(const SourceText& source, const std::shared_ptr<const std::string>& file,
              Diagnostics& diagnostics)
      : source_(source), file_(file), diagnostics_(diagnostics) {
    root_.place = last_ = {file_, 1, 1, 1};
  }

  ConfigNode take() { return std::move(root_); }
  /// A second document has begun; it was refused, and there is nothing more to say.
  bool done() const { return documents_ > 1; }
  /// The first collection that is nested too deep.
  const std::optional<Place>& too_deep() const { return too_deep_; }
  /// The innermost `{` or `[` that is still open; not known() if there is none.
  Place open_bracket() const {
    for (auto open = stack_.rbegin(); open != stack_.rend(); ++open)
      if (const char c = source_.at(open->node.place); c == '{' || c == '[') return open->node.place;
    return {};
  }
  /// Behind what was read last.
  const Place& last() const { return last_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1)
      begin_ = mark.pos;
    else if (mark.pos == begin_)  // yaml-cpp took nothing of it, and never will
      diagnostics_.error(Code::invalid_yaml, place(mark), "a topology can't begin with this");
    else
      refuse(mark, "a second document; put each topology into a file of its own");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_anchor(mark, anchor);
    ConfigNode node;
    node.place = place(mark);
    // The mark of an absent value is that of whatever follows it.
    for (const std::string_view word : {"~", "null", "Null", "NULL"})
      if (source_.rest(node.place).starts_with(word)) node.scalar = word;
    node.place.length = static_cast<std::uint32_t>(node.scalar.size());
    add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases; write the value out");
    ConfigNode node;
    node.place = place(mark);
    add(std::move(node));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    ConfigNode node;
    node.kind = ConfigNode::Kind::scalar;
    node.place = place(mark);
    const char first = source_.at(node.place);
    node.quoted = tag == "!";
    node.scalar = value;
    if (first == '|' || first == '>') move_to_block(node);
    check_quotes(node);
    node.place.length = scalar_length(node);
    if (!node.quoted && (value == "~" || value == "null") && tag != "!") node.kind = ConfigNode::Kind::null;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, ConfigNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    ConfigNode node;
    std::optional<ConfigNode> key;                         // maps: read, waiting for its value
    std::unordered_map<std::string, std::uint32_t> lines;  // maps: of the keys so far
  };

  Place place(const YAML::Mark& mark) const {
    return {file_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1), 0};
  }
  // A block scalar's text begins on the next line that is not blank, behind its indentation.
  void move_to_block(ConfigNode& node) const {
    node.quoted = false;
    while (!node.scalar.empty() && node.scalar.back() == '\n') node.scalar.pop_back();
    for (std::uint32_t line = node.place.line + 1; line <= source_.line_count(); ++line) {
      const std::size_t indentation = source_.line(line).find_first_not_of(" \r");
      if (indentation == std::string_view::npos) continue;
      node.place.line = line;
      node.place.column = static_cast<std::uint32_t>(indentation + 1);
      return;
    }
  }
  // yaml-cpp takes the end of the file for the end of a quoted text.
  void check_quotes(const ConfigNode& node) {
    if (node.quoted && !source_.closing_quote(node.place).known())
      diagnostics_.error(Code::invalid_yaml, node.place, std::string(kOpenQuote));
  }
  std::uint32_t scalar_length(const ConfigNode& node) const {
    const std::size_t line = source_.line(node.place.line).size();
    const std::size_t rest = line - std::min<std::size_t>(line, node.place.column - 1);
    std::size_t length = node.scalar.size();
    if (node.quoted) {
      const Place end = source_.closing_quote(node.place);
      length = end.line == node.place.line ? end.column - node.place.column + 1 : rest;
    }
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(length, 1, std::max<std::size_t>(1, rest)));
  }

  void refuse(const YAML::Mark& mark, std::string what) {
    diagnostics_.error(Code::invalid_yaml, place(mark), "Leat does not read " + std::move(what));
  }
  void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors; write the value out");
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, fmt::format("tags; remove `{}`", tag));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, ConfigNode::Kind kind) {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    if (stack_.size() >= kDepthMax && !too_deep_) too_deep_ = place(mark);
    Open open;
    open.node.kind = kind;
    open.node.place = place(mark);
    open.node.place.length = 1;
    stack_.push_back(std::move(open));
  }

  void close() {
    ConfigNode node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node));
  }

  void add(ConfigNode node) {
    if (node.kind == ConfigNode::Kind::scalar) {
      last_ = node.place;
      last_.column += node.place.length;
    }
    if (stack_.empty()) {
      if (documents_ <= 1) root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == ConfigNode::Kind::list) return parent.node.items.push_back(std::move(node));
    if (!parent.key) {
      if (node.kind == ConfigNode::Kind::list || node.kind == ConfigNode::Kind::map)
        diagnostics_.error(Code::invalid_yaml, node.place, "a key must be a plain word");
      if (node.kind == ConfigNode::Kind::null) node.scalar = "null";
      parent.key = std::move(node);
      return;
    }
    add_entry(parent, std::move(node));
  }

  void add_entry(Open& parent, ConfigNode value) {
    ConfigNode key = *std::move(parent.key);
    parent.key.reset();
    // What has no text of its own on the key's line, an absent value or a block, is shown at its key.
    const bool absent = value.kind == ConfigNode::Kind::null && value.scalar.empty();
    const bool block = (value.kind == ConfigNode::Kind::map || value.kind == ConfigNode::Kind::list) &&
                       value.place.line != key.place.line;
    if (absent || block) value.place = key.place;
    const auto [twin, first] = parent.lines.try_emplace(key.scalar, key.place.line);
    if (!first) {
      diagnostics_.error(Code::duplicate_key, key.place,
                         fmt::format("`{}` stands twice in this map", key.scalar), "",
                         fmt::format("the first is at line {}", twin->second));
      return;
    }
    parent.node.entries.push_back({std::move(key.scalar), key.place, std::move(value)});
  }

  const SourceText& source_;
  std::shared_ptr<const std::string> file_;
  Diagnostics& diagnostics_;
  std::vector<Open> stack_;
  ConfigNode root_;
  int documents_ = 0;
  int begin_ = 0;  // of the first
  std::optional<Place> too_deep_;
  Place last_;
};

// yaml-cpp's words, and ours.
struct Words {
  std::string_view theirs;
  std::string_view ours;
};
constexpr std::array kWords{
    Words{"end of map flow not found", kOpenMap},
    Words{"end of sequence flow not found", kOpenList},
    Words{"end of map not found", "a line that is neither `key: value` nor deeper than the key above it"},
    Words{"end of sequence not found", "a line among list items that does not begin with `- `"},
    Words{"illegal flow end", "this bracket closes nothing"},
    Words{"illegal block entry", "a `- ` item can't begin here; put it on a line of its own"},
    Words{"illegal map key", "a key can't begin here; put it on a line of its own, below its neighbours"},
    Words{"illegal map value",
          "a `:` that begins no value here; align the key with its neighbours, or quote the text"},
    Words{"illegal EOF in scalar", kOpenQuote},
    Words{"illegal document indicator in scalar", kOpenQuote},
    Words{"the referenced anchor is not defined", "Leat does not read aliases; write the value out"},
};

// yaml-cpp tells where the file ends; the user looks for the quote that opens.
Place opening_quote(const SourceText& source, Place after) {
  for (; after.line <= source.line_count(); after.line += 1, after.column = 1) {
    const std::size_t quote = source.rest(after).find_first_of("\"'");
    if (quote == std::string_view::npos) continue;
    after.column += static_cast<std::uint32_t>(quote);
    after.length = 1;
    return after;
  }
  return {};
}

// `{ name: string? }`: natural to write, but no YAML.
Place bare_question_mark(const SourceText& source, Place from) {
  const std::string_view rest = source.rest(from);
  for (std::size_t at = 0; at + 1 < rest.size(); ++at)
    if (rest[at] == '?' && std::string_view(" ,}").find(rest[at + 1]) != std::string_view::npos) {
      from.column += static_cast<std::uint32_t>(at);
      from.length = 1;
      return from;
    }
  return {};
}

std::string plain_words(const YAML::Exception& error, const SourceText& source, const Place& place) {
  if (error.msg == "unknown token") {
    const char c = source.at(place);
    if (c == '|' || c == '>') return "a block of text can't stand inside `{}` or `[]`; quote the text";
    return fmt::format("`{}` can't begin a value; put the value in quotes", c == '\0' ? ' ' : c);
  }
  for (const Words& words : kWords)
    if (error.msg == words.theirs) return std::string(words.ours);
  return error.msg;
}

void check_size(const std::string& text, const Place& start, Diagnostics& diagnostics) {
  if (text.size() > kFileBytesMax)
    diagnostics.error(Code::too_large, start, "a topology may have 1 MiB; this file has more");
}

// What yaml-cpp would take for text, or describe in words that help nobody.
void check_characters(const SourceText& source, const Place& start, Diagnostics& diagnostics) {
  for (std::uint32_t number = 1; number <= source.line_count(); ++number) {
    const std::string_view line = source.line(number);
    Place place{start.file, number, 1, 1};
    const std::size_t first = line.find_first_not_of(' ');
    if (first < line.size() && line[first] == '\t') {
      place.column = static_cast<std::uint32_t>(first + 1);
      diagnostics.error(Code::invalid_yaml, place, "a tab in the indentation", "use spaces");
    }
    if (const auto bad = first_unreadable(line)) {
      place.column = static_cast<std::uint32_t>(*bad + 1);
      diagnostics.error(Code::invalid_yaml, place, "this is not UTF-8 text");
      return;
    }
  }
}

}  // namespace

ConfigNode read_yaml(const std::string& text, const std::shared_ptr<const std::string>& file,
                     Diagnostics& diagnostics) {
  const Place start{file, 1, 1, 1};
  const SourceText source(text);
  check_size(text, start, diagnostics);
  if (diagnostics.ok()) check_characters(source, start, diagnostics);
  if (!diagnostics.ok()) return {};
  NodeBuilder builder(source, file, diagnostics);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (!builder.done() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    Place place{file, static_cast<std::uint32_t>(std::max(0, error.mark.line) + 1),
                static_cast<std::uint32_t>(std::max(0, error.mark.column) + 1), 1};
    const std::string message = plain_words(error, source, place);
    if (message == kOpenQuote)
      if (const Place quote = opening_quote(source, builder.last()); quote.known()) place = quote;
    if (message == kOpenMap || message == kOpenList)
      if (const Place bracket = builder.open_bracket(); bracket.known()) place = bracket;
    const bool open_map = message == kOpenMap || source.at(place) == '?';
    if (const Place question = bare_question_mark(source, place); open_map && question.known()) {
      diagnostics.error(Code::invalid_yaml, question, "inside `{}`, YAML reads this `?` as its own",
                        "quote the type: 'string?'");
      return builder.take();
    }
    if (!builder.too_deep() || dynamic_cast<const YAML::DeepRecursion*>(&error) == nullptr) {
      diagnostics.error(Code::invalid_yaml, place, message);
      return builder.take();
    }
  }
  if (builder.too_deep())
    diagnostics.error(Code::invalid_yaml, *builder.too_deep(), "Leat does not read nesting deeper than 32");
  return builder.take();
}

}  // namespace leat
