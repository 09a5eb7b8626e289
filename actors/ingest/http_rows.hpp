#pragma once

#include <leat/codec.hpp>
#include <leat/ingest_log.hpp>

#include "ingest/http_server.hpp"

namespace leat {

struct HttpRowsOptions {
  std::string endpoint = "/";
  std::string token;  ///< empty: nobody is asked
  std::uint64_t rows_max = 10'000;
};

/// Takes the rows of requests into a log: all of a body's rows when each fits the schema, else none; a
/// request is answered with 202 when its rows are durable. One thread.
class HttpRows final : public HttpHandler {
 public:
  HttpRows(HttpRowsOptions options, const SchemaPtr& schema, IngestLog& log);

  std::optional<HttpReply> check(const HttpRequest& head) override;
  Answer handle(const HttpRequest& request) override;
  Result<std::uint64_t> progress() override;
  HttpReply refusal(const Error& error) override;
  void idle() override { log_.flush(); }

 private:
  Status check_rows(const std::vector<std::string_view>& rows, std::string_view body, std::size_t& bad);

  const HttpRowsOptions options_;
  IngestLog& log_;
  JsonRows reader_;
  BatchBuilder scratch_;
  std::vector<IngestLog::Entry> entries_;
};

}  // namespace leat
