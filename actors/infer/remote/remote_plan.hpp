#pragma once

#include "infer/answers.hpp"
#include "infer/remote/answer_order.hpp"
#include "infer/remote/http_client.hpp"
#include "infer/remote/outcomes.hpp"
#include "infer/remote/reply_reader.hpp"
#include "infer/selection/otherwise.hpp"
#include "infer/selection/shadow_model.hpp"

namespace leat {

/// What describe finds for an `infer` with a remote engine; shared by the instances.
struct RemotePlan {
  /// Production: open_http; tests put an endpoint of their own here.
  using OpenCalls =
      std::function<Result<std::unique_ptr<HttpCalls>>(const HttpEndpoint&, std::function<void()> wake)>;

  SchemaPtr input;
  HttpEndpoint endpoint;
  OpenCalls open = open_http;
  std::string name;  ///< of the model, until it says another
  ModelColumns inputs;
  BodyFormat body;
  ReplyFormat reply;
  Answers answers;
  Otherwise otherwise;
  std::vector<ShadowModel> shadows;
  Outcomes::Rules rules;
  AnswerOrder::Rule order = AnswerOrder::Rule::none;
  std::optional<Expression> key;  ///< of `order: by_key`
  std::uint64_t queue = 10'000;
};

}  // namespace leat
