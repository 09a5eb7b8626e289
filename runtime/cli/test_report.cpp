#include "cli/test_report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

constexpr std::size_t kDiffLinesMax = 60;
constexpr std::size_t kLogLinesMax = 10;

std::string paint(std::string_view text, std::string_view colour, bool wanted) {
  return wanted ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
}

// A word that a shell takes as it is.
std::string shell_word(const std::string& text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/:").find(c) != std::string_view::npos;
  });
  if (plain && !text.empty()) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string again(const std::string& file, const TestResult& test) {
  return fmt::format("leat test {} --filter {}", shell_word(file), shell_word(test.name));
}

std::string diff_text(const TestFailure& failure, std::string_view indent, bool colour) {
  std::string out;
  const std::size_t shown = std::min(failure.diff.size(), kDiffLinesMax);
  for (std::size_t at = 0; at < shown; ++at) {
    const std::string& line = failure.diff[at];
    out += fmt::format("{}{}\n", indent, paint(line, line[0] == '-' ? "31" : "32", colour && line[0] != ' '));
  }
  if (shown < failure.diff.size())
    out += fmt::format("{}... and {} more lines\n", indent, failure.diff.size() - shown);
  return out;
}

std::string failure_text(const TestFailure& failure, std::string_view indent, bool colour) {
  return fmt::format("{}{}  {}\n", indent, paint(failure.place.text(), "1", colour), failure.message) +
         diff_text(failure, std::string(indent) + "  ", colour);
}

std::string log_text(const TestResult& test, std::string_view indent) {
  std::string out;
  for (std::size_t at = 0; at < std::min(test.log.size(), kLogLinesMax); ++at)
    out += fmt::format("{}log: {}\n", indent, test.log[at]);
  return out;
}

std::string list_json(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : ",") + json_text(line);
  return "[" + out + "]";
}

// XML 1.0 has no place for control characters, escaped or not.
std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t')
      out += ' ';
    else
      out += c;
  }
  return out;
}

std::string short_time(double seconds) {
  return seconds < 1 ? fmt::format("{:.0f} ms", seconds * 1e3) : fmt::format("{:.2f} s", seconds);
}

}  // namespace

std::size_t TestReport::Suite::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(tests, [](const Test& t) { return !t.result.passed(); }));
}

double TestReport::Suite::seconds() const {
  double sum = 0;
  for (const Test& test : tests) sum += test.seconds;
  return sum;
}

void TestReport::begin_topology(const Topology& topology, bool filtered) {
  suites_.push_back({topology.name, topology.file, topology.secrets, filtered, {}});
}

// Secrets may have come into rows; no report shows them.
void TestReport::add(TestResult result, double seconds) {
  const std::vector<std::string>& secrets = suites_.back().secrets;
  for (TestFailure& failure : result.failures) {
    failure.message = mask_secrets(std::move(failure.message), secrets);
    for (std::string& line : failure.diff) line = mask_secrets(std::move(line), secrets);
  }
  for (std::string& line : result.log) line = mask_secrets(std::move(line), secrets);
  suites_.back().tests.push_back({std::move(result), seconds});
}

std::size_t TestReport::count() const {
  std::size_t sum = 0;
  for (const Suite& suite : suites_) sum += suite.tests.size();
  return sum;
}

std::size_t TestReport::failed() const {
  std::size_t sum = 0;
  for (const Suite& suite : suites_) sum += suite.failed();
  return sum;
}

void TestReport::print(Form form) const {
  if (form == Form::json) return print_json();
  if (form == Form::junit) return print_junit();
  print_text();
}

void TestReport::print_text() const {
  const bool colour = use_colour(STDOUT_FILENO);
  double seconds = 0;
  for (const Suite& suite : suites_) {
    if (suite.tests.empty() && suite.filtered) continue;
    fmt::print("{}  {}\n", paint(suite.topology, "1", colour), suite.file);
    if (suite.tests.empty()) fmt::print("  no tests\n");
    seconds += suite.seconds();
    for (const Test& test : suite.tests) {
      const bool passed = test.result.passed();
      fmt::print("  {}  {} ({})\n", paint(passed ? "ok  " : "FAIL", passed ? "32" : "1;31", colour),
                 test.result.name, short_time(test.seconds));
      for (const TestFailure& failure : test.result.failures)
        fmt::print("{}", failure_text(failure, "        ", colour));
      if (!passed)
        fmt::print("{}        next: {}\n", log_text(test.result, "        "), again(suite.file, test.result));
    }
  }
  fmt::print("{} test{}, {} failed ({})\n", count(), count() == 1 ? "" : "s", failed(), short_time(seconds));
}

void TestReport::print_json() const {
  for (const Suite& suite : suites_)
    for (const Test& test : suite.tests) {
      std::string failures;
      for (const TestFailure& failure : test.result.failures)
        failures += fmt::format("{}{{\"file\":{},\"line\":{},\"column\":{},\"message\":{},\"diff\":{}}}",
                                failures.empty() ? "" : ",",
                                json_text(failure.place.file ? *failure.place.file : ""), failure.place.line,
                                failure.place.column, json_text(failure.message), list_json(failure.diff));
      fmt::print(
          "{{\"topology\":{},\"test\":{},\"file\":{},\"line\":{},\"passed\":{},\"seconds\":{:.6f},"
          "\"failures\":[{}],"
          "\"log\":{}}}\n",
          json_text(suite.topology), json_text(test.result.name), json_text(suite.file),
          test.result.place.line, test.result.passed(), test.seconds, failures, list_json(test.result.log));
    }
}

void TestReport::print_junit() const {
  fmt::print("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\">\n",
             count(), failed());
  for (const Suite& suite : suites_) {
    if (suite.tests.empty()) continue;
    fmt::print(
        "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.6f}\">\n",
        xml_text(suite.topology), xml_text(suite.file), suite.tests.size(), suite.failed(), suite.seconds());
    for (const Test& test : suite.tests) {
      fmt::print("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.6f}\"",
                 xml_text(suite.topology), xml_text(test.result.name), xml_text(suite.file),
                 test.result.place.line, test.seconds);
      if (test.result.passed()) {
        fmt::print("/>\n");
        continue;
      }
      fmt::print(">\n");
      std::string text;
      for (const TestFailure& failure : test.result.failures) text += failure_text(failure, "", false);
      fmt::print("      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                 xml_text(test.result.failures.front().message),
                 xml_text(text + log_text(test.result, "") + "next: " + again(suite.file, test.result)));
    }
    fmt::print("  </testsuite>\n");
  }
  fmt::print("</testsuites>\n");
}

}  // namespace leat::cli
