#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace leat {

/// What crashes of earlier processes have taught a supervisor.
struct CrashHistory {
  std::set<std::string, std::less<>> careful;  ///< actors that get their rows one by one, each noted before
  std::map<std::string, std::set<std::uint64_t>, std::less<>> poison;  ///< by actor: rows that go to `errors`
};

}  // namespace leat
