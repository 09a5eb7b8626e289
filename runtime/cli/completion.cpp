#include <fmt/format.h>

#include "cli/common.hpp"

namespace leat::cli {

int completion(const std::string& shell, const std::vector<std::string>& verbs) {
  const std::string words = fmt::format("{}", fmt::join(verbs, " "));
  if (shell == "bash") {
    fmt::print(
        "_leat() {{\n"
        "  local word=${{COMP_WORDS[COMP_CWORD]}}\n"
        "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
        "    COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n"
        "  elif [ \"${{COMP_WORDS[1]}}\" = explain ]; then\n"
        "    COMPREPLY=($(compgen -W \"$(leat list 2>/dev/null | cut -d' ' -f1)\" -- \"$word\"))\n"
        "  elif [ \"${{COMP_WORDS[1]}}\" = log ] && [ \"$COMP_CWORD\" = 2 ]; then\n"
        "    COMPREPLY=($(compgen -W 'ls read trim' -- \"$word\"))\n"
        "  else\n"
        "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
        "  fi\n"
        "}}\n"
        "complete -o filenames -F _leat leat\n",
        words);
  } else if (shell == "zsh") {
    fmt::print(
        "#compdef leat\nif (( CURRENT == 2 )); then\n  compadd {}\nelif (( CURRENT == 3 )) && [[ $words[2] "
        "== log ]]; then\n  compadd ls read trim\nelse\n  _files\nfi\n",
        words);
  } else {
    for (const std::string& verb : verbs)
      fmt::print("complete -c leat -n __fish_use_subcommand -f -a {}\n", verb);
    fmt::print("complete -c leat -n '__fish_seen_subcommand_from log' -f -a 'ls read trim'\n");
  }
  return kOk;
}

}  // namespace leat::cli
