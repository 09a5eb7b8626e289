#include "topology/topology.hpp"

namespace leat {

const SchemaPtr& errors_schema() {
  static const SchemaPtr schema = Schema::make({{"actor", Type::string, false},
                                                {"code", Type::string, false},
                                                {"message", Type::string, false},
                                                {"place", Type::string, true},
                                                {"attempt", Type::int64, false},
                                                {"time", Type::timestamp, false},
                                                {"record", Type::any, false}},
                                               "errors");
  return schema;
}

std::string key_text(const LinkSpec& link) {
  std::string text;
  for (const Expression& key : link.keys) text += (text.empty() ? "" : ", ") + key.text();
  return text;
}

std::string mask_secrets(std::string text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets)
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  return text;
}

const ActorSpec* Topology::find(std::string_view actor) const {
  for (const ActorSpec& spec : actors)
    if (spec.name == actor) return &spec;
  return nullptr;
}

const HostSpec* Topology::find_host(std::string_view host) const {
  for (const HostSpec& spec : hosts)
    if (spec.name == host) return &spec;
  return nullptr;
}

}  // namespace leat
