#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <leat/codes.hpp>

namespace leat {
namespace {

using enum Remedy;

constexpr std::array kCodes{
    CodeInfo{
        Code::invalid_yaml, "invalid_yaml", fix_config, "the file is not the YAML that Leat reads",
        "The text can't be parsed, or uses what Leat refuses: anchors, aliases, tags, several documents, "
        "nesting deeper than 32.\n"
        "Most often the indentation is off by a space, or a value with `: ` or ` #` in it needs quotes.\n"
        "Next: look at the caret; quote the value, or align it with its neighbours."},
    CodeInfo{Code::unknown_key, "unknown_key", fix_config, "a key that nothing reads",
             "Every key must be known, so that a typo can't silently change what runs.\n"
             "Next: take the suggestion, or see what the kind reads with `leat explain KIND`."},
    CodeInfo{Code::duplicate_key, "duplicate_key", fix_config, "a key stands twice in the same map",
             "YAML libraries silently keep one of the two; Leat asks which one you mean.\nNext: delete one "
             "of them."},
    CodeInfo{Code::missing_key, "missing_key", fix_config, "a required key is absent",
             "The option has no default that would be right for everyone.\nNext: add it; `leat explain KIND` "
             "shows each option, which are required, and an example."},
    CodeInfo{Code::wrong_type, "wrong_type", fix_config, "a value of the wrong shape or type",
             "For example a list where one value is wanted, or text where a number is.\nNext: `leat explain "
             "KIND` shows each option's type."},
    CodeInfo{Code::bad_value, "bad_value", fix_config, "a value that the option does not accept",
             "Sizes, durations and rates carry a unit: 64MiB, 250ms, 10k rows, 500/s.\nNext: take the form "
             "the message shows."},
    CodeInfo{
        Code::unset_variable, "unset_variable", fix_config, "`${env:NAME}` or `${secret:NAME}` has no value",
        "Only `${env:NAME}`, `${env:NAME=default}` and `${secret:NAME}` are replaced; nothing is implicit.\n"
        "Next: set the variable, or give a default: `${env:PORT=5556}`."},
    CodeInfo{Code::unreadable_file, "unreadable_file", fix_input, "a file exists but can't be read",
             "The user that runs Leat may not open it, or it is a folder, a pipe or a device.\n"
             "Next: check its owner and mode with `ls -l`, or name another file."},
    CodeInfo{Code::too_large, "too_large", fix_config, "beyond a limit of the loader",
             "A topology may have 1 MiB, and an expression 64 KiB.\nNext: split it, or generate less."},
    CodeInfo{Code::unknown_kind, "unknown_kind", fix_config, "no actor kind has this name",
             "Kinds come with Leat or from `plugins:`.\nNext: `leat list` shows them all."},
    CodeInfo{Code::bad_name, "bad_name", fix_config, "a name that can't be used",
             "Names begin with a letter a-z and go on with a-z, 0-9, _ and -. Dots separate actor and "
             "port.\nNext: rename it."},
    CodeInfo{Code::unknown_actor, "unknown_actor", fix_config, "no actor has this name",
             "`inputs:` names actors of the same file: `inputs: [headlines]`.\nNext: take the suggestion, or "
             "add the actor."},
    CodeInfo{Code::unknown_port, "unknown_port", fix_config, "the actor has no such port",
             "Ports are named after a dot: `inputs: [store.changes]`. Every actor also has `errors`.\n"
             "Next: `leat explain KIND` lists the ports."},
    CodeInfo{Code::cycle, "cycle", fix_config, "actors feed each other in a circle",
             "Rows would go round for ever, and back-pressure would stop everything.\nNext: cut one of the "
             "links that the message names."},
    CodeInfo{
        Code::wrong_inputs, "wrong_inputs", fix_config,
        "an actor has inputs it can't have, or lacks those it needs",
        "Sources have no `inputs:`; everything else needs at least one.\nNext: add or remove `inputs:`."},
    CodeInfo{
        Code::unknown_schema, "unknown_schema", fix_config, "no schema has this name",
        "Schemas stand under `schemas:` at the top of the file.\nNext: take the suggestion, or declare it."},
    CodeInfo{Code::schema_mismatch, "schema_mismatch", fix_config,
             "links into one port carry different fields",
             "All rows of a port have one schema.\nNext: bring them to the same fields with `transform` and "
             "`select:`."},
    CodeInfo{
        Code::unused_port, "unused_port", fix_config, "nobody reads a port whose rows matter",
        "Its rows would be counted and go nowhere.\nNext: connect it, or say so with `discard: [PORT]`."},
    CodeInfo{Code::feature_missing, "feature_missing", fix_config,
             "a feature that this version does not have",
             "It is planned, and refused rather than ignored.\nNext: write what the message proposes."},
    CodeInfo{Code::bad_expression, "bad_expression", fix_config, "the expression can't be parsed",
             "Expressions are CEL: `amount > 10.0 && country in [\"DE\", \"FR\"]`.\nNext: see "
             "docs/expressions.md; try it with `leat eval`."},
    CodeInfo{Code::unknown_field, "unknown_field", fix_config, "the input has no such field",
             "An expression sees the fields of the actor's input.\nNext: take the suggestion; `leat plan` "
             "shows every link's schema."},
    CodeInfo{Code::type_mismatch, "type_mismatch", fix_config, "operands or result have the wrong type",
             "CEL converts nothing by itself: `1 + 1.5` is an error, `double(1) + 1.5` is not.\nNext: "
             "convert with int(), double() or string()."},
    CodeInfo{Code::unknown_function, "unknown_function", fix_config, "no function has this name",
             "Functions are CEL's standard ones and some for text; methods are written behind their value: "
             "`title.contains(\"x\")`.\nNext: take the suggestion; docs/expressions.md lists all functions."},
    CodeInfo{Code::unsupported_expression, "unsupported_expression", fix_config, "CEL that Leat leaves out",
             "What is left out is refused by name, never silently different.\nNext: docs/expressions.md says "
             "what to write instead."},
    CodeInfo{Code::evaluation_failed, "evaluation_failed", fix_input, "an expression failed on a row",
             "Division by zero, overflow, a conversion that does not work, or a null operand. The row went "
             "to `errors`.\n"
             "Next: guard it, for example `has(x) && x != 0 ? a / x : 0`."},
    CodeInfo{Code::unknown_host, "unknown_host", fix_config, "no host has this name",
             "Hosts stand under `deploy: { hosts: }`.\nNext: take the suggestion, or add the host."},
    CodeInfo{
        Code::bad_placement, "bad_placement", fix_config, "`deploy.place` can't be followed",
        "Every actor needs one host: name it, or use \"*\" for the rest.\nNext: see docs/operations.md."},
    CodeInfo{Code::bad_endpoint, "bad_endpoint", fix_config, "an address that can't be used",
             "Addresses look like tcp://127.0.0.1:5556, tcp://*:5556 or ipc:///run/feed.\nNext: correct it."},
    CodeInfo{
        Code::insecure_link, "insecure_link", fix_config, "a key that can't protect links between hosts",
        "Links between hosts are encrypted with keys that `leat keys make` has made. This one can be read by "
        "others, is damaged, or is another host's.\n"
        "Next: what the message says; docs/operations.md, \"Keys\"."},
    CodeInfo{
        Code::malformed_record, "malformed_record", fix_input, "a record that can't be read",
        "Broken JSON or CSV, or a value of another type than the schema says. The record went to `errors`.\n"
        "Next: look at file and line in its `place`."},
    CodeInfo{Code::out_of_range, "out_of_range", fix_input, "a number beyond its type",
             "int64 ends at about 9.2e18. The record went to `errors`.\nNext: read the field as float64 or "
             "string."},
    CodeInfo{
        Code::missing_value, "missing_value", fix_input, "a required field is absent or null",
        "A schema's fields are required unless their type ends with `?`. The record went to `errors`.\nNext: "
        "declare it nullable (`name: 'string?'`), or repair the input."},
    CodeInfo{Code::limit_reached, "limit_reached", retry_later, "a configured limit was reached",
             "Memory is bounded by configuration.\nNext: raise the option that the message names."},
    CodeInfo{
        Code::late_record, "late_record", fix_input, "a record came after its window had closed",
        "It went to the `late` port.\nNext: raise `disorder:` at the source or `lateness:` at the window."},
    CodeInfo{Code::malformed_frame, "malformed_frame", reconnect,
             "a message from the network can't be decoded",
             "Another program sends to this port, or the peer runs another version.\nNext: run the same leat "
             "everywhere; firewall the port."},
    CodeInfo{
        Code::unreachable, "unreachable", reconnect, "a peer does not answer",
        "A host of this topology has been silent for 10 s, or the reader of an output has gone. Rows that it "
        "had not confirmed are counted as undelivered.\nNext: look whether it runs, and whether a firewall "
        "lies between; then run again."},
    CodeInfo{Code::peer_mismatch, "peer_mismatch", fix_config, "a peer runs another topology",
             "All hosts must be started from the same file: links are numbered by it.\nNext: copy the file "
             "to all hosts and restart them."},
    CodeInfo{Code::sequence_gap, "sequence_gap", retry_later, "messages are missing",
             "Under `delivery: best_effort` a lost message is counted, not repeated.\nNext: look at the "
             "links' gaps in the metrics."},
    CodeInfo{
        Code::address_in_use, "address_in_use", fix_config, "another program listens there",
        "Only one program can listen at an address; often it is an earlier run that still goes on.\nNext: "
        "stop it (`ss -ltnp` names it), or choose another port."},
    CodeInfo{Code::storage_failed, "storage_failed", free_space,
             "a file or database can't be written or opened",
             "The disk has room, something else is wrong: rights, a path that is something else, a damaged "
             "store, a second program that "
             "has it open, or a failing disk.\nNext: check the path; the message has the system's words."},
    CodeInfo{Code::storage_full, "storage_full", free_space, "the disk is full",
             "Nothing more was accepted; what was written is intact.\nNext: free space under the path, then "
             "run again."},
    CodeInfo{Code::input_missing, "input_missing", fix_input, "an input file does not exist",
             "Relative paths start at the topology's folder, not where you are.\n"
             "Next: correct the path; if that folder has a `prepare`, run it: it fetches the data."},
    CodeInfo{
        Code::corrupt_state, "corrupt_state", free_space, "a file of a checkpoint or log is damaged",
        "Its checksum or form is wrong, so the disk or another program has changed it. Nothing was "
        "overwritten.\nNext: restore the file from a copy, or start anew with `leat run --from none`; the "
        "message says what that gives up."},
    CodeInfo{
        Code::state_mismatch, "state_mismatch", fix_config, "a checkpoint does not fit the topology",
        "The topology has changed since the checkpoint was made: an actor is gone, renamed, of another kind, "
        "or has another number of instances and a state that can't be divided.\nNext: see "
        "docs/operations.md, \"Change a topology\"; the message names the actor."},
    CodeInfo{Code::model_missing, "model_missing", fix_config, "a model's file does not exist",
             "Models are opened before anything starts. Built-in lexicons are files, too, made once from npm "
             "archives.\nNext: check `model:`; for a built-in lexicon, run `scripts/bootstrap`."},
    CodeInfo{Code::model_mismatch, "model_mismatch", fix_config,
             "the model's inputs or outputs do not fit `map:`",
             "Names, types and shapes are compared before anything starts.\nNext: correct `map:`, or take "
             "another model."},
    CodeInfo{Code::model_failed, "model_failed", fix_input, "the model failed on a record",
             "The record went to `errors` with the model's words.\nNext: try that record alone."},
    CodeInfo{
        Code::endpoint_failed, "endpoint_failed", retry_later, "an endpoint gave no answer that is one",
        "It was not reached, was too slow, answered that it is busy or broken, or sent something else than "
        "an answer; and the attempts that `retry` allows are used up.\nNext: look at the endpoint; the "
        "record is on `errors` and can be sent again."},
    CodeInfo{Code::endpoint_refused, "endpoint_refused", fix_input, "an endpoint refuses a record",
             "It answered with a status of 400 to 499, so asking again would not help. Of several records "
             "that were sent together, this one alone was refused.\nNext: compare `map.in` with what the "
             "endpoint wants; its words are in the message."},
    CodeInfo{
        Code::deadline_missed, "deadline_missed", retry_later, "no answer before the deadline",
        "`deadline` counts from when the record came: waiting, attempts and pauses between them.\nNext: "
        "see `in_flight` and the endpoint's latency among the metrics; allow more of one, or less of the "
        "other."},
    CodeInfo{
        Code::breaker_open, "breaker_open", retry_later, "an endpoint fails too often and is left alone",
        "`breaker` has seen too many failures in a row of attempts. While it is open nothing is asked; after "
        "its `pause` one record is, and decides.\nNext: look at the endpoint."},
    CodeInfo{Code::plugin_failed, "plugin_failed", fix_config, "a plugin can't be loaded",
             "It is missing, is no Leat plugin, or was built for another version.\nNext: build it against "
             "the installed Leat."},
    CodeInfo{
        Code::internal, "internal", report_bug, "a bug in Leat",
        "Something that Leat takes for impossible has happened; your topology may be right.\nNext: report it "
        "with the topology, the message and `leat --version`."},
    CodeInfo{
        Code::stopped, "stopped", retry_later, "the run was stopped",
        "A signal or `--for` ended it. After the first signal rows flow out; a second one stops at once, and "
        "what was under way is counted as undelivered.\nNext: run it again."},
    CodeInfo{Code::poison_record, "poison_record", report_bug, "a record that crashes the process",
             "The actor crashed on it (a signal such as SIGSEGV), was given its rows one by one, and crashed "
             "on it "
             "again. Since then the record is refused.\nNext: report it, or fix the plugin; the record is on "
             "`errors`."},

};

static_assert(std::ranges::is_sorted(kCodes, {}, &CodeInfo::code));

}  // namespace

std::span<const CodeInfo> all_codes() {
  return kCodes;
}

const CodeInfo& describe(Code code) {
  const auto found = std::ranges::find(kCodes, code, &CodeInfo::code);
  return found != kCodes.end() ? *found : describe(Code::internal);
}

std::string code_number(Code code) {
  return fmt::format("L{:04}", static_cast<unsigned>(code));
}

}  // namespace leat
