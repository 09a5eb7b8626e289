#include "cli/cli.hpp"

int main(int argc, char** argv) {
  return leat::cli::run_cli(argc, argv);
}
