// A small inference server: KServe's v2 protocol over HTTP (what Triton, MLServer and KServe speak) for
// XGBoost models in MODELS/NAME/VERSION/. README.md says how to run it.
#include <fmt/format.h>
#include <httplib.h>
#include <simdjson.h>
#include <xgboost/c_api.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

/// What a client did wrong; becomes 400 with {"error": ...}.
struct BadRequest : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void check(int result) {
  if (result != 0) throw std::runtime_error(XGBGetLastError());
}

/// One loaded model. Predicting is thread-safe.
class Model {
 public:
  Model(std::string name, std::string version, const fs::path& file)
      : name_(std::move(name)), version_(std::move(version)) {
    check(XGBoosterCreate(nullptr, 0, &booster_));
    check(XGBoosterLoadModel(booster_, file.c_str()));
    check(XGBoosterSetParam(booster_, "nthread", "1"));
    bst_ulong count = 0;
    const char** names = nullptr;
    check(XGBoosterGetStrFeatureInfo(booster_, "feature_name", &count, &names));
    features_.assign(names, names + count);
    if (features_.empty()) throw std::runtime_error(file.string() + " does not name its features");
  }
  ~Model() { XGBoosterFree(booster_); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  std::string metadata() const;
  std::string infer(const element& request) const;

 private:
  std::vector<float> predict(const std::vector<float>& rows, std::size_t count) const;

  std::string name_, version_;
  BoosterHandle booster_ = nullptr;
  std::vector<std::string> features_;
};

std::string Model::metadata() const {
  std::string inputs;
  for (const std::string& feature : features_)
    inputs += fmt::format(R"({}{{"name":"{}","datatype":"FP32","shape":[-1,1]}})", inputs.empty() ? "" : ",",
                          feature);
  return fmt::format(R"({{"name":"{}","versions":["{}"],"platform":"xgboost","inputs":[{}],)"
                     R"("outputs":[{{"name":"score","datatype":"FP32","shape":[-1,1]}}]}})",
                     name_, version_, inputs);
}

/// All numbers of nested lists in order.
void flatten(const element& value, std::vector<float>& numbers) {
  simdjson::dom::array list;
  double number = 0;
  if (value.get(list) == simdjson::SUCCESS) {
    for (const element inner : list) flatten(inner, numbers);
  } else if (value.get_double().get(number) == simdjson::SUCCESS) {
    numbers.push_back(static_cast<float>(number));
  } else {
    throw BadRequest("`data` has something in it that is no number");
  }
}

std::string Model::infer(const element& request) const {
  simdjson::dom::array inputs;
  if (request["inputs"].get(inputs) != simdjson::SUCCESS) throw BadRequest("no `inputs`");
  std::map<std::string_view, std::vector<float>> columns;
  for (const element input : inputs) {
    std::string_view name;
    element data;
    if (input["name"].get(name) != simdjson::SUCCESS || input["data"].get(data) != simdjson::SUCCESS)
      throw BadRequest("an input without `name` or `data`");
    flatten(data, columns[name]);
  }
  if (columns.empty()) throw BadRequest("no inputs");
  const std::size_t count = columns.begin()->second.size();
  std::vector<float> rows(count * features_.size());
  for (std::size_t at = 0; at < features_.size(); ++at) {
    const auto found = columns.find(features_[at]);
    if (found == columns.end()) throw BadRequest("input `" + features_[at] + "` is missing");
    if (found->second.size() != count) throw BadRequest("inputs of different lengths");
    for (std::size_t row = 0; row < count; ++row) rows[row * features_.size() + at] = found->second[row];
  }
  if (count == 0) throw BadRequest("no rows");
  std::string values;
  for (const float score : predict(rows, count))
    values += fmt::format("{}{}", values.empty() ? "" : ",", score);
  return fmt::format(R"({{"model_name":"{}","model_version":"{}","outputs":[{{"name":"score","shape":[{},1],)"
                     R"("datatype":"FP32","data":[{}]}}]}})",
                     name_, version_, count, values);
}

std::vector<float> Model::predict(const std::vector<float>& rows, std::size_t count) const {
  const std::string array =
      fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                  reinterpret_cast<std::uintptr_t>(rows.data()), count, features_.size());
  constexpr const char* kConfig = R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,)"
                                  R"("strict_shape":false,"cache_id":0,"missing":NaN})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* scores = nullptr;
  check(XGBoosterPredictFromDense(booster_, array.c_str(), kConfig, nullptr, &shape, &dimensions, &scores));
  return {scores, scores + count};
}

/// The model of each name: its greatest version.
std::map<std::string, std::unique_ptr<Model>> load(const fs::path& folder) {
  std::map<std::string, std::unique_ptr<Model>> models;
  for (const fs::directory_entry& model : fs::directory_iterator(folder)) {
    std::optional<std::pair<std::uint64_t, fs::path>> newest;
    for (const fs::directory_entry& version : fs::directory_iterator(model)) {
      const std::string text = version.path().filename();
      std::uint64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) continue;
      for (const char* file : {"model.ubj", "model.json"})
        if (fs::exists(version.path() / file) && (!newest || number > newest->first))
          newest = {number, version.path() / file};
    }
    if (!newest) continue;
    const std::string name = model.path().filename();
    models[name] = std::make_unique<Model>(name, std::to_string(newest->first), newest->second);
  }
  return models;
}

struct Options {
  fs::path models;
  int port = 8080;
  std::chrono::milliseconds latency{0};  ///< of each answer, to try out what a slow model does
  std::size_t threads = 64;              ///< and so many requests at once
};

std::optional<Options> read(int argc, char** argv) {
  Options options;
  for (int at = 1; at < argc; ++at) {
    const std::string name = argv[at];
    if (name.rfind("--", 0) != 0) {
      options.models = name;
      continue;
    }
    if (++at == argc) return std::nullopt;
    const long value = std::atol(argv[at]);
    if (name == "--port")
      options.port = static_cast<int>(value);
    else if (name == "--latency-ms")
      options.latency = std::chrono::milliseconds(value);
    else if (name == "--threads" && value > 0)
      options.threads = static_cast<std::size_t>(value);
    else
      return std::nullopt;
  }
  return options.models.empty() ? std::nullopt : std::optional(options);
}

std::string error_body(const std::string& message) {
  std::string text;
  for (const char c : message)
    text += c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' ? '\'' : c;
  return "{\"error\":\"" + text + "\"}";
}

httplib::Server* running = nullptr;

}  // namespace

int main(int argc, char** argv) try {
  const std::optional<Options> options = read(argc, argv);
  if (!options) {
    fmt::print(stderr, "usage: model-server MODELS [--port N] [--latency-ms N] [--threads N]\n");
    return 64;
  }
  const auto models = load(options->models);
  httplib::Server server;
  server.new_task_queue = [threads = options->threads] { return new httplib::ThreadPool(threads); };
  server.set_keep_alive_max_count(1'000'000'000);
  server.set_tcp_nodelay(true);

  const auto answer = [](httplib::Response& response, const std::string& body, int status = 200) {
    response.status = status;
    response.set_content(body, "application/json");
  };
  using Use = std::function<std::string(const Model&, const httplib::Request&)>;
  const auto with_model = [&](const Use& use) {
    return [&, use](const httplib::Request& request, httplib::Response& response) {
      const auto found = models.find(request.matches[1].str());
      if (found == models.end())
        return answer(response, error_body("no model `" + request.matches[1].str() + "`"), 404);
      try {
        answer(response, use(*found->second, request));
      } catch (const BadRequest& wrong) {
        answer(response, error_body(wrong.what()), 400);
      }
    };
  };
  server.Get("/v2", [&](const httplib::Request&, httplib::Response& response) {
    answer(response, R"({"name":"model-server","version":"1","extensions":[]})");
  });
  server.Get("/v2/health/(live|ready)",
             [&](const httplib::Request&, httplib::Response& response) { answer(response, "{}"); });
  server.Get("/v2/models/([^/]+)/ready", with_model([](const Model&, const auto&) { return "{}"; }));
  server.Get("/v2/models/([^/]+)",
             with_model([](const Model& model, const auto&) { return model.metadata(); }));
  server.Post("/v2/models/([^/]+)/infer",
              with_model([&](const Model& model, const httplib::Request& request) {
                std::this_thread::sleep_for(options->latency);
                simdjson::dom::parser parser;
                element body;
                if (parser.parse(request.body).get(body) != simdjson::SUCCESS) throw BadRequest("not JSON");
                return model.infer(body);
              }));
  server.set_exception_handler(
      [&](const httplib::Request&, httplib::Response& response, std::exception_ptr failed) {
        try {
          std::rethrow_exception(failed);
        } catch (const std::exception& error) {
          answer(response, error_body(error.what()), 500);
        }
      });

  const int port = options->port == 0
                       ? server.bind_to_any_port("127.0.0.1")
                       : (server.bind_to_port("127.0.0.1", options->port) ? options->port : -1);
  if (port < 0) {
    fmt::print(stderr, "model-server: port {} is taken\n", options->port);
    return 69;
  }
  running = &server;
  for (const int number : {SIGTERM, SIGINT}) std::signal(number, [](int) { running->stop(); });
  fmt::print("http://127.0.0.1:{} serves", port);
  for (const auto& [name, model] : models) fmt::print(" {}", name);
  fmt::print("\n");
  std::fflush(stdout);
  return server.listen_after_bind() ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "model-server: {}\n", error.what());
  return 1;
}
