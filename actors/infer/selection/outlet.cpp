#include "infer/selection/outlet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "infer/asking.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

std::vector<std::uint32_t> places_of(std::span<const Evaluated::Failed> failed) {
  std::vector<std::uint32_t> places;
  for (const Evaluated::Failed& failure : failed) places.push_back(failure.row);
  return places;
}

}  // namespace

Outlet::Said Outlet::say(const Question& asked, Prediction prediction, const Answers& answers,
                         std::span<const std::size_t> order, const std::string& by, const SchemaPtr& schema) {
  // What a model says of a row without its input counts for nothing, a failure neither.
  std::erase_if(prediction.failed, [&](const Evaluated::Failed& failed) {
    return std::ranges::binary_search(asked.absent, failed.row);
  });
  const std::vector<Column> added = answers.columns(prediction, asked.absent, by);
  std::vector<Column> columns(asked.rows.columns().begin(), asked.rows.columns().end());
  if (order.empty())
    columns.insert(columns.end(), added.begin(), added.end());
  else
    for (const std::size_t at : order) columns.push_back(added[at]);
  Said said{{Batch(schema, columns, asked.rows.row_count()), {}}, std::move(prediction.failed)};
  std::vector<std::uint32_t> good = others(asked.rows.row_count(), places_of(said.failed));
  if (!said.failed.empty()) said.part.rows = said.part.rows.take(good);
  for (std::uint32_t& row : good) row = asked.place(row);
  for (Evaluated::Failed& failed : said.failed) failed.row = asked.place(failed.row);
  said.part.places = std::move(good);
  return said;
}

void Outlet::answered(const Question& asked, Prediction prediction, const std::string& by) {
  if (asked.rows.empty()) return;
  Said said = say(asked, std::move(prediction), answers_, {}, by, ctx_.output_schema(InferPorts::out));
  unanswered(std::move(said.failed));
  if (!said.part.places.empty()) parts_.push_back(std::move(said.part));
}

void Outlet::unanswered(std::vector<Evaluated::Failed> failed) {
  std::ranges::move(failed, std::back_inserter(failed_));
}

std::uint64_t Outlet::send() {
  std::ranges::sort(failed_, {}, &Evaluated::Failed::row);
  std::uint64_t taken = 0;
  if (!failed_.empty() && otherwise_.port) {
    taken = failed_.size();
    ctx_.emit(InferPorts::otherwise, rows_.take(places_of(failed_)).with_entered(rows_.entered()));
    failed_.clear();
  } else if (!failed_.empty() && otherwise_.engine) {
    taken = ask_fallback();
  }
  for (Evaluated::Failed& failed : failed_) ctx_.reject(rows_, failed.row, std::move(failed.error));
  emit_parts();
  return taken;
}

/// What it cannot answer either stays failed, and says both reasons.
std::uint64_t Outlet::ask_fallback() {
  const Fallback& fallback = *otherwise_.engine;
  fallback_->look(ctx_);
  const Model& model = fallback_->model();
  const std::vector<std::uint32_t> places = places_of(failed_);
  std::vector<Error> reasons;
  for (Evaluated::Failed& failed : failed_) reasons.push_back(std::move(failed.error));
  failed_.clear();
  const auto failed_again = [&](std::uint32_t row, const Error& error) {
    Error both = std::move(reasons[row]);
    both.message += fmt::format("; otherwise {}: {}", model.identity().text(), error.message);
    failed_.push_back({places[row], std::move(both)});
  };
  const Question asked = make_question(fallback.inputs, fallback.on_null, rows_.take(places));
  for (const Evaluated::Failed& failed : asked.failed) failed_again(failed.row, failed.error);
  if (!asked.rows.empty()) {
    Said said =
        say(asked, ask(model, asked.columns, fallback.inputs.counts, model.signature().batch_rows),
            fallback.answers, fallback.order, model.identity().text(), ctx_.output_schema(InferPorts::out));
    for (const Evaluated::Failed& failed : said.failed) failed_again(failed.row, failed.error);
    for (std::uint32_t& place : said.part.places) place = places[place];
    if (!said.part.places.empty()) parts_.push_back(std::move(said.part));
  }
  std::ranges::sort(failed_, {}, &Evaluated::Failed::row);
  return places.size() - failed_.size();
}

void Outlet::emit_parts() {
  if (parts_.empty()) return;
  if (parts_.size() == 1)
    return ctx_.emit(InferPorts::out, std::move(parts_[0].rows).with_entered(rows_.entered()));
  std::vector<Batch> batches;
  std::vector<std::uint32_t> places;
  for (Part& part : parts_) {
    batches.push_back(std::move(part.rows));
    places.insert(places.end(), part.places.begin(), part.places.end());
  }
  std::vector<std::uint32_t> order(places.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](std::uint32_t row) { return places[row]; });
  ctx_.emit(InferPorts::out, concat(batches).take(order).with_entered(rows_.entered()));
}

}  // namespace leat
