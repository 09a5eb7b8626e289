#include "testing/stand_ins.hpp"

#include <leat/batch_builder.hpp>
#include <leat/context.hpp>

namespace leat {
namespace {

// An actor that needs no configuration: made by a function.
class MadeBy final : public ConfiguredActor {
 public:
  explicit MadeBy(std::function<std::unique_ptr<Actor>()> make) : make_(std::move(make)) {}
  void describe(Describe&) override {}
  std::unique_ptr<Actor> create() const override { return make_(); }

 private:
  std::function<std::unique_ptr<Actor>()> make_;
};

class Feed final : public Source {
 public:
  explicit Feed(std::shared_ptr<FeedQueue> queue) : queue_(std::move(queue)) {}

  // The descriptor is never waited for: naming one has the worker ask again at every turn.
  Result<Produced> produce(std::uint32_t, Context& ctx) override {
    if (queue_->items.empty()) return Produced::idle(std::chrono::hours(24 * 365 * 100), 0);
    FeedQueue::Item item = std::move(queue_->items.front());
    queue_->items.pop_front();
    ctx.emit({item.port, {}, {}}, std::move(item.batch));
    Produced produced = item.end ? Produced::end() : Produced::more();
    produced.watermark = item.watermark;
    return produced;
  }

 private:
  std::shared_ptr<FeedQueue> queue_;
};

class Capture final : public Actor {
 public:
  explicit Capture(std::shared_ptr<CaptureBuffer> buffer) : buffer_(std::move(buffer)) {}
  Status on_batch(const Port&, const Batch& batch, Context&) override {
    buffer_->batches.push_back(batch);
    return {};
  }

 private:
  std::shared_ptr<CaptureBuffer> buffer_;
};

// Holds what waits for its delay; bounded by what a test feeds.
class Stub final : public Actor {
 public:
  explicit Stub(std::shared_ptr<const StubPlan> plan) : plan_(std::move(plan)) {}

  Status on_batch(const Port& port, const Batch& batch, Context& ctx) override {
    if (plan_->delay.count() == 0) return answer(port.index, batch, ctx);
    if (waiting_.empty()) {
      ctx.start_timer(due, plan_->delay);
      ctx.hold_watermark(ctx.watermark());
    }
    waiting_.push_back({ctx.now() + plan_->delay, ctx.watermark(), port.index, batch});
    return {};
  }
  Status on_timer(Timer, Context& ctx) override {
    for (; !waiting_.empty() && waiting_.front().due <= ctx.now(); waiting_.pop_front())
      LEAT_TRY(answer(waiting_.front().port, waiting_.front().batch, ctx));
    if (!waiting_.empty()) ctx.start_timer(due, waiting_.front().due - ctx.now());
    ctx.hold_watermark(waiting_.empty() ? kTimeMax : waiting_.front().watermark);
    return {};
  }
  Status on_end(Context& ctx) override {
    for (; !waiting_.empty(); waiting_.pop_front())
      LEAT_TRY(answer(waiting_.front().port, waiting_.front().batch, ctx));
    ctx.hold_watermark(kTimeMax);
    return {};
  }

 private:
  static constexpr Timer due{0};
  struct Waiting {
    Time due;
    Time watermark;  // that stood when it came
    std::uint8_t port;
    Batch batch;
  };

  // Only the first input's rows are answered; those of others are taken in.
  Status answer(std::uint8_t port, const Batch& batch, Context& ctx) {
    if (port != 0) return {};
    const Batch rows = plan_->fails ? without_failures(batch, ctx) : batch;
    if (rows.empty() || plan_->schema == nullptr || (plan_->columns.empty() && plan_->canned.empty()))
      return {};
    const Batch reply = plan_->columns.empty() ? next_canned(rows.row_count()) : computed(rows, ctx);
    ctx.emit({plan_->port, {}, {}}, reply);
    return {};
  }

  Batch without_failures(const Batch& batch, Context& ctx) const {
    std::vector<std::uint32_t> kept;
    std::optional<Evaluated> chosen;
    if (!plan_->fail_where.empty()) chosen = plan_->fail_where.evaluate(batch);
    std::size_t failed = 0;
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      if (chosen && failed < chosen->failed.size() && chosen->failed[failed].row == row)
        ctx.reject(batch, row, chosen->failed[failed++].error);
      else if (!chosen || (!chosen->values.is_null(row) && chosen->values.boolean(row)))
        ctx.reject(batch, row, plan_->failure);
      else
        kept.push_back(row);
    }
    return kept.size() == batch.row_count() ? batch : batch.take(kept);
  }

  Batch next_canned(std::uint32_t rows) {
    std::vector<std::uint32_t> chosen;
    for (; rows > 0; --rows) {
      chosen.push_back(next_);
      if (next_ + 1 < plan_->canned.row_count()) ++next_;
    }
    return plan_->canned.take(chosen);
  }

  Batch computed(const Batch& rows, Context& ctx) const {
    std::vector<Column> columns;
    std::vector<const Error*> errors(rows.row_count(), nullptr);
    std::deque<Evaluated> results;  // keeps what `errors` points to
    for (std::size_t at = 0; at < plan_->columns.size(); ++at) {
      const StubPlan::Source& source = plan_->columns[at];
      if (source.column) {
        columns.push_back(rows.column(*source.column));
      } else if (source.expression) {
        results.push_back(source.expression->evaluate(rows));
        for (const Evaluated::Failed& failed : results.back().failed) errors[failed.row] = &failed.error;
        columns.push_back(results.back().values);
      } else {
        columns.push_back(nulls((*plan_->schema)[at], rows.row_count()));
      }
    }
    std::vector<std::uint32_t> good;
    for (std::uint32_t row = 0; row < rows.row_count(); ++row)
      if (errors[row] != nullptr)
        ctx.reject(rows, row, *errors[row]);
      else
        good.push_back(row);
    if (good.size() == rows.row_count()) return Batch(plan_->schema, std::move(columns), rows.row_count());
    for (Column& column : columns) column = column.take(good);
    return Batch(plan_->schema, std::move(columns), static_cast<std::uint32_t>(good.size()));
  }

  static Column nulls(const Field& field, std::uint32_t rows) {
    BatchBuilder builder(Schema::make({field}));
    for (std::uint32_t row = 0; row < rows; ++row) builder.column(0).append_null();
    return builder.finish().column(0);
  }

  std::shared_ptr<const StubPlan> plan_;
  std::deque<Waiting> waiting_;
  std::uint32_t next_ = 0;  // of the canned replies
};

}  // namespace

Batch CaptureBuffer::take() {
  Batch all = batches.empty() ? Batch() : concat(batches);
  batches.clear();
  return all;
}

const Kind* StandIns::add(std::string_view name, std::vector<Port> inputs, bool source) {
  Kind kind;
  kind.info.name = name;
  kind.inputs = std::move(inputs);
  kind.source = source;
  kinds_.push_back(std::move(kind));
  return &kinds_.back();
}

ActorSpec StandIns::feed(std::string name, std::vector<OutputSpec> outputs,
                         std::shared_ptr<FeedQueue> queue) {
  ActorSpec spec;
  spec.name = std::move(name);
  spec.kind = add("stand-in.feed", {}, true);
  spec.config = std::make_shared<MadeBy>([queue] { return std::make_unique<Feed>(queue); });
  spec.outputs = std::move(outputs);
  spec.outputs.push_back({"errors", errors_schema()});
  return spec;
}

ActorSpec StandIns::capture(std::string name, std::shared_ptr<CaptureBuffer> buffer) {
  ActorSpec spec;
  spec.name = std::move(name);
  spec.kind = add("stand-in.capture", {Port{0, "in", {}}}, false);
  spec.config = std::make_shared<MadeBy>([buffer] { return std::make_unique<Capture>(buffer); });
  spec.outputs.push_back({"errors", errors_schema()});
  return spec;
}

ActorSpec StandIns::stub(const ActorSpec& original, StubPlan plan) {
  ActorSpec spec = original;
  spec.kind = add("stand-in.stub", original.kind->inputs, false);
  const auto shared = std::make_shared<const StubPlan>(std::move(plan));
  spec.config = std::make_shared<MadeBy>([shared] { return std::make_unique<Stub>(shared); });
  spec.missing.clear();
  return spec;
}

}  // namespace leat
