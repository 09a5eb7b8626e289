#pragma once

#include <leat/registry.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace leat::cli {

/// sysexits.h, as far as Leat uses it. docs/operations.md explains each to operators.
enum Exit : int {
  kOk = 0,
  kNegative = 1,
  kUsage = 64,
  kBadData = 65,
  kInputMissing = 66,
  kUnreachable = 69,
  kInternal = 70,
  kUndelivered = 75,
  kInvalid = 78,
};

enum class Format : std::uint8_t { text, json };

/// What every verb that reads a topology takes.
struct TopologyArguments {
  std::string path;
  std::vector<std::string> plugins;
  Format format = Format::text;
};

struct ValidateArguments : TopologyArguments {
  bool strict = false;
};
struct GraphArguments : TopologyArguments {
  std::string picture = "text";  ///< text, mermaid, dot, svg, json
};
struct RunArguments : TopologyArguments {
  std::string host;
  std::string metrics;
  bool quiet = false;
  std::string duration;
  std::string from = "latest";
  std::string record;  ///< a file
  std::vector<std::string> links;
};
/// Of a running topology: stop, audit, snapshot.
struct RunningArguments : TopologyArguments {
  std::string host;
  std::string within = "30s";
  std::string name;
  bool list = false;
  bool remove = false;
};
struct ReplayArguments : TopologyArguments {
  std::string recording;
  std::string speed = "max";
  std::vector<std::string> replace;
  std::string compare;
  std::vector<std::string> ignore;
  std::size_t differences = 20;
};
enum class TestForm : std::uint8_t { text, json, junit };
struct TestArguments {
  std::vector<std::string> paths;
  std::vector<std::string> plugins;
  std::string filter;  ///< tests whose names contain it
  TestForm report = TestForm::text;
};
struct EvalArguments {
  std::string expression;
  std::string input;  ///< a file, "-", or empty
};
struct ExplainArguments {
  std::string topic;
  std::vector<std::string> plugins;
  bool markdown = false;
  Format format = Format::text;
};
struct ListArguments {
  std::vector<std::string> plugins;
  Format format = Format::text;
};
struct LogArguments {
  std::string path = ".";
  Format format = Format::text;
  std::string from = "oldest";
  std::uint64_t limit = 0;
  bool follow = false;
  bool raw = false;
  std::string before;
  bool force = false;
};
struct SubscribeArguments {
  std::string endpoint;
  std::vector<std::string> topics;
  std::string from;
  std::uint64_t count = 0;
  std::string duration;
  std::string wait = "30s";
  bool raw = false;
};

struct DlqArguments {
  std::string store;
  std::vector<std::int64_t> ids;
  std::string actor, code, state, since, before;
  std::string to;        ///< redrive: an ingest.zmq; empty: by the persist.deadletter
  bool letters = false;  ///< each one, not groups
  std::uint64_t limit = 100;
  bool all = false;
  bool yes = false;
  Format format = Format::text;
};

struct ModelArguments {
  std::string path;
  std::string engine;         ///< empty: by the file
  std::uint64_t version = 0;  ///< 0: the one that counts
  std::string to;             ///< swap: a version, or "latest"
  std::string output;         ///< export: a file
  std::string other;          ///< shadow: the other model
  std::uint64_t other_version = 0;
  std::string rows;             ///< shadow: a file, or "-"
  std::vector<std::string> in;  ///< shadow: fields, for models that do not name theirs
  double tolerance = 0.01;
  std::string text = "Shares of the company rose five percent after it raised its forecast for the year";
  Format format = Format::text;
};

struct KeysArguments : TopologyArguments {
  std::vector<std::string> hosts;  ///< empty: all
};

int run_cli(int argc, char** argv);

int validate(const ValidateArguments& arguments);
int plan(const TopologyArguments& arguments);
int graph(const GraphArguments& arguments);
int expand(const TopologyArguments& arguments);
int run(const RunArguments& arguments);
int stop(const RunningArguments& arguments);
int audit(const RunningArguments& arguments);
int snapshot(const RunningArguments& arguments);
int eval(const EvalArguments& arguments);
int explain(const ExplainArguments& arguments);
int list(const ListArguments& arguments);
int schema(const ListArguments& arguments);
/// `nested`: the verbs of a verb.
int completion(const std::string& shell, const std::vector<std::string>& verbs,
               const std::map<std::string, std::vector<std::string>>& nested);
int subscribe(const SubscribeArguments& arguments);
int log_ls(const LogArguments& arguments);
int log_read(const LogArguments& arguments);
int log_trim(const LogArguments& arguments);
int test(const TestArguments& arguments);
int replay(const ReplayArguments& arguments);
int dlq_ls(const DlqArguments& arguments);
int dlq_show(const DlqArguments& arguments);
int dlq_redrive(const DlqArguments& arguments);
int dlq_purge(const DlqArguments& arguments);
int model_ls(const ModelArguments& arguments);
int model_check(const ModelArguments& arguments);
int model_bench(const ModelArguments& arguments);
int model_shadow(const ModelArguments& arguments);
int model_swap(const ModelArguments& arguments);
int model_export(const ModelArguments& arguments);
int keys_make(const KeysArguments& arguments);
int keys_ls(const KeysArguments& arguments);
int version(Format format);

}  // namespace leat::cli
