#include "topology/substitution.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace leat {
namespace {

class Substitution {
 public:
  Substitution(const LoadOptions& options, std::vector<std::string>& secrets, Diagnostics& diagnostics)
      : options_(options), secrets_(secrets), diagnostics_(diagnostics) {}

  void apply(ConfigNode& node) {
    if (node.kind == ConfigNode::Kind::scalar) replace(node);
    for (ConfigNode& item : node.items) apply(item);
    for (ConfigNode::Entry& entry : node.entries) apply(entry.value);
  }

 private:
  void replace(ConfigNode& node) {
    std::string out;
    std::size_t at = 0;
    while (true) {
      const std::size_t begin = node.scalar.find("${", at);
      if (begin == std::string::npos) break;
      const std::size_t end = node.scalar.find('}', begin);
      if (end == std::string::npos) return problem(node, Code::bad_value, "`${` without `}`");
      out += node.scalar.substr(at, begin - at);
      out += value_of(node, node.scalar.substr(begin + 2, end - begin - 2));
      at = end + 1;
    }
    if (at == 0) return;
    // `"${env:N}"` needs its quotes inside a flow map; what stands for it is still a number or a boolean if
    // it looks so.
    if (node.scalar.starts_with("${") && at == node.scalar.size() &&
        node.scalar.find("${", 2) == std::string::npos)
      node.quoted = false;
    node.scalar = out + node.scalar.substr(at);
  }

  std::string value_of(const ConfigNode& node, const std::string& name) {
    if (name.starts_with("env:")) return environment(node, name.substr(4));
    if (name.starts_with("secret:")) return secret(node, name.substr(7));
    problem(node, Code::bad_value,
            fmt::format("`${{{}}}` is neither `${{env:NAME}}` nor `${{secret:NAME}}`", name));
    return {};
  }

  std::string environment(const ConfigNode& node, const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (options_.environment) {
      if (const auto value = options_.environment(name)) return *value;
    } else if (const char* value = std::getenv(name.c_str())) {
      return value;
    }
    if (equals != std::string::npos) return text.substr(equals + 1);
    problem(
        node, Code::unset_variable,
        fmt::format("the environment has no `{}`; set it, or give a default: `${{env:{}=...}}`", name, name));
    return {};
  }

  // A file per secret, as container platforms mount them.
  std::string secret(const ConfigNode& node, const std::string& name) {
    std::string folder = options_.secrets_dir;
    if (const char* value = std::getenv("LEAT_SECRETS"); folder.empty() && value != nullptr) folder = value;
    if (folder.empty() || name.find('/') != std::string::npos) {
      problem(node, Code::unset_variable,
              fmt::format("no secret `{}`: set LEAT_SECRETS to the folder that holds it", name));
      return {};
    }
    std::ifstream file(folder + "/" + name);
    if (!file) {
      problem(node, Code::unset_variable, fmt::format("no secret `{}` in {}", name, folder));
      return {};
    }
    std::string value{std::istreambuf_iterator<char>(file), {}};
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    if (!value.empty()) secrets_.push_back(value);
    return value;
  }

  void problem(const ConfigNode& node, Code code, std::string message) {
    diagnostics_.error(code, node.place, std::move(message));
  }

  const LoadOptions& options_;
  std::vector<std::string>& secrets_;
  Diagnostics& diagnostics_;
};

}  // namespace

void substitute(ConfigNode& node, const LoadOptions& options, std::vector<std::string>& secrets,
                Diagnostics& diagnostics) {
  Substitution(options, secrets, diagnostics).apply(node);
}

}  // namespace leat
