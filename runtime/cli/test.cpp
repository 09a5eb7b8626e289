#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "cli/common.hpp"
#include "cli/test_report.hpp"

namespace leat::cli {
namespace {

namespace fs = std::filesystem;

// A folder that is gone when this is.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "leat-test-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }
  void clear() const {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path_, ignored)) fs::remove_all(entry.path(), ignored);
  }

 private:
  std::string path_;
};

// The file itself, the topology of a folder, or all topologies below a folder, in the order of their names.
std::vector<std::string> find_topologies(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored) || fs::exists(fs::path(path) / "topology.yaml", ignored))
    return {path};
  std::vector<std::string> found;
  auto at = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, ignored);
  for (const auto end = fs::end(at); at != end; at.increment(ignored)) {
    const std::string name = at->path().filename().string();
    if (name.front() == '.') {
      at.disable_recursion_pending();
    } else if (name == "topology.yaml") {
      found.push_back(at->path().string());
    }
  }
  std::ranges::sort(found);
  return found;
}

class TestVerb {
 public:
  explicit TestVerb(const TestArguments& arguments) : arguments_(arguments) {}

  int run() {
    if (scratch_.path().empty()) {
      print_error("no folder can be made for what the tests write", "TMPDIR=/where/there/is/room leat test");
      return kInternal;
    }
    std::vector<std::string> paths = arguments_.paths;
    if (paths.empty()) paths.push_back(topology_path(""));
    for (const std::string& path : paths) {
      const std::vector<std::string> files = find_topologies(path);
      if (files.empty()) return none_found(path);
      for (const std::string& file : files) test_file(file);
    }
    if (invalid_ != kOk) return invalid_;
    report_.print(arguments_.report);
    if (report_.count() == 0) {
      print_error(arguments_.filter.empty() ? "no tests: a topology's stand under its `tests:`"
                                            : fmt::format("no test has `{}` in its name", arguments_.filter));
      return kNegative;
    }
    return report_.failed() == 0 ? kOk : kNegative;
  }

 private:
  static int none_found(const std::string& path) {
    print_error(fmt::format("no topology.yaml in or below {}", path), "leat test FILE");
    return kInputMissing;
  }

  void test_file(const std::string& path) {
    Registry registry;
    register_standard_actors(registry);
    Diagnostics diagnostics;
    LoadOptions options;
    options.plugins = arguments_.plugins;
    options.defer_missing = true;
    options.written_dir = scratch_.path();
    const auto topology = load_topology(path, registry, diagnostics, options);
    std::vector<TopologyTest> tests;
    if (topology) tests = read_tests(*topology, diagnostics);
    if (!diagnostics.ok()) {
      print_diagnostics(diagnostics,
                        arguments_.report == TestReport::Form::json ? Format::json : Format::text);
      invalid_ = std::max(invalid_, exit_code(diagnostics));
      return;
    }
    report_.begin_topology(*topology, !arguments_.filter.empty());
    for (const TopologyTest& test : tests) {
      if (test.name.find(arguments_.filter) == std::string::npos) continue;
      scratch_.clear();
      const Instant begin = system_clock().steady();
      TestResult result = run_test(*topology, test);
      const std::chrono::duration<double> seconds = system_clock().steady() - begin;
      report_.add(std::move(result), seconds.count());
    }
  }

  const TestArguments& arguments_;
  ScratchFolder scratch_;
  TestReport report_;
  int invalid_ = kOk;
};

}  // namespace

int test(const TestArguments& arguments) {
  return TestVerb(arguments).run();
}

}  // namespace leat::cli
