#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/common.hpp"

namespace leat::cli {

int eval(const EvalArguments& arguments) {
  std::string event;
  if (arguments.input == "-") {
    event.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (!arguments.input.empty()) {
    std::ifstream file(arguments.input);
    if (!file) {
      print_error(fmt::format("{}: no such file, or not readable", arguments.input),
                  "name a file with one JSON object, or `-` for stdin");
      return kInputMissing;
    }
    event.assign(std::istreambuf_iterator<char>(file), {});
  }
  const Result<std::string> value = evaluate_json(arguments.expression, event);
  if (!value) {
    print_error(fmt::format("{}{}{}", value.error().place, value.error().place.empty() ? "" : ": ",
                            value.error().message),
                fmt::format("leat explain {}", code_number(value.error().code)));
    return kNegative;
  }
  fmt::print("{}\n", *value);
  return kOk;
}

}  // namespace leat::cli
