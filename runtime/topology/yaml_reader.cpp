#include "topology/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace leat {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;
constexpr std::size_t kDepthMax = 32;

// Builds nodes from yaml-cpp's events, which carry the mark of every scalar, key and collection.
class NodeBuilder final : public YAML::EventHandler {
 public:
  NodeBuilder(const std::string& text, const std::shared_ptr<const std::string>& file,
              Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      lines_.push_back(std::string_view(text).substr(at, end - at));
      at = end + 1;
    }
  }

  ConfigNode take() { return std::move(root_); }
  bool too_deep() const { return too_deep_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) refuse(mark, "a second document; put each topology into a file of its own");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_anchor(mark, anchor);
    ConfigNode node;
    node.place = place(mark);
    add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "an alias; write the value out");
    add({});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    ConfigNode node;
    node.kind = ConfigNode::Kind::scalar;
    node.place = place(mark);
    const char first = character(node.place);
    node.quoted = tag == "!";
    node.scalar = value;
    if (first == '|' || first == '>') move_to_block(node);
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
    std::optional<ConfigNode> key;  // maps: read, waiting for its value
  };

  Place place(const YAML::Mark& mark) const {
    return {file_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1), 0};
  }
  char character(const Place& at) const {
    return at.line <= lines_.size() && at.column <= lines_[at.line - 1].size()
               ? lines_[at.line - 1][at.column - 1]
               : '\0';
  }
  // A block scalar's text begins on the next line, behind its indentation.
  void move_to_block(ConfigNode& node) const {
    node.quoted = false;
    const std::size_t first = node.place.line;  // 0-based: the line after the indicator
    if (first >= lines_.size()) return;
    const std::size_t indentation = std::min(lines_[first].find_first_not_of(' '), lines_[first].size());
    node.place.line += 1;
    node.place.column = static_cast<std::uint32_t>(indentation + 1);
    while (!node.scalar.empty() && node.scalar.back() == '\n') node.scalar.pop_back();
  }
  std::uint32_t scalar_length(const ConfigNode& node) const {
    const std::string_view line =
        node.place.line <= lines_.size() ? lines_[node.place.line - 1] : std::string_view();
    const std::size_t rest = line.size() - std::min<std::size_t>(line.size(), node.place.column - 1);
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(node.scalar.size() + (node.quoted ? 2 : 0), 1,
                                                              std::max<std::size_t>(1, rest)));
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
    if (stack_.size() >= kDepthMax && !too_deep_) {
      too_deep_ = true;
      refuse(mark, "nesting deeper than 32");
    }
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
    if (const auto* twin = parent.node.find_entry(key.scalar)) {
      diagnostics_.error(Code::duplicate_key, key.place,
                         fmt::format("`{}` stands twice in this map", key.scalar), "",
                         fmt::format("the first is at line {}", twin->key_place.line));
      return;
    }
    parent.node.entries.push_back({std::move(key.scalar), key.place, std::move(value)});
  }

  std::shared_ptr<const std::string> file_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> lines_;
  std::vector<Open> stack_;
  ConfigNode root_;
  int documents_ = 0;
  bool too_deep_ = false;
};

}  // namespace

ConfigNode read_yaml(const std::string& text, const std::shared_ptr<const std::string>& file,
                     Diagnostics& diagnostics) {
  const Place start{file, 1, 1, 1};
  if (text.size() > kFileBytesMax) {
    diagnostics.error(Code::too_large, start,
                      fmt::format("the file has {} bytes; a topology may have 1 MiB", text.size()));
    return {};
  }
  if (text.find('\t') != std::string::npos) {
    // yaml-cpp's words for a tab in the indentation help nobody.
    std::uint32_t line = 1;
    for (std::size_t at = 0; at < text.size(); ++line) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::size_t first = text.find_first_not_of(' ', at);
      if (first < end && text[first] == '\t')
        diagnostics.error(Code::invalid_yaml, {file, line, static_cast<std::uint32_t>(first - at + 1), 1},
                          "a tab in the indentation", "use spaces");
      at = end + 1;
    }
    if (!diagnostics.ok()) return {};
  }
  NodeBuilder builder(text, file, diagnostics);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const Place place{file, static_cast<std::uint32_t>(std::max(0, error.mark.line) + 1),
                      static_cast<std::uint32_t>(std::max(0, error.mark.column) + 1), 1};
    if (!builder.too_deep()) diagnostics.error(Code::invalid_yaml, place, error.msg);
  }
  return builder.take();
}

}  // namespace leat
