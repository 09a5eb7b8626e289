#include "cli/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

// Owns the arguments that CLI11 fills and the verbs that read them.
class CommandLine {
 public:
  CommandLine() : app_("Leat: dataflow topologies of actors over ZeroMQ.", "leat") {
    app_.require_subcommand(0, 1);
    app_.set_help_all_flag("--help-all", "Help of all verbs");
    app_.add_flag("--version", want_version_, "Version and plugin ABI");
    app_.footer(
        "Examples:\n  leat run topologies/news-sentiment\n  leat validate pipeline.yaml\n  leat explain "
        "transform\n  leat eval '1 + 2'");
    add_run();
    add_running();
    add_validate();
    add_replay();
    add_test();
    add_plan();
    add_graph();
    add_lookups();
    add_subscribe();
    add_log();
    add_eval();
    add_dlq();
    add_model();
    add_keys();
    add_completion();
  }

  int run(int argc, char** argv) {
    if (argc > 1 && argv[1][0] != '-' && std::ranges::find(verbs_, argv[1]) == verbs_.end())
      return unknown_verb(argv[1]);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app_.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
      return app_.exit(help);
    } catch (const CLI::ParseError& error) {
      const bool verb = argc > 1 && argv[1][0] != '-';
      print_error(error.what() + misspelt_option(argc, argv),
                  fmt::format("leat {}--help", verb ? std::string(argv[1]) + " " : ""));
      return kUsage;
    }
    if (want_version_) return version(Format::text);
    if (action_) return action_();
    fmt::print("{}", app_.help());
    return kUsage;
  }

 private:
  CLI::App& verb(const std::string& name, const std::string& doc, const std::string& examples,
                 std::function<int()> action) {
    verbs_.push_back(name);
    return verb_of(app_, name, doc, examples, std::move(action));
  }
  /// One that only has verbs of its own, such as `leat dlq ls`.
  CLI::App& group_of_verbs(const std::string& name, const std::string& doc, const std::string& examples) {
    CLI::App& sub = verb(name, doc, examples, {});
    sub.require_subcommand(1);
    return sub;
  }
  CLI::App& nested_verb(CLI::App& parent, const std::string& name, const std::string& doc,
                        const std::string& examples, std::function<int()> action) {
    nested_[parent.get_name()].push_back(name);
    return verb_of(parent, name, doc, examples, std::move(action));
  }
  CLI::App& verb_of(CLI::App& parent, const std::string& name, const std::string& doc,
                    const std::string& examples, std::function<int()> action) {
    CLI::App* sub = parent.add_subcommand(name, doc);
    sub->footer("Examples:\n  " + examples);
    if (action) sub->callback([this, action = std::move(action)] { action_ = action; });
    return *sub;
  }

  static void add_format(CLI::App& sub, Format& format) {
    sub.add_option_function<std::string>(
           "--format",
           [&format](const std::string& name) { format = name == "json" ? Format::json : Format::text; },
           "text or json")
        ->check(CLI::IsMember({"text", "json"}));
  }
  // One per option: otherwise the topology behind it would be taken for a second plugin.
  static void add_plugins(CLI::App& sub, std::vector<std::string>& plugins) {
    sub.add_option("--plugin", plugins, "Shared library with further kinds (repeatable)")
        ->allow_extra_args(false);
  }
  static void add_topology(CLI::App& sub, TopologyArguments& arguments, bool format) {
    sub.add_option("topology", arguments.path,
                   "Topology file, or a folder with a topology.yaml (default: leat.yaml)");
    add_plugins(sub, arguments.plugins);
    if (format) add_format(sub, arguments.format);
  }

  void add_run() {
    CLI::App& sub = verb("run", "Run a topology until its sources end",
                         "leat run pipeline.yaml\n  leat run pipeline.yaml --host edge\n  leat run "
                         "pipeline.yaml --for 30s --format json",
                         [this] { return cli::run(run_); });
    add_topology(sub, run_, true);
    sub.add_option("--host", run_.host, "Run only what is placed on this host");
    sub.add_option("--metrics", run_.metrics, "Serve Prometheus metrics, e.g. 127.0.0.1:9100");
    sub.add_option("--for", run_.duration, "Drain and stop after this time, e.g. 30s");
    sub.add_option(
        "--from", run_.from,
        "Go on from the `latest` checkpoint (default) or a snapshot's name, or start anew: `none`; with "
        "ingest logs also `oldest`, a time or an offset in them");
    sub.add_flag("--quiet", run_.quiet, "No progress, no summary");
    sub.add_option("--record", run_.record, "Record what goes over links into this file, for `leat replay`");
    sub.add_option("--links", run_.links,
                   "With --record: actors or ports, e.g. payments,sorted.large (default: what comes out of "
                   "sources and "
                   "goes into sinks)")
        ->delimiter(',')
        ->needs("--record");
  }
  void add_running() {
    CLI::App& stop =
        verb("stop", "Stop a running topology: sources first, then what is under way",
             "leat stop pipeline.yaml\n  leat stop pipeline.yaml --within 5m\n  leat stop pipeline.yaml "
             "--host edge",
             [this] { return cli::stop(running_); });
    add_running_topology(stop);
    stop.add_option("--within", running_.within, "Stop at once after this time (default: 30s)");
    CLI::App& audit = verb("audit", "Count every row of a running topology: by link and by outcome",
                           "leat audit pipeline.yaml\n  leat audit pipeline.yaml --format json",
                           [this] { return cli::audit(running_); });
    add_running_topology(audit);
    CLI::App& snapshot =
        verb("snapshot", "Keep a checkpoint of a running topology under a name, for `leat run --from`",
             "leat snapshot pipeline.yaml before-upgrade\n  leat snapshot pipeline.yaml --list\n  "
             "leat snapshot pipeline.yaml before-upgrade --delete\n  leat run pipeline.yaml --from "
             "before-upgrade",
             [this] { return cli::snapshot(running_); });
    add_running_topology(snapshot);
    snapshot.add_option("name", running_.name, "Letters, digits, _, - and ., beginning with a letter");
    snapshot.add_flag("--list", running_.list, "Show those that are kept");
    snapshot.add_flag("--delete", running_.remove, "Delete it");
  }
  void add_running_topology(CLI::App& sub) {
    add_topology(sub, running_, true);
    sub.add_option("--host", running_.host, "The process that runs this host's part");
  }
  void add_replay() {
    CLI::App& sub = verb(
        "replay", "Run a topology on what was recorded, in place of its sources",
        "leat replay monday.rec pipeline.yaml --speed 10x\n  leat replay monday.rec pipeline.yaml --compare "
        "monday.rec --replace 'score={kind: infer, engine: lexicon, model: vader, map: {in: title, out: "
        "mood}}'",
        [this] { return cli::replay(replay_); });
    sub.add_option("recording", replay_.recording, "A file that `leat run --record` made")->required();
    add_topology(sub, replay_, true);
    sub.add_option("--speed", replay_.speed, "1x, 10x, ..., or max (default)");
    sub.add_option("--replace", replay_.replace, "ACTOR=KIND or ACTOR={kind: ..., ...} (repeatable)")
        ->allow_extra_args(false);
    sub.add_option("--compare", replay_.compare,
                   "A recording whose rows must come again; exit 1 if they do not");
    sub.add_option("--ignore", replay_.ignore, "With --compare: fields that may differ, e.g. time,host")
        ->delimiter(',')
        ->needs("--compare");
    sub.add_option("--differences", replay_.differences,
                   "With --compare: how many are shown per port (default: 20)")
        ->needs("--compare");
  }
  void add_validate() {
    CLI::App& sub = verb("validate", "Check a topology without starting anything",
                         "leat validate pipeline.yaml\n  leat validate pipeline.yaml --strict --format json",
                         [this] { return cli::validate(validate_); });
    add_topology(sub, validate_, true);
    sub.add_flag("--strict", validate_.strict, "Exit 1 on warnings");
  }
  void add_test() {
    CLI::App& sub =
        verb("test", "Run the tests of topologies, on a virtual clock",
             "leat test pipeline.yaml\n  leat test topologies --format junit > results.xml\n  leat test "
             "topologies/news-sentiment --filter 'late rows'",
             [this] { return cli::test(test_); });
    sub.add_option("path", test_.paths, "Topology files, folders with a topology.yaml, or trees of them");
    sub.add_option("--filter", test_.filter, "Only tests whose names contain this");
    add_plugins(sub, test_.plugins);
    sub.add_option_function<std::string>(
           "--format",
           [this](const std::string& name) {
             test_.report = name == "json"    ? TestForm::json
                            : name == "junit" ? TestForm::junit
                                              : TestForm::text;
           },
           "text, json or junit")
        ->check(CLI::IsMember({"text", "json", "junit"}));
  }
  void add_plan() {
    add_topology(verb("plan", "Show workers, links, schemas and the memory bound",
                      "leat plan pipeline.yaml\n  leat plan pipeline.yaml --format json",
                      [this] { return cli::plan(plan_); }),
                 plan_, true);
    add_topology(verb("expand", "Print the topology with defaults and variables filled in; secrets masked",
                      "leat expand pipeline.yaml", [this] { return cli::expand(expand_); }),
                 expand_, false);
  }
  void add_graph() {
    CLI::App& sub = verb("graph", "Draw the topology",
                         "leat graph pipeline.yaml\n  leat graph pipeline.yaml --format svg > pipeline.svg",
                         [this] { return cli::graph(graph_); });
    add_topology(sub, graph_, false);
    sub.add_option("--format", graph_.picture, "text, mermaid, dot, svg or json")
        ->check(CLI::IsMember({"text", "mermaid", "dot", "svg", "json"}));
  }
  void add_lookups() {
    CLI::App& kinds = verb("list", "List all kinds of actors",
                           "leat list\n  leat list --plugin build/libmy.so --format json",
                           [this] { return cli::list(list_); });
    add_plugins(kinds, list_.plugins);
    add_format(kinds, list_.format);
    CLI::App& explain =
        verb("explain", "Explain a kind or an error code", "leat explain transform\n  leat explain L0204",
             [this] { return cli::explain(explain_); });
    explain.add_option("topic", explain_.topic, "KIND or CODE");
    add_plugins(explain, explain_.plugins);
    explain.add_flag("--markdown", explain_.markdown, "The reference of all kinds, for docs/topology.md");
    add_format(explain, explain_.format);
    CLI::App& schema = verb("schema", "Print the JSON Schema of topology files, for editors",
                            "leat schema > leat.schema.json", [this] { return cli::schema(schema_); });
    add_plugins(schema, schema_.plugins);
  }
  void add_subscribe() {
    CLI::App& sub =
        verb("subscribe", "Print the items of a feed as JSON lines, each once; fetch what was missed",
             "leat subscribe tcp://127.0.0.1:5556 --topic news.negative\n  leat subscribe "
             "tcp://10.0.0.1:5556 --count 10\n  leat subscribe ipc:///tmp/feed --for 30s --raw",
             [this] { return cli::subscribe(subscribe_); });
    sub.add_option("endpoint", subscribe_.endpoint, "Where a publish.feed listens, e.g. tcp://127.0.0.1:5556")
        ->required();
    sub.add_option("--topic", subscribe_.topics, "Only topics that begin so (repeatable; default: all)")
        ->allow_extra_args(false);
    sub.add_option("--from", subscribe_.from,
                   "What was published before, as far as the publisher still has it: oldest, or from this "
                   "number of the feed (`total`)");
    sub.add_option("--count", subscribe_.count, "Stop after this many items")->check(CLI::PositiveNumber);
    sub.add_option("--for", subscribe_.duration, "Stop after this time, e.g. 30s");
    sub.add_option("--wait", subscribe_.wait, "How long a first connection may take (default: 30s)");
    sub.add_flag("--raw", subscribe_.raw, "Whole messages with topic and numbers, heads too");
  }
  void add_log() {
    CLI::App& log = group_of_verbs(
        "log", "Look at the logs of sources such as ingest.http, and trim them",
        "leat log ls var\n  leat log read var/events --from 2026-01-31T08:00:00Z --limit 10\n  leat log "
        "trim var/events --before 1500");
    const auto action = [&](const char* name, const char* doc, const char* examples,
                            int (*of)(const LogArguments&)) {
      return &nested_verb(log, name, doc, examples, [this, of] { return of(log_); });
    };
    CLI::App* ls =
        action("ls", "List the logs in a folder and below: offsets, times, size, and how far the reader is",
               "leat log ls\n  leat log ls var --format json", cli::log_ls);
    ls->add_option("path", log_.path, "A folder (default: here)");
    add_format(*ls, log_.format);
    CLI::App* read =
        action("read", "Print records as JSON lines",
               "leat log read var/events --from oldest --limit 10\n  leat log read var/events --from "
               "latest --follow\n  leat log read var/events --from 1500 --raw",
               cli::log_read);
    read->add_option("path", log_.path, "The log's folder")->required();
    read->add_option("--from", log_.from, "oldest (default), latest, a time (RFC 3339), or an offset");
    read->add_option("--limit", log_.limit, "Stop after this many records")->check(CLI::PositiveNumber);
    read->add_flag("--follow", log_.follow, "Stay, and print what comes");
    read->add_flag("--raw", log_.raw, "Only what was received, each record with a line end");
    add_format(*read, log_.format);
    CLI::App* trim = action("trim", "Delete records of a log that no process writes, a whole file at a time",
                            "leat log trim var/events --before 1500\n  leat log trim var/events --before "
                            "2026-01-31T08:00:00Z --force",
                            cli::log_trim);
    trim->add_option("path", log_.path, "The log's folder")->required();
    trim->add_option("--before", log_.before, "An offset or a time (RFC 3339): what is older may go")
        ->required();
    trim->add_flag("--force", log_.force, "Also what the reader has not committed: it is lost");
    add_format(*trim, log_.format);
  }
  void add_eval() {
    CLI::App& sub = verb("eval", "Evaluate an expression",
                         "leat eval '1 + 2'\n  leat eval 'price * double(count)' --input event.json\n  echo "
                         "'{\"a\": 1}' | leat eval 'a + 1' --input -",
                         [this] { return cli::eval(eval_); });
    sub.add_option("expression", eval_.expression, "A CEL expression")->required();
    sub.add_option("--input", eval_.input, "File with one JSON event, or - for stdin");
  }
  void add_model() {
    CLI::App& model =
        group_of_verbs("model", "Look at models, measure and compare them, swap and export them",
                       "leat model ls models/risk\n  leat model check models/risk\n  leat model bench "
                       "models/risk\n  leat model swap models/risk 2\n  leat model export models/risk "
                       "models/risk-onnx/model.onnx");
    CLI::App& ls =
        nested_verb(model, "ls", "List the versions of a model, or a folder of models; * is current",
                    "leat model ls models/risk\n  leat model ls models --format json",
                    [this] { return model_ls(model_); });
    CLI::App& check =
        nested_verb(model, "check", "Open a model and print what it reads and gives",
                    "leat model check models/risk\n  leat model check models/risk --version 2 --format json",
                    [this] { return model_check(model_); });
    CLI::App& bench =
        nested_verb(model, "bench", "Measure batch sizes and threads on this machine, and recommend",
                    "leat model bench models/risk\n  leat model bench models/mood --text 'Profits rise'",
                    [this] { return model_bench(model_); });
    CLI::App& swap =
        nested_verb(model, "swap", "Make a version current; running topologies take it without a gap",
                    "leat model swap models/risk 2\n  leat model swap models/risk latest",
                    [this] { return model_swap(model_); });
    CLI::App& out = nested_verb(model, "export", "Write an XGBoost or n-gram model as ONNX",
                                "leat model export models/risk models/risk-onnx/model.onnx",
                                [this] { return model_export(model_); });
    CLI::App& shadow = nested_verb(
        model, "shadow", "Ask two models about the same rows and say how far they agree",
        "leat model shadow models/risk models/risk rows.jsonl --version 1 --other-version 2\n  leat "
        "model shadow finance vader headlines.jsonl --in title --format json",
        [this] { return model_shadow(model_); });
    for (CLI::App* sub : {&ls, &check, &bench, &swap, &out, &shadow})
      sub->add_option("model", model_.path, "A model's file or folder")->required();
    for (CLI::App* sub : {&ls, &check, &bench, &swap, &out})
      sub->add_option("--engine", model_.engine, "lexicon, ngram, onnx or xgboost (default: by the file)");
    for (CLI::App* sub : {&ls, &check, &bench, &shadow}) add_format(*sub, model_.format);
    for (CLI::App* sub : {&check, &bench, &out, &shadow})
      sub->add_option("--version", model_.version, "Which version (default: the current one)");
    bench.add_option("--text", model_.text, "Text models: what to ask about");
    swap.add_option("to", model_.to, "A version, or latest")->required();
    out.add_option("output", model_.output, "The file to write")->required();
    shadow.add_option("other", model_.other, "The other model's file or folder")->required();
    shadow.add_option("rows", model_.rows, "File with one JSON object per line, or - for stdin")->required();
    shadow.add_option("--other-version", model_.other_version,
                      "Which version of the other (default: the current one)");
    shadow.add_option("--in", model_.in, "Fields that fill the input, for models that do not name theirs");
    shadow.add_option("--tolerance", model_.tolerance,
                      "Numbers that differ by no more agree (default: 0.01)");
  }
  void add_keys() {
    CLI::App& keys = group_of_verbs("keys", "Make and list the keys that protect links between hosts",
                                    "leat keys make pipeline.yaml\n  leat keys ls pipeline.yaml");
    CLI::App& make = nested_verb(keys, "make", "Make keys for the hosts that have none",
                                 "leat keys make pipeline.yaml\n  leat keys make pipeline.yaml --host edge",
                                 [this] { return keys_make(keys_); });
    CLI::App& ls = nested_verb(keys, "ls", "List the hosts' public keys, and which secrets are here",
                               "leat keys ls pipeline.yaml\n  leat keys ls pipeline.yaml --format json",
                               [this] { return keys_ls(keys_); });
    for (CLI::App* sub : {&make, &ls}) {
      add_topology(*sub, keys_, true);
      sub->add_option("--host", keys_.hosts, "Only this host (repeatable)")->allow_extra_args(false);
    }
  }
  void add_dlq() {
    CLI::App& dlq = group_of_verbs(
        "dlq", "Look at dead letters, send them back or forget them",
        "leat dlq ls var/dead.letters\n  leat dlq show var/dead.letters 17\n  leat dlq redrive "
        "var/dead.letters --actor priced\n  leat dlq purge var/dead.letters --before 30d");
    CLI::App& ls = nested_verb(dlq, "ls", "Count letters by actor and code",
                               "leat dlq ls var/dead.letters\n  leat dlq ls var/dead.letters --letters "
                               "--actor priced --since 1h\n  leat dlq "
                               "ls var/dead.letters --format json",
                               [this] { return dlq_ls(dlq_); });
    add_letters(ls);
    ls.add_flag("--letters", dlq_.letters, "Each letter, oldest first");
    ls.add_option("--limit", dlq_.limit, "With --letters: at most so many (default: 100)")
        ->needs("--letters");
    CLI::App& show =
        nested_verb(dlq, "show", "Print letters with their records",
                    "leat dlq show var/dead.letters 17 18\n  leat dlq show var/dead.letters 17 --format json",
                    [this] { return dlq_show(dlq_); });
    add_store(show);
    show.add_option("id", dlq_.ids, "Which letters")->required();
    CLI::App& redrive = nested_verb(
        dlq, "redrive", "Send letters back to the actors that failed",
        "leat dlq redrive var/dead.letters 17 18\n  leat dlq redrive var/dead.letters --actor priced --code "
        "missing_value\n  leat dlq redrive var/dead.letters --all --to tcp://127.0.0.1:5557",
        [this] { return dlq_redrive(dlq_); });
    redrive.add_option(
        "--to", dlq_.to,
        "An ingest.zmq with `mode: reply` that takes them, e.g. tcp://127.0.0.1:5557: works under every "
        "`delivery`");
    CLI::App& purge =
        nested_verb(dlq, "purge", "Forget letters for ever, after a question",
                    "leat dlq purge var/dead.letters 17\n  leat dlq purge var/dead.letters --before 30d "
                    "--yes\n  leat dlq purge var/dead.letters --state redriven",
                    [this] { return dlq_purge(dlq_); });
    for (CLI::App* sub : {&redrive, &purge}) {
      add_letters(*sub);
      sub->add_option("id", dlq_.ids, "Which letters");
      sub->add_flag("--all", dlq_.all, "Every letter");
    }
    purge.add_flag("--yes", dlq_.yes, "Ask no question");
  }
  void add_store(CLI::App& sub) {
    sub.add_option("store", dlq_.store, "The `path` of a persist.deadletter")->required();
    add_format(sub, dlq_.format);
  }
  void add_letters(CLI::App& sub) {
    add_store(sub);
    sub.add_option("--actor", dlq_.actor, "Only of this actor");
    sub.add_option("--code", dlq_.code, "Only with this code, e.g. missing_value");
    sub.add_option("--state", dlq_.state,
                   "Only waiting, asked (to go back soon) or redriven (and not failed again)")
        ->check(CLI::IsMember({"waiting", "asked", "redriven"}));
    sub.add_option("--since", dlq_.since, "Failed then or later: a time, or how long ago, e.g. 1h");
    sub.add_option("--before", dlq_.before, "Failed before: a time, or how long ago, e.g. 30d");
  }
  void add_completion() {
    CLI::App& sub =
        verb("completion", "Print a completion script", "leat completion bash > /etc/bash_completion.d/leat",
             [this] { return cli::completion(shell_, verbs_, nested_); });
    sub.add_option("shell", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  // "; did you mean `--host`?" for the first option that the verb does not have.
  std::string misspelt_option(int argc, char** argv) const {
    const CLI::App* sub = argc > 1 && argv[1][0] != '-' ? app_.get_subcommand(argv[1]) : &app_;
    for (const CLI::App* further : sub->get_subcommands([](const CLI::App*) { return true; }))
      if (sub != &app_ && argc > 2 && further->get_name() == argv[2]) sub = further;
    std::vector<std::string> names;
    for (const CLI::Option* option : sub->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (int at = 1; at < argc; ++at) {
      const std::string word = argv[at];
      const std::string name = word.substr(0, word.find('='));
      if (!name.starts_with("--") || std::ranges::find(names, name) != names.end()) continue;
      const std::string hint = suggest(name, names);
      return hint.empty() ? hint : "; " + hint;
    }
    return {};
  }

  int unknown_verb(const std::string& word) const {
    const std::string hint = suggest(word, verbs_);
    print_error(fmt::format("no verb `{}`{}{}", word, hint.empty() ? "" : "; ", hint), "leat --help");
    return kUsage;
  }

  CLI::App app_;
  bool want_version_ = false;
  std::function<int()> action_;
  std::vector<std::string> verbs_;
  std::map<std::string, std::vector<std::string>> nested_;
  RunArguments run_;
  RunningArguments running_;
  ValidateArguments validate_;
  TopologyArguments plan_, expand_;
  GraphArguments graph_;
  ListArguments list_, schema_;
  ExplainArguments explain_;
  EvalArguments eval_;
  SubscribeArguments subscribe_;
  LogArguments log_;
  TestArguments test_;
  ReplayArguments replay_;
  ModelArguments model_;
  DlqArguments dlq_;
  KeysArguments keys_;
  std::string shell_;
};

}  // namespace

int run_cli(int argc, char** argv) {
  return CommandLine().run(argc, argv);
}

}  // namespace leat::cli
