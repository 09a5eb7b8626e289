// What `leat validate` finds out about an `infer` with a remote engine.
#include <fmt/format.h>

#include <algorithm>

#include "infer/infer_options.hpp"
#include "infer/remote/http_header.hpp"
#include "infer/selection/selection.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kInFlightMax = 4096;
constexpr std::uint32_t kAttemptsMax = 100;

class Describing {
 public:
  Describing(InferConfig& config, Describe& describe) : config_(config), describe_(describe) {}

  void run() {
    plan_.input = describe_.input();
    if (!config_.endpoint) return problem(Code::missing_key, "", "engine `remote` needs an `endpoint`");
    read_endpoint(*config_.endpoint);
    read_outputs(*config_.endpoint);
    read_inputs(*config_.endpoint);
    read_rules();
    read_order();
    declare();
  }

 private:
  void problem(Code code, std::string_view option, std::string message, std::string note = {}) {
    describe_.problem(code, describe_.place_of(option), std::move(message), {}, std::move(note));
    good_ = false;
  }
  void check(const Status& status, std::string_view option) {
    if (!status) problem(status.error().code, option, status.error().message);
  }

  void read_endpoint(const EndpointOptions& endpoint);
  void read_outputs(const EndpointOptions& endpoint);
  void read_inputs(const EndpointOptions& endpoint);
  void read_template(const EndpointOptions& endpoint);
  void read_mapping(const EndpointOptions& endpoint, const InputMap& map);
  std::string datatype_of(const EndpointOptions& endpoint, const MappedInput& input);
  bool list_alone(const MappedInput& input);
  void read_rules();
  void read_retry(const RetryOptions& retry);
  void read_batch();
  void read_order();
  void declare();
  void positive(const std::optional<Duration>& time, std::string_view option) {
    if (time && time->count() <= 0)
      problem(Code::bad_value, option, fmt::format("`{}` is more than no time", option));
  }

  InferConfig& config_;
  Describe& describe_;
  RemotePlan plan_;
  bool good_ = true;
};

/// KServe's path names the model; otherwise the last part that says something, or the host.
std::string model_name(const HttpTarget& target) {
  std::vector<std::string> parts;
  std::string_view path = std::string_view(target.path).substr(0, target.path.find('?'));
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end != 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  const auto models = std::ranges::find(parts, "models");
  if (models != parts.end() && std::next(models) != parts.end()) return *std::next(models);
  while (!parts.empty() && (parts.back() == "invocations" || parts.back() == "infer")) parts.pop_back();
  return parts.empty() ? target.host : parts.back();
}

void Describing::read_endpoint(const EndpointOptions& endpoint) {
  Result<HttpTarget> target = parse_url(endpoint.url);
  if (!target) return problem(Code::bad_endpoint, "endpoint.url", target.error().message);
  plan_.name = model_name(*target);
  plan_.endpoint = {.target = *std::move(target), .headers = endpoint.headers};
  for (const auto& [name, value] : endpoint.headers) check(check_header(name, value), "endpoint.headers");
  plan_.endpoint.answer_bytes_max = endpoint.answer_max.count;
  if (endpoint.answer_max.count == 0)
    problem(Code::bad_value, "endpoint.answer_max", "an answer has some bytes");
  if (!endpoint.tls) return;
  if (!plan_.endpoint.target.tls)
    return problem(Code::bad_value, "endpoint.tls", "`tls` means nothing to http://");
  plan_.endpoint.tls = {endpoint.tls->ca ? endpoint.tls->ca->text : "", endpoint.tls->verify};
  if (const Status usable = check_tls(plan_.endpoint.tls); !usable)
    problem(usable.error().code, "endpoint.tls.ca", usable.error().text());
}

void Describing::read_outputs(const EndpointOptions& endpoint) {
  std::vector<Field> fields;
  for (const auto& [name, written] : endpoint.outputs) {
    const bool nullable = written.ends_with('?');
    const std::optional<Type> type =
        parse_type(std::string_view(written).substr(0, written.size() - nullable));
    const bool read = type && *type != Type::bytes && *type != Type::timestamp;
    if (!read)
      problem(Code::bad_value, "endpoint.outputs." + name,
              fmt::format("`{}` is no type that is read from JSON", written),
              "bool, int64, float64, string, list<float32> and any are");
    else
      fields.push_back({name, *type, nullable});
    plan_.body.outputs.push_back(name);
  }
  if (endpoint.outputs.empty())
    return problem(Code::bad_value, "endpoint.outputs", "at least one output is read");
  plan_.reply = {endpoint.protocol, Schema::make(std::move(fields)), {}};
}

void Describing::read_inputs(const EndpointOptions& endpoint) {
  plan_.body.protocol = endpoint.protocol;
  const bool written = endpoint.protocol == Protocol::body;
  if (written) return read_template(endpoint);
  if (!endpoint.body.empty()) problem(Code::bad_value, "endpoint.body", "`body` is for `protocol: template`");
  if (!endpoint.answer.empty())
    problem(Code::bad_value, "endpoint.answer", "`answer` is for `protocol: template`");
  if (config_.map && config_.map->in.inputs.empty() && !config_.map->in.place.known())
    return problem(Code::missing_key, "map", "`map` needs `in`: what the endpoint reads");
  if (config_.map) read_mapping(endpoint, config_.map->in);
}

void Describing::read_template(const EndpointOptions& endpoint) {
  if (endpoint.body.values.empty())
    return problem(Code::missing_key, "endpoint",
                   "`protocol: template` needs a `body` with something of the row in it");
  if (config_.map && config_.map->in.place.known())
    problem(Code::bad_value, "map.in", "`protocol: template` says in `body` what is sent");
  if (config_.batch && config_.batch->max && config_.batch->max->count != 1)
    problem(Code::bad_value, "batch.max", "a `body` is about one row");
  if (config_.on_null == NullInput::missing)
    describe_.warning(Code::bad_value, describe_.place_of("on_null"), "a null is sent as `null`");
  plan_.body.texts = endpoint.body.texts;
  plan_.inputs = {endpoint.body.values, {static_cast<std::uint32_t>(endpoint.body.values.size())}};
  for (const Expression& value : endpoint.body.values) {
    good_ = good_ && value.bound();  // told otherwise
    if (value.bound() && value.type() == Type::bytes)
      problem(Code::type_mismatch, "endpoint.body", fmt::format("JSON has no bytes: `{}`", value.text()));
  }
  for (const auto& [name, pointer] : endpoint.answer)
    if (!plan_.reply.outputs || !plan_.reply.outputs->index_of(name))
      problem(Code::bad_value, "endpoint.answer." + name, fmt::format("`outputs` has no `{}`", name));
  for (const auto& [name, type] : endpoint.outputs) {
    const auto found = std::ranges::find(endpoint.answer, name, &std::pair<std::string, std::string>::first);
    if (found == endpoint.answer.end())
      problem(Code::missing_key, "endpoint", fmt::format("`answer` does not say where `{}` stands", name));
    else if (!is_json_pointer(found->second))
      problem(Code::bad_value, "endpoint.answer." + name,
              fmt::format("`{}` is no JSON pointer; one looks like `/0/score`", found->second));
    else
      plan_.reply.pointers.push_back(found->second);
  }
}

void Describing::read_mapping(const EndpointOptions& endpoint, const InputMap& map) {
  const bool kserve = endpoint.protocol == Protocol::kserve_v2;
  if (kserve && !map.named)
    return problem(Code::bad_value, "map.in",
                   "kserve_v2 has inputs by name: `in: { NAME: EXPRESSION, ... }`");
  if (kserve && config_.on_null == NullInput::missing)
    problem(Code::bad_value, "on_null",
            "`on_null: missing` sends null, and tensors of kserve_v2 have no null");
  for (const MappedInput& input : map.inputs) {
    EndpointInput made{input.name, {}, static_cast<std::uint32_t>(input.columns.size())};
    if (!std::ranges::all_of(input.columns, &Expression::bound) || !list_alone(input)) {
      good_ = false;
      continue;
    }
    if (kserve) made.datatype = datatype_of(endpoint, input);
    plan_.body.inputs.push_back(std::move(made));
    plan_.inputs.columns.insert(plan_.inputs.columns.end(), input.columns.begin(), input.columns.end());
    plan_.inputs.counts.push_back(static_cast<std::uint32_t>(input.columns.size()));
  }
  for (const auto& [name, datatype] : endpoint.datatypes)
    if (std::ranges::find(map.inputs, name, &MappedInput::name) == map.inputs.end())
      problem(Code::bad_value, "endpoint.datatypes." + name, fmt::format("`map.in` has no `{}`", name));
  if (!kserve && !endpoint.datatypes.empty())
    problem(Code::bad_value, "endpoint.datatypes", "`datatypes` is for `protocol: kserve_v2`");
}

bool Describing::list_alone(const MappedInput& input) {
  for (const Expression& column : input.columns) {
    if (column.type() == Type::bytes) {
      problem(Code::type_mismatch, "map.in", fmt::format("JSON has no bytes: `{}`", column.text()));
      return false;
    }
    if (column.type() != Type::float32_list || input.columns.size() == 1) continue;
    problem(Code::type_mismatch, "map.in",
            fmt::format("`{}` is filled by values, or by one list<float32>", input.name));
    return false;
  }
  return true;
}

std::string Describing::datatype_of(const EndpointOptions& endpoint, const MappedInput& input) {
  const auto given =
      std::ranges::find(endpoint.datatypes, input.name, &std::pair<std::string, std::string>::first);
  // Integers beside floats are floats.
  std::string datatype(kserve_datatype(input.columns.front().type()));
  for (const Expression& column : input.columns)
    if (column.type() == Type::float64 && datatype == "INT64") datatype = "FP64";
  if (given != endpoint.datatypes.end()) datatype = given->second;
  for (const Expression& column : input.columns)
    if (!kserve_takes(datatype, column.type())) {
      describe_.problem(Code::type_mismatch, column.place(),
                        fmt::format("{} is no value of a tensor{}", to_text(column.type()),
                                    datatype.empty() ? "" : fmt::format(" of {}", datatype)));
      good_ = false;
    }
  return datatype;
}

void Describing::read_rules() {
  Outcomes::Rules& rules = plan_.rules;
  rules.in_flight = config_.in_flight.value_or(rules.in_flight);
  if (rules.in_flight == 0 || rules.in_flight > kInFlightMax)
    problem(Code::bad_value, "in_flight", fmt::format("`in_flight` is from 1 to {}", kInFlightMax));
  positive(config_.deadline, "deadline");
  positive(config_.timeout, "timeout");
  positive(config_.max_age, "max_age");
  rules.deadline = config_.deadline.value_or(rules.deadline);
  rules.timeout = config_.timeout.value_or(rules.timeout);
  rules.max_age = config_.max_age;
  read_batch();
  if (config_.retry) read_retry(*config_.retry);
  if (const auto& breaker = config_.breaker) {
    if (breaker->of == 0 || breaker->of > 10'000)
      problem(Code::bad_value, "breaker.of", "`of` is from 1 to 10000");
    if (breaker->failures.share <= 0)
      problem(Code::bad_value, "breaker.failures", "`failures` is more than 0%");
    if (breaker->pause.count() <= 0)
      problem(Code::bad_value, "breaker.pause", "`pause` is more than no time");
    rules.breaker = Breaker::Rules{breaker->failures.share, breaker->of, breaker->pause};
  }
  if (config_.queue && config_.queue->count == 0)
    problem(Code::bad_value, "queue", "`queue` is at least 1 row");
  plan_.queue = config_.queue.value_or(Rows{plan_.queue}).count;
}

void Describing::read_batch() {
  if (!config_.batch) return;
  plan_.rules.delay = config_.batch->delay;
  if (config_.batch->delay.count() < 0) problem(Code::bad_value, "batch.delay", "`delay` is not negative");
  const std::uint64_t most = config_.batch->max.value_or(Rows{1}).count;
  if (most == 0 || most > 65'536) problem(Code::bad_value, "batch.max", "`max` is from 1 to 65536 rows");
  plan_.rules.rows_max = static_cast<std::uint32_t>(most);
}

void Describing::read_retry(const RetryOptions& retry) {
  constexpr std::pair<std::string_view, Fault> kNames[] = {{"timeout", Fault::timeout},
                                                           {"connection", Fault::connection},
                                                           {"429", Fault::busy},
                                                           {"5xx", Fault::server},
                                                           {"answer", Fault::answer}};
  if (retry.attempts == 0 || retry.attempts > kAttemptsMax)
    problem(Code::bad_value, "retry.attempts", fmt::format("`attempts` is from 1 to {}", kAttemptsMax));
  if (retry.backoff.count() < 0) problem(Code::bad_value, "retry.backoff", "`backoff` is not negative");
  plan_.rules.attempts = retry.attempts;
  plan_.rules.backoff = retry.backoff;
  plan_.rules.retried.clear();
  for (const std::string& name : retry.on) {
    const auto found = std::ranges::find(kNames, name, &std::pair<std::string_view, Fault>::first);
    if (found == std::end(kNames))
      problem(Code::bad_value, "retry.on", fmt::format("`{}` is nothing that is tried again", name),
              "timeout, connection, 429, 5xx and answer are");
    else
      plan_.rules.retried.insert(found->second);
  }
}

void Describing::read_order() {
  if (!config_.order) return;
  plan_.order = config_.order->rule;
  if (plan_.order == AnswerOrder::Rule::by_key) {
    if (!config_.order->key.bound()) {
      good_ = false;  // told already
      return;
    }
    plan_.key = config_.order->key;
    describe_.partition_by(0, {*plan_.key});
  }
  if (plan_.order == AnswerOrder::Rule::all) describe_.partition_by(0, {});
}

void Describing::declare() {
  if (!config_.map || !plan_.reply.outputs) return;
  const bool nulls = config_.on_null == NullInput::keep &&
                     std::ranges::any_of(plan_.inputs.columns, [](const Expression& column) {
                       return column.bound() && column.nullable();
                     });
  std::optional<Answers> answers =
      Answers::make(config_.map->out, plan_.reply.outputs, config_.answered_by, nulls, describe_);
  if (!answers) return;
  std::vector<Field> fields = answers->fields();
  good_ = describe_otherwise(config_, *answers, fields, plan_.otherwise, describe_) && good_;
  good_ = describe_shadows(config_, plan_.reply.outputs, plan_.shadows, describe_) && good_;
  const SchemaPtr schema = with_answers(fields, describe_);
  if (schema == nullptr || !good_) return;
  describe_.output(InferPorts::out, schema);
  plan_.answers = *std::move(answers);
  config_.remote = std::make_shared<const RemotePlan>(std::move(plan_));
}

}  // namespace

void describe_remote(InferConfig& config, Describe& describe) {
  Describing(config, describe).run();
}

}  // namespace leat
