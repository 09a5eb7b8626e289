#pragma once

#include "cli/cli.hpp"
#include "testing/topology_test.hpp"

namespace leat::cli {

/// What `leat test` has to say, in the form that was asked for.
class TestReport {
 public:
  using Form = TestForm;

  /// `filtered`: that no test of it is named need not mean that it has none.
  void begin_topology(const Topology& topology, bool filtered);
  void add(TestResult result, double seconds);
  std::size_t count() const;
  std::size_t failed() const;
  void print(Form form) const;

 private:
  struct Test {
    TestResult result;
    double seconds = 0;
  };
  struct Suite {
    std::string topology;
    std::string file;
    std::vector<std::string> secrets;
    bool filtered = false;
    std::vector<Test> tests;
    std::size_t failed() const;
    double seconds() const;
  };

  void print_text() const;
  void print_json() const;
  void print_junit() const;

  std::vector<Suite> suites_;
};

}  // namespace leat::cli
