#include "ingest/http_rows.hpp"

#include <fmt/format.h>

#include "ingest/json_body.hpp"
#include "ingest/log_source.hpp"

namespace leat {
namespace {

// The time it takes tells nothing about where two texts differ.
bool equal_secrets(std::string_view one, std::string_view other) {
  unsigned char difference = one.size() == other.size() ? 0 : 1;
  for (std::size_t at = 0; at < one.size(); ++at)
    difference |= static_cast<unsigned char>(one[at] ^ other[at % std::max<std::size_t>(other.size(), 1)]);
  return difference == 0;
}

HttpReply reply_to(unsigned status, const Error& error, std::size_t row = 0, std::string headers = {}) {
  std::string body = fmt::format("{{\"error\":\"{}\",", describe(error.code).name);
  if (row > 0) body += fmt::format("\"row\":{},", row);
  body += "\"message\":";
  write_json_string(row > 0 ? fmt::format("row {}: {}", row, error.message) : error.message, body);
  return {status, body + "}\n", std::move(headers)};
}

}  // namespace

HttpRows::HttpRows(HttpRowsOptions options, const SchemaPtr& schema, IngestLog& log)
    : options_(std::move(options)), log_(log), reader_(schema), scratch_(schema) {}

std::optional<HttpReply> HttpRows::check(const HttpRequest& head) {
  const std::string_view path = head.target.substr(0, head.target.find('?'));
  if (path != options_.endpoint)
    return reply_to(404, {Code::bad_endpoint, fmt::format("rows are taken at {}", options_.endpoint), {}});
  if (head.method != "POST")
    return reply_to(405, {Code::bad_value, "rows come by POST", {}}, 0, "Allow: POST\r\n");
  if (options_.token.empty()) return std::nullopt;
  constexpr std::string_view kBearer = "Bearer ";
  if (head.authorization.starts_with(kBearer) &&
      equal_secrets(head.authorization.substr(kBearer.size()), options_.token))
    return std::nullopt;
  return reply_to(401, {Code::bad_value, "the bearer token is missing or wrong", {}}, 0,
                  "WWW-Authenticate: Bearer\r\n");
}

// Reading each row as the source will read it later is the validation; what it builds is thrown away.
Status HttpRows::check_rows(const std::vector<std::string_view>& rows, std::string_view body,
                            std::size_t& bad) {
  scratch_.truncate(0);
  const char* const end = body.data() + body.size();
  for (bad = 0; bad < rows.size(); ++bad) {
    const std::string_view row = rows[bad];
    const bool padded = static_cast<std::size_t>(end - row.data()) - row.size() >= kJsonPadding;
    LEAT_TRY(padded ? reader_.read(row, scratch_) : reader_.read_copy(row, scratch_));
  }
  return {};
}

HttpHandler::Answer HttpRows::handle(const HttpRequest& request) {
  const JsonBody body = JsonBody::cut(request.body, options_.rows_max);
  std::size_t bad = 0;
  if (Status good = check_rows(body.rows, request.body, bad); !good)
    return {reply_to(400, good.error(), bad + 1)};
  if (!body.problem) {
    const Error& error = body.problem.error();
    if (error.code == Code::too_large) return {reply_to(413, error)};
    return {reply_to(400, error, error.code == Code::missing_value ? 0 : body.rows.size() + 1)};
  }
  entries_.clear();
  for (const std::string_view row : body.rows)
    entries_.push_back({row, static_cast<std::uint32_t>(RecordTag::json)});
  const auto end = log_.append(entries_);
  if (!end) return {refusal(end.error())};
  const std::size_t count = body.rows.size();
  return {{202, fmt::format("{{\"accepted\":{},\"offset\":{}}}\n", count, *end - count), {}},
          count == 0 ? 0 : *end};
}

Result<std::uint64_t> HttpRows::progress() {
  const std::uint64_t durable = log_.durable();
  LEAT_TRY(log_.health());
  return durable;
}

HttpReply HttpRows::refusal(const Error& error) {
  switch (error.code) {
    case Code::too_large:
      return reply_to(413, error);
    case Code::limit_reached:
      return reply_to(429, {error.code, "the rows before these were not processed yet; try again later", {}},
                      0, "Retry-After: 1\r\n");
    default:
      break;
  }
  // Where the log lies is nobody's business outside.
  return reply_to(503, {error.code, "rows can't be kept now; try again later", {}}, 0, "Retry-After: 5\r\n");
}

}  // namespace leat
