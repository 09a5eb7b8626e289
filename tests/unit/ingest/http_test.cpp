// The source behind the HTTP endpoint, and what the endpoint does with requests; real sockets and processes
// are in tests/fault/http_test.py.

#include <leat/context.hpp>
#include <leat/testing.hpp>

#include "ingest/http_rows.hpp"
#include "ingest/log_source.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TempFolder;

class HttpRowsTest : public ::testing::Test {
 protected:
  HttpRowsTest() {
    IngestLogOptions options;
    options.folder = folder_.path("log");
    options.background = false;
    options.segment_bytes = 64 << 10;
    options.bytes_max = 128 << 10;
    log_ = *IngestLog::open(options);
    make({});
  }
  void make(HttpRowsOptions options) {
    rows_ = std::make_unique<HttpRows>(
        std::move(options), Schema::make({{"id", Type::int64, false}, {"note", Type::string, true}}), *log_);
  }
  HttpHandler::Answer post(const std::string& body) { return rows_->handle({"POST", "/", "", body}); }

  TempFolder folder_;
  std::unique_ptr<IngestLog> log_;
  std::unique_ptr<HttpRows> rows_;
};

TEST_F(HttpRowsTest, answers_when_the_rows_are_durable_and_names_their_offset) {
  const auto first = post(R"({"id":1})");
  EXPECT_EQ(first.reply.status, 202u);
  EXPECT_EQ(first.after, 1u);
  EXPECT_EQ(*rows_->progress(), 0u);
  const auto second = post("[{\"id\":2},{\"id\":3,\"note\":null}]");
  EXPECT_EQ(second.after, 3u);
  EXPECT_EQ(second.reply.body, "{\"accepted\":2,\"offset\":1}\n");
  log_->work();
  EXPECT_EQ(*rows_->progress(), 3u);
}

TEST_F(HttpRowsTest, keeps_rows_as_they_were_received) {
  const std::string odd = "{ \"note\" : \"\\u00fc\",\n \"id\":1.0e0 ,\"unknown\":[ ]}";
  ASSERT_EQ(post(R"({"id": 7 })").reply.status, 202u);
  const auto answer = post(odd);
  EXPECT_EQ(answer.reply.status, 400u) << "1.0e0 is no int64";
  log_->work();
  const auto reader = *log_->read_from(0);
  IngestRecord record;
  ASSERT_TRUE(*reader->next(record));
  EXPECT_EQ(record.bytes, R"({"id": 7 })");
  EXPECT_EQ(record.tag, static_cast<std::uint32_t>(RecordTag::json));
}

TEST_F(HttpRowsTest, names_the_row_and_the_field_that_are_wrong_and_takes_nothing) {
  struct {
    const char* body;
    const char* row;
    const char* message;
  } const cases[] = {
      {R"({"id":"x"})", "\"row\":1", "row 1: field `id`"},
      {R"([{"id":1},{"id":2},{"note":"a"}])", "\"row\":3", "row 3: field `id` is missing"},
      {"{\"id\":1}\n{\"id\":null}", "\"row\":2", "field `id` is null"},
      {"{\"id\":1}\n{\"id\":2", "\"row\":2", "does not end"},
      {"{\"id\":99999999999999999999}", "\"row\":1", "does not fit"},
      {"{\"id\":1,\"note\":\"\xff\"}", "\"row\":1", "row 1"},
      {"{\"id\":1,}", "\"row\":1", "row 1"},
      {"[{\"id\":1},[]]", "\"row\":2", "not a JSON object"},
      {"", "\"message\":\"the body is empty\"", "empty"},
  };
  for (const auto& one : cases) {
    const auto answer = post(one.body);
    EXPECT_EQ(answer.reply.status, 400u) << one.body;
    EXPECT_EQ(answer.after, 0u);
    EXPECT_THAT(answer.reply.body, AllOf(HasSubstr(one.row), HasSubstr(one.message)));
  }
  EXPECT_EQ(log_->next_offset(), 0u);
}

TEST_F(HttpRowsTest, no_rows_are_accepted_at_once) {
  const auto answer = post("[]");
  EXPECT_EQ(answer.reply.status, 202u);
  EXPECT_EQ(answer.after, 0u);
}

TEST_F(HttpRowsTest, too_many_rows_are_too_large) {
  make({.endpoint = "/", .token = "", .rows_max = 2});
  EXPECT_EQ(post("[{\"id\":1},{\"id\":2}]").reply.status, 202u);
  EXPECT_EQ(post("[{\"id\":1},{\"id\":2},{\"id\":3}]").reply.status, 413u);
}

TEST_F(HttpRowsTest, a_full_log_is_answered_with_429_and_when_to_come_again) {
  const std::string body = "{\"id\":1,\"note\":\"" + std::string(30'000, 'x') + "\"}";
  HttpHandler::Answer answer = post(body);
  int accepted = 0;
  for (; answer.reply.status == 202 && accepted < 100; ++accepted) {
    log_->work();
    answer = post(body);
  }
  EXPECT_EQ(accepted, 4);
  EXPECT_EQ(answer.reply.status, 429u);
  EXPECT_THAT(answer.reply.headers, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(answer.reply.body, ::testing::Not(HasSubstr(folder_.path(""))))
      << "paths are not told to strangers";
  log_->commit_reader(4);
  log_->work();
  EXPECT_EQ(post(body).reply.status, 202u);
}

TEST_F(HttpRowsTest, takes_rows_at_its_endpoint_by_post_only) {
  make({.endpoint = "/events", .token = ""});
  const auto status = [&](const char* method, const char* target) {
    const auto reply = rows_->check({method, target, "", ""});
    return reply ? reply->status : 0u;
  };
  EXPECT_EQ(status("POST", "/events"), 0u);
  EXPECT_EQ(status("POST", "/events?a=b"), 0u);
  EXPECT_EQ(status("POST", "/"), 404u);
  EXPECT_EQ(status("POST", "/events/"), 404u);
  EXPECT_EQ(status("GET", "/events"), 405u);
  EXPECT_EQ(rows_->check({"PUT", "/events", "", ""})->headers, "Allow: POST\r\n");
}

TEST_F(HttpRowsTest, asks_for_the_token) {
  make({.endpoint = "/", .token = "secret"});
  for (const char* wrong : {"", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets",
                            "Bearer Secret", "Basic secret", "bearer  secret"}) {
    const auto reply = rows_->check({"POST", "/", wrong, ""});
    ASSERT_TRUE(reply) << wrong;
    EXPECT_EQ(reply->status, 401u);
    EXPECT_THAT(reply->headers, HasSubstr("WWW-Authenticate"));
  }
  EXPECT_FALSE(rows_->check({"POST", "/", "Bearer secret", ""}));
}

// The log as others would have left it.
class HttpSourceTest : public ::testing::Test {
 protected:
  std::string options() const {
    return fmt::format("{{ bind: 0, schema: row, log: {{ path: {}, segment: 64KiB, size: 1MiB }} }}",
                       folder_.path("log"));
  }
  void write(int from, int to) {
    IngestLogOptions log_options;
    log_options.folder = folder_.path("log");
    log_options.background = false;
    log_options.segment_bytes = 64 << 10;
    log_options.bytes_max = 1 << 20;
    const auto log = IngestLog::open(log_options);
    ASSERT_TRUE(log) << log.error().text();
    for (int id = from; id < to; ++id) {
      const std::string text = fmt::format("{{\"id\":{}}}", id);
      const IngestLog::Entry entry{text, 1};
      ASSERT_TRUE((*log)->append({&entry, 1}));
    }
    (*log)->work();
  }
  static std::string ids(int from, int to) {
    std::string text;
    for (int id = from; id < to; ++id) text += fmt::format("{{\"id\":{}}}\n", id);
    return text;
  }
  ActorHarness::Inputs schemas_{{"row", "{ id: int64 }"}};
  TempFolder folder_;
};

TEST_F(HttpSourceTest, goes_on_where_it_was_saved) {
  write(0, 10);
  ActorHarness http("ingest.http", options(), schemas_);
  ASSERT_EQ(http.problems(), "");
  ASSERT_TRUE(http.produce(4));
  EXPECT_EQ(http.take(), ids(0, 4));
  ASSERT_TRUE(http.restart());
  ASSERT_TRUE(http.produce_all());
  EXPECT_EQ(http.take(), ids(4, 10));
}

TEST_F(HttpSourceTest, without_checkpoints_goes_on_behind_what_it_sent_last) {
  write(0, 10);
  {
    ActorHarness http("ingest.http", options(), schemas_);
    ASSERT_TRUE(http.produce(4));
    ASSERT_TRUE(http.advance(std::chrono::seconds(2)));
  }
  ActorHarness http("ingest.http", options(), schemas_);
  ASSERT_TRUE(http.produce_all());
  EXPECT_EQ(http.take(), ids(4, 10));
}

// A source without input of its own, told where to begin as `run --from` tells it.
class FromSource final : public LogSource {
 public:
  struct Config {
    SchemaPtr schema;
    std::optional<LogConfig> log;
    std::string from;
  };
  static constexpr KindInfo kind{"test.from", "Begins somewhere."};
  static constexpr Port out{0, "out", "Rows."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {required("schema", &Config::schema, "Of the rows."), log_group(&Config::log),
            required("from", &Config::from, "A position.")};
  }
  static void describe(Config& config, Describe& describe) { describe.output(out, config.schema); }
  explicit FromSource(Config config) : LogSource(*config.log, config.schema), reader_(config.schema) {
    LogBacked& backed = *this;
    backed.start_from(*LogPosition::parse(config.from));
  }

 protected:
  Status start_input(IngestLog&, Context&) override { return {}; }
  Status decode(const IngestRecord& record, BatchBuilder& rows) override {
    return reader_.read(record.bytes, rows);
  }

 private:
  JsonRows reader_;
};

TEST_F(HttpSourceTest, begins_where_the_run_wants_it) {
  write(0, 10);
  Registry registry;
  registry.add<FromSource>();
  const auto rows_from = [&](const std::string& from) {
    ActorHarness source(
        registry, "test.from",
        fmt::format("{{ schema: input, from: '{}', log: {{ path: {} }} }}", from, folder_.path("log")),
        "{ id: int64 }");
    EXPECT_EQ(source.problems(), "");
    EXPECT_TRUE(source.produce_all());
    return source.take();
  };
  EXPECT_EQ(rows_from("oldest"), ids(0, 10));
  EXPECT_EQ(rows_from("7"), ids(7, 10));
  EXPECT_EQ(rows_from("latest"), "");
  EXPECT_EQ(rows_from("2000-01-01T00:00:00Z"), ids(0, 10));
  EXPECT_EQ(rows_from("2900-01-01T00:00:00Z"), "");
}

TEST_F(HttpSourceTest, says_where_it_listens_and_what_it_cut) {
  write(0, 3);
  std::fstream file(folder_.path("log/00000000000000000000.log"),
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(32 + 3 * (32 + 8) - 2);
  file.put('x');
  file.close();
  ActorHarness http("ingest.http", options(), schemas_);
  ASSERT_TRUE(http.produce_all());
  EXPECT_EQ(http.take(), ids(0, 2));
  EXPECT_THAT(http.log(), ::testing::ElementsAre(HasSubstr("cut 40B at byte 112"),
                                                 HasSubstr("takes rows at http://127.0.0.1:")));
}

TEST_F(HttpSourceTest, wakes_its_worker_through_a_descriptor) {
  ActorHarness http("ingest.http", options(), schemas_);
  const auto produced = http.produce();
  ASSERT_TRUE(produced);
  EXPECT_EQ(produced->next, Produced::Next::idle);
  EXPECT_GE(produced->fd, 0);
}

TEST_F(HttpSourceTest, options_that_can_not_work_are_refused) {
  struct {
    const char* options;
    const char* problem;
  } const cases[] = {
      {"bind: nowhere:99999", "no place to listen at"},
      {"bind: 'a b'", "no place to listen at"},
      {"bind: 0, endpoint: events", "must begin with `/`"},
      {"bind: 0, bodies_max: 1MiB", "at least `body_max`"},
      {"bind: 0, head_time: 1ms", "100ms or more"},
      {"bind: 0, token: ''", "protects nothing"},
      {"bind: 0, connections: 0", "1 or more"},
  };
  for (const auto& one : cases) {
    const ActorHarness http(
        "ingest.http",
        fmt::format("{{ schema: row, log: {{ path: {} }}, {} }}", folder_.path("log"), one.options),
        schemas_);
    EXPECT_THAT(http.problems(), HasSubstr(one.problem)) << one.options;
  }
  for (const char* log :
       {"{}", "{ path: x, size: 100MiB }", "{ path: x, segment: 1KiB }", "{ path: x, age: 0s }"}) {
    const ActorHarness http("ingest.http", fmt::format("{{ schema: row, bind: 0, log: {} }}", log), schemas_);
    EXPECT_NE(http.problems(), "") << log;
  }
}

}  // namespace
}  // namespace leat
