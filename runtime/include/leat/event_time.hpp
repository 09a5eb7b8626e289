#pragma once

#include <leat/describe.hpp>
#include <leat/fields.hpp>

namespace leat {

/// The option `time:` of kinds that work in time: an expression over the input, or the word `processing` for
/// the clock's time. Absent: the input's only timestamp field.
class EventTime {
 public:
  EventTime() = default;
  explicit EventTime(bool processing) : processing_(processing) {}
  explicit EventTime(Expression expression) : expression_(std::move(expression)) {}

  /// For Kind::describe: binds to the input, or reports that the option is needed, naming the candidates.
  bool describe(const SchemaPtr& input, Describe& describe, std::string_view option = "time");

  bool processing() const { return processing_; }
  /// A timestamp per row; not in processing time. Null where the row has none.
  Evaluated evaluate(const Batch& batch) const { return expression_.evaluate(batch); }
  const Expression& expression() const { return expression_; }

 private:
  Expression expression_;
  bool processing_ = false;
};

template <>
struct FieldTraits<EventTime> {
  static void describe(FieldInfo& info);
  static void read(const ConfigNode&, EventTime& value, ReadContext&);
  static std::string show(const EventTime& value);
};

}  // namespace leat
