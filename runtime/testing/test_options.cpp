#include "testing/test_options.hpp"

namespace leat {
namespace {

FieldSpec typed(FieldSpec field, std::string type, FieldInfo::Shape shape = FieldInfo::Shape::scalar) {
  field.info.type = std::move(type);
  field.info.shape = shape;
  return field;
}

}  // namespace

const Fields<StubOptions>& stub_fields() {
  using O = StubOptions;
  static const Fields<FailOptions> fail{
      optional("code", &FailOptions::code, "Name of the code, as in the `code` column of `errors`."),
      optional("message", &FailOptions::message, "What the `message` column says."),
      optional("where", &FailOptions::where, "Which rows of the first input fail. Left out: all."),
  };
  static const Fields<O> fields{
      typed(optional(
                "reply", &O::reply,
                "A map from field to expression over the row that came; fields left out are taken from that "
                "row. Or a list of rows: one answer for each row that comes, the last one for all further "
                "ones."),
            "map of names to expression, or list of rows", FieldInfo::Shape::list),
      optional("port", &O::port, "Where replies go. Left out: the actor's first port."),
      optional("delay", &O::delay, "How long each row waits for its reply."),
      group("fail", &O::fail, fail, "Rows that go to `errors` instead."),
  };
  return fields;
}

const Fields<StepOptions>& step_fields() {
  using O = StepOptions;
  constexpr auto kList = FieldInfo::Shape::list;
  static const Fields<O> fields{
      optional("emit", &O::emit,
               "`actor` or `actor.port`: `rows` come out of it as though it had sent them. It does not run."),
      optional("feed", &O::feed,
               "`actor` or `actor.input`: `rows` come to it as though its inputs had sent them."),
      optional("advance", &O::advance, "How far the clock moves; timers fire on the way."),
      typed(optional("watermark", &O::watermark,
                     "A time that everything fed has reached, or a map from fed actor to time."),
            "timestamp, or map of names to timestamp"),
      typed(optional("end", &O::end, "Fed actors whose stream ends. Empty: all, and all sources that run."),
            "list of text", kList),
      optional(
          "expect", &O::expect,
          "`actor` or `actor.port`: what came out of it since it was last looked at, as `rows`, `partial` or "
          "`count`."),
      typed(optional("rows", &O::rows, "Maps from field to value, whole: nullable fields left out are null."),
            "list of rows", kList),
      typed(optional("partial", &O::partial,
                     "With `expect`: the same, but only the fields named are compared."),
            "list of rows", kList),
      typed(optional("count", &O::count, "With `expect`: how many rows."), "integer >= 0"),
      optional("unordered", &O::unordered, "With `expect`: the rows may come in any order."),
      optional("within", &O::within, "With `expect`: how far float64 fields may be off."),
  };
  return fields;
}

const std::vector<StepVerb>& step_verbs() {
  static const std::vector<StepVerb> verbs{
      {"emit", {"rows"}}, {"feed", {"rows"}}, {"advance", {}},
      {"watermark", {}},  {"end", {}},        {"expect", {"rows", "partial", "count", "unordered", "within"}},
  };
  return verbs;
}

const Fields<TestOptions>& test_fields() {
  using O = TestOptions;
  static const Fields<O> fields{
      required("name", &O::name, "A sentence that says what is true."),
      optional("start", &O::start, "What the clock shows at first."),
      typed(optional("stub", &O::stub, "Actors that are replaced, each with its answers."), "map of stubs",
            FieldInfo::Shape::map),
      optional("run", &O::run, "Actors that run although nothing is expected of them."),
      typed(required("steps", &O::steps, "What happens, in order."), "list of steps", FieldInfo::Shape::list),
  };
  return fields;
}

}  // namespace leat
