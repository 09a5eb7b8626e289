#pragma once

#include <leat/context.hpp>

#include "infer/question.hpp"
#include "infer/selection/otherwise.hpp"

namespace leat {

/// Gives every row of a batch its one outcome, and sends the rows on in the order they came: answered rows to
/// `out`; the others where `otherwise` says, and to `errors` what nobody could answer. For one call.
class Outlet {
 public:
  /// `fallback`: the view of the engine of `otherwise`, when it has one.
  Outlet(const Batch& rows, const Answers& answers, const Otherwise& otherwise,
         std::optional<SlotView>& fallback, Context& ctx)
      : rows_(rows), answers_(answers), otherwise_(otherwise), fallback_(fallback), ctx_(ctx) {}

  /// What a model said of some of the rows; those it failed on have no answer. `by`: who it was.
  void answered(const Question& asked, Prediction prediction, const std::string& by);
  /// Rows without an answer, by their places.
  void unanswered(std::vector<Evaluated::Failed> failed);
  /// How many rows `otherwise` took. Every row must have been told of once.
  std::uint64_t send();

 private:
  /// Rows as they go out, and their places.
  struct Part {
    Batch rows;
    std::vector<std::uint32_t> places;
  };
  struct Said {
    Part part;
    std::vector<Evaluated::Failed> failed;  // by their places
  };
  static Said say(const Question& asked, Prediction prediction, const Answers& answers,
                  std::span<const std::size_t> order, const std::string& by, const SchemaPtr& schema);
  std::uint64_t ask_fallback();
  void emit_parts();

  const Batch& rows_;
  const Answers& answers_;
  const Otherwise& otherwise_;
  std::optional<SlotView>& fallback_;
  Context& ctx_;
  std::vector<Part> parts_;
  std::vector<Evaluated::Failed> failed_;
};

}  // namespace leat
