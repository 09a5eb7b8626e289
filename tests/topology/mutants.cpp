#include "mutants.hpp"

#include <algorithm>
#include <set>

#include "topology/options.hpp"

namespace leat::testing {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What fingers do to a word: two letters swapped, one left out, one doubled, one hit beside. Words of two
// letters are too short to be recognized.
std::vector<std::string> typos(const std::string& word) {
  std::vector<std::string> out;
  if (word.size() < 3) return out;
  const std::size_t middle = word.size() / 2;
  std::string swapped = word, missing = word, doubled = word, beside = word;
  std::swap(swapped[middle - 1], swapped[middle]);
  missing.erase(middle, 1);
  doubled.insert(middle, 1, word[middle]);
  beside.back() = beside.back() == 'x' ? 'z' : 'x';
  for (const std::string& typo : {swapped, missing, doubled, beside})
    if (typo != word) out.push_back(typo);
  return out;
}

class Maker {
 public:
  Maker(const Topology& topology, const std::string& text) : topology_(topology), text_(text) {
    for (std::size_t at = 0; at != std::string::npos;
         at = text.find('\n', at) == std::string::npos ? std::string::npos : text.find('\n', at) + 1)
      starts_.push_back(at);
  }

  std::vector<Mutant> make() {
    const ConfigNode& root = topology_.source;
    for (const ConfigNode::Entry& entry : root.entries) misspell_key(entry);
    options(root, infos(topology_fields().list()));
    if (const ConfigNode* schemas = root.find("schemas")) make_schemas(*schemas);
    for (const ConfigNode::Entry& actor : root.find("actors")->entries) make_actor(actor);
    if (const ConfigNode* deploy = root.find("deploy")) make_deploy(*deploy);
    return std::move(mutants_);
  }

 private:
  template <class Specs>
  static std::vector<FieldInfo> infos(const Specs& specs) {
    std::vector<FieldInfo> out;
    for (const FieldSpec& spec : specs) out.push_back(spec.info);
    return out;
  }

  std::size_t offset(std::uint32_t line, std::uint32_t column) const {
    return starts_[line - 1] + column - 1;
  }

  void add(Mistake mistake, const Place& place, std::size_t at, std::size_t length, const std::string& with,
           const std::string& suggestion) {
    Mutant mutant{mistake, "", text_, place.line, suggestion};
    mutant.what = "`" + text_.substr(at, length) + "` -> `" + with + "`";
    mutant.text.replace(at, length, with);
    mutants_.push_back(std::move(mutant));
  }

  void misspell(Mistake mistake, const Place& place, std::size_t at, const std::string& word,
                const std::string& before = {}, const std::string& after = {}) {
    for (const std::string& typo : typos(word))
      add(mistake, place, at, word.size(), typo, "did you mean `" + before + word + after + "`?");
  }

  void misspell_key(const ConfigNode::Entry& entry) {
    const std::size_t at = offset(entry.key_place.line, entry.key_place.column);
    if (text_.compare(at, entry.key.size(), entry.key) == 0)
      misspell(Mistake::key, entry.key_place, at, entry.key);
  }

  // Only scalars that stand in the file as they are: no quotes, no variables.
  bool stands_as_is(const ConfigNode& node) const {
    return node.kind == ConfigNode::Kind::scalar &&
           text_.compare(offset(node.place.line, node.place.column), node.scalar.size(), node.scalar) == 0;
  }

  void misspell_value(Mistake mistake, const ConfigNode& node) {
    if (stands_as_is(node))
      misspell(mistake, node.place, offset(node.place.line, node.place.column), node.scalar);
  }

  // `name: value` lines of known options: choices, types, and absence.
  void options(const ConfigNode& map, const std::vector<FieldInfo>& fields) {
    for (const FieldInfo& field : fields) {
      const auto* entry = map.find_entry(field.name);
      if (entry == nullptr) continue;
      if (!field.choices.empty()) misspell_value(Mistake::choice, entry->value);
      if (field.shape == FieldInfo::Shape::scalar && stands_as_is(entry->value)) {
        const Place& place = entry->value.place;
        add(Mistake::wrong_type, place, offset(place.line, place.column), entry->value.scalar.size(),
            "{ a: [1] }", "");
      }
      if (field.required && field.name != "topology") leave_out(map, *entry);
      if (field.shape == FieldInfo::Shape::group) {
        for (const ConfigNode::Entry& inner : entry->value.entries) misspell_key(inner);
        options(entry->value, field.nested);
      }
    }
  }

  // Only options with a line of their own.
  void leave_out(const ConfigNode& map, const ConfigNode::Entry& entry) {
    if (entry.value.kind != ConfigNode::Kind::scalar || entry.value.place.line != entry.key_place.line)
      return;
    const std::size_t begin = starts_[entry.key_place.line - 1];
    if (text_.find_first_not_of(' ', begin) != offset(entry.key_place.line, entry.key_place.column)) return;
    add(Mistake::missing, map.place, begin, text_.find('\n', begin) + 1 - begin, "", "");
    mutants_.back().what = "no `" + entry.key + "`";
  }

  void make_schemas(const ConfigNode& schemas) {
    for (const ConfigNode::Entry& schema : schemas.entries)
      for (const ConfigNode::Entry& field : schema.value.entries) {
        std::string type = field.value.scalar;
        if (type.ends_with('?')) type.pop_back();
        const std::size_t quote = field.value.quoted ? 1 : 0;
        misspell(Mistake::schema, field.value.place,
                 offset(field.value.place.line, field.value.place.column) + quote, type);
      }
  }

  void make_actor(const ConfigNode::Entry& actor) {
    const ActorSpec& spec = *topology_.find(actor.key);
    for (const ConfigNode::Entry& entry : actor.value.entries) misspell_key(entry);
    misspell_value(Mistake::kind, *actor.value.find("kind"));
    for (const ConfigNode::Entry& entry : actor.value.entries)
      if (entry.key == "kind") leave_out(actor.value, entry);
    options(actor.value, infos(spec.kind->fields));
    options(actor.value, infos(actor_fields().list()));
    for (const FieldSpec& field : spec.kind->fields)
      if (const ConfigNode* value = actor.value.find(field.info.name)) {
        if (field.info.type == "schema name") misspell_value(Mistake::schema, *value);
        if (field.expressions && !field.bound_by_kind && !spec.kind->source) make_expressions(*value, spec);
      }
    if (const ConfigNode* inputs = actor.value.find("inputs"))
      for (const ConfigNode& input : inputs->items) make_input(input);
  }

  void make_input(const ConfigNode& input) {
    const ConfigNode* from = input.kind == ConfigNode::Kind::map ? input.find("from") : &input;
    if (input.kind == ConfigNode::Kind::map) {
      for (const ConfigNode::Entry& entry : input.entries) misspell_key(entry);
      options(input, infos(link_fields().list()));
    }
    if (from == nullptr || !stands_as_is(*from)) return;
    const std::size_t at = offset(from->place.line, from->place.column);
    const std::size_t dot = std::min(from->scalar.find('.'), from->scalar.size());
    const std::string actor = from->scalar.substr(0, dot);
    misspell(Mistake::actor, from->place, at, actor, "", from->scalar.substr(dot));
    if (dot < from->scalar.size())
      misspell(Mistake::port, from->place, at + dot + 1, from->scalar.substr(dot + 1), actor + ".");
  }

  // The input's fields in expressions of one line; words in CEL strings and function names are no fields.
  void make_expressions(const ConfigNode& node, const ActorSpec& spec) {
    for (const ConfigNode& item : node.items) make_expressions(item, spec);
    for (const ConfigNode::Entry& entry : node.entries) make_expressions(entry.value, spec);
    if (node.kind != ConfigNode::Kind::scalar || node.scalar.find('\n') != std::string::npos) return;
    const std::size_t begin = offset(node.place.line, node.place.column) + (node.quoted ? 1 : 0);
    if (text_.compare(begin, node.scalar.size(), node.scalar) != 0) return;
    const std::set<std::string> fields = input_fields(spec);
    const std::string& text = node.scalar;
    bool inside_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '"') inside_string = !inside_string;
      if (inside_string || !is_word(text[at]) || (at > 0 && (is_word(text[at - 1]) || text[at - 1] == '.')))
        continue;
      std::size_t end = at;
      while (end < text.size() && is_word(text[end])) ++end;
      const std::string word = text.substr(at, end - at);
      if (fields.contains(word) && (end == text.size() || text[end] != '('))
        misspell(Mistake::field, node.place, begin + at, word);
    }
  }

  std::set<std::string> input_fields(const ActorSpec& spec) const {
    std::set<std::string> names;
    for (const LinkSpec& link : topology_.links)
      if (&topology_.actors[link.to] == &spec)
        for (const Field& field : topology_.actors[link.from].outputs[link.from_port].schema->fields())
          names.insert(field.name);
    return names;
  }

  void make_deploy(const ConfigNode& deploy) {
    for (const ConfigNode::Entry& entry : deploy.entries) misspell_key(entry);
    options(deploy, infos(deploy_fields().list()));
    for (const ConfigNode::Entry& entry : deploy.find("place")->entries) {
      misspell_value(Mistake::host, entry.value);
      if (entry.key != "*")
        misspell(Mistake::actor, entry.key_place, offset(entry.key_place.line, entry.key_place.column),
                 entry.key);
    }
  }

  const Topology& topology_;
  const std::string& text_;
  std::vector<std::size_t> starts_;
  std::vector<Mutant> mutants_;
};

}  // namespace

const char* to_text(Mistake mistake) {
  constexpr const char* kNames[] = {"key",    "kind",   "actor", "port",       "field",
                                    "choice", "schema", "host",  "wrong type", "missing"};
  return kNames[static_cast<int>(mistake)];
}

std::vector<Mutant> make_mutants(const Topology& topology, const std::string& text) {
  return Maker(topology, text).make();
}

}  // namespace leat::testing
