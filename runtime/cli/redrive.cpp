#include "cli/redrive.hpp"

#include <fmt/format.h>

#include <leat/codec.hpp>
#include <zmq.hpp>

namespace leat::cli {
namespace {

constexpr int kPatienceMs = 10'000;

class RequestLink final : public RedriveLink {
 public:
  explicit RequestLink(const std::string& endpoint)
      : endpoint_(endpoint), socket_(context_, zmq::socket_type::req) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, kPatienceMs);
    socket_.set(zmq::sockopt::sndtimeo, kPatienceMs);
    socket_.connect(endpoint);
  }

  Result<RedriveAnswer> send(const std::vector<std::string>& rows) override {
    try {
      for (std::size_t at = 0; at < rows.size(); ++at)
        if (!socket_.send(zmq::buffer(rows[at]),
                          at + 1 < rows.size() ? zmq::send_flags::sndmore : zmq::send_flags::none))
          return silent();
      zmq::message_t answer;
      if (!socket_.recv(answer)) return silent();
      return read(answer.to_string_view());
    } catch (const zmq::error_t& error) {
      return fail(Code::unreachable, error.what(), endpoint_);
    }
  }

 private:
  Failure silent() const {
    return fail(Code::unreachable, "no answer; is an ingest.zmq with `mode: reply` there, and running?",
                endpoint_);
  }

  Result<RedriveAnswer> read(std::string_view json) const {
    BatchBuilder rows(Schema::make({{"accepted", Type::int64, true}, {"message", Type::string, true}}));
    if (!JsonRows(rows.schema()).read_copy(json, rows))
      return fail(Code::peer_mismatch, "the answer is none of an ingest.zmq", endpoint_);
    const Batch answer = rows.finish();
    if (!answer.column(std::size_t{0}).is_null(0)) return RedriveAnswer{.taken = true, .message = {}};
    const Column& message = answer.column(std::size_t{1});
    return RedriveAnswer{.taken = false,
                         .message = message.is_null(0) ? std::string(json) : std::string(message.text(0))};
  }

  std::string endpoint_;
  zmq::context_t context_;
  zmq::socket_t socket_;
};

}  // namespace

Result<std::unique_ptr<RedriveLink>> RedriveLink::open(const std::string& endpoint) {
  try {
    return std::make_unique<RequestLink>(endpoint);
  } catch (const zmq::error_t& error) {
    return fail(Code::bad_endpoint,
                fmt::format("cannot connect: {}; an endpoint looks like tcp://127.0.0.1:5557", error.what()),
                endpoint);
  }
}

}  // namespace leat::cli
