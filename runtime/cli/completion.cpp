#include <fmt/format.h>

#include "cli/common.hpp"

namespace leat::cli {

int completion(const std::string& shell, const std::vector<std::string>& verbs,
               const std::map<std::string, std::vector<std::string>>& nested) {
  const std::string words = fmt::format("{}", fmt::join(verbs, " "));
  if (shell == "bash") {
    fmt::print(
        "_leat() {{\n"
        "  local word=${{COMP_WORDS[COMP_CWORD]}}\n"
        "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
        "    COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n"
        "  elif [ \"${{COMP_WORDS[1]}}\" = explain ]; then\n"
        "    COMPREPLY=($(compgen -W \"$(leat list 2>/dev/null | cut -d' ' -f1)\" -- \"$word\"))\n",
        words);
    for (const auto& [verb, below] : nested)
      fmt::print(
          "  elif [ \"$COMP_CWORD\" = 2 ] && [ \"${{COMP_WORDS[1]}}\" = {} ]; then\n"
          "    COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n",
          verb, fmt::join(below, " "));
    fmt::print(
        "  else\n"
        "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
        "  fi\n"
        "}}\n"
        "complete -o filenames -F _leat leat\n");
  } else if (shell == "zsh") {
    fmt::print("#compdef leat\nif (( CURRENT == 2 )); then\n  compadd {}\n", words);
    for (const auto& [verb, below] : nested)
      fmt::print("elif (( CURRENT == 3 )) && [[ $words[2] == {} ]]; then\n  compadd {}\n", verb,
                 fmt::join(below, " "));
    fmt::print("else\n  _files\nfi\n");
  } else {
    for (const std::string& verb : verbs)
      fmt::print("complete -c leat -n __fish_use_subcommand -f -a {}\n", verb);
    for (const auto& [verb, below] : nested)
      fmt::print("complete -c leat -n '__fish_seen_subcommand_from {}' -a '{}'\n", verb,
                 fmt::join(below, " "));
  }
  return kOk;
}

}  // namespace leat::cli
