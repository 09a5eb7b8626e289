#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leat::bench {

/// The flags of all bench programs. A program offers the groups that mean something to it; another flag is
/// refused, never ignored.
struct Options {
  std::vector<std::string> impls;  ///< Contenders to run, in turn; empty: all of them.
  std::uint64_t events = 0;
  std::uint64_t rounds = 0;
  std::uint64_t seed = 42;
  double timeout_secs = 120;  ///< A run that takes longer is killed and fails.
  std::string pin = "none";
  std::string out;
  bool json = false;

  std::string input = "record";
  std::string layout = "staged";
  std::string deploy = "thread";
  std::string edge = "inproc";
  std::uint64_t batch = 0;  ///< Records per message; 0 = auto.
  std::uint64_t relays = 1;
  std::uint64_t shards = 1;  ///< Copies of the whole pipeline, each with its part of the keys.
  double rate = 0;           ///< Events per second of an open-loop source; 0 = as fast as it goes.
  double secs = 0;           ///< Length of a paced run, or of one measure.
  double idle_secs = 0;      ///< Instead of events: nothing, for this long.
};

/// What one program offers.
struct Offer {
  std::string name;
  std::string about;
  std::vector<std::string> impls;  ///< Empty: the program has no contenders to choose from.
  std::uint64_t events = 0;        ///< Default of --events; 0: the flag is not offered.
  double secs = 3;                 ///< Default of --secs.
  bool pipeline = false;           ///< The flags from --deploy on.
};

/// The parsed flags, or the exit code with which the program shall end (help and errors are printed already).
struct Parsed {
  std::optional<Options> options;
  int exit_code = 0;
};

Parsed parse_options(const Offer& offer, int argc, char** argv);

}  // namespace leat::bench
