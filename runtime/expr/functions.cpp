#include "expr/functions.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <cmath>
#include <leat/units.hpp>

namespace leat::expr {

TypeKind kind_of(const Value& value) {
  constexpr TypeKind kKinds[] = {TypeKind::null,   TypeKind::boolean, TypeKind::integer,   TypeKind::floating,
                                 TypeKind::string, TypeKind::bytes,   TypeKind::timestamp, TypeKind::duration,
                                 TypeKind::list,   TypeKind::map};
  return kKinds[value.storage().index()];
}

bool accepts(TypeKind parameter, StaticType type) {
  return parameter == TypeKind::dyn || type.kind == TypeKind::dyn || parameter == type.kind;
}

bool accepts(TypeKind parameter, const Value& value) {
  return parameter == TypeKind::dyn || parameter == kind_of(value);
}

std::size_t utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

Result<std::shared_ptr<const void>> compile_pattern(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<re2::RE2>(pattern, options);
  if (!compiled->ok())
    return fail(Code::bad_expression, fmt::format("the pattern is no RE2 expression: {}", compiled->error()));
  return std::shared_ptr<const void>(std::move(compiled));
}

bool matches_pattern(const void* compiled, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                *static_cast<const re2::RE2*>(compiled));
}

namespace {

using Arguments = std::span<const Value>;
using enum TypeKind;

const std::string& text_of(const Value& value) {
  return *value.as<std::string>();
}
std::int64_t int_of(const Value& value) {
  return *value.as<std::int64_t>();
}

// Byte offset of character `index`; nullopt beyond the end.
std::optional<std::size_t> byte_of(std::string_view text, std::int64_t index) {
  if (index < 0) return std::nullopt;
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index)
    for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;) ++at;
  if (index > 0) return std::nullopt;
  return at;
}

Result<Value> size(Arguments arguments) {
  const Value& value = arguments[0];
  if (const auto* text = value.as<std::string>()) return static_cast<std::int64_t>(utf8_length(*text));
  if (const auto* bytes = value.as<ByteString>()) return static_cast<std::int64_t>(bytes->bytes.size());
  if (const List* list = value.list()) return static_cast<std::int64_t>(list->size());
  if (const Map* map = value.map()) return static_cast<std::int64_t>(map->size());
  return failed(fmt::format("`size` does not work on {}", type_name(value)));
}

Result<Value> starts_with(Arguments a) {
  return text_of(a[0]).starts_with(text_of(a[1]));
}
Result<Value> ends_with(Arguments a) {
  return text_of(a[0]).ends_with(text_of(a[1]));
}
Result<Value> contains(Arguments a) {
  return text_of(a[0]).find(text_of(a[1])) != std::string::npos;
}

Result<Value> matches(Arguments a) {
  LEAT_TRY_ASSIGN(const auto pattern, compile_pattern(text_of(a[1])));
  return matches_pattern(pattern.get(), text_of(a[0]));
}

Result<Value> change_case(const Value& value, char first, char last) {
  std::string text = text_of(value);
  for (char& c : text)
    if (c >= first && c <= last) c = static_cast<char>(c ^ 0x20);
  return text;
}
Result<Value> lower_ascii(Arguments a) {
  return change_case(a[0], 'A', 'Z');
}
Result<Value> upper_ascii(Arguments a) {
  return change_case(a[0], 'a', 'z');
}

Result<Value> trim(Arguments a) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const std::string& text = text_of(a[0]);
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string::npos) return std::string();
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

Result<Value> split(Arguments a) {
  const std::string &text = text_of(a[0]), &separator = text_of(a[1]);
  std::int64_t most = a.size() > 2 ? int_of(a[2]) : -1;
  List parts;
  if (most == 0) return Value(std::move(parts));
  std::size_t at = 0;
  if (separator.empty()) {
    while (at < text.size() && (most < 0 || static_cast<std::int64_t>(parts.size()) + 1 < most)) {
      const std::size_t length = *byte_of(std::string_view(text).substr(at), 1);
      parts.emplace_back(text.substr(at, length));
      at += length;
    }
    if (at < text.size()) parts.emplace_back(text.substr(at));
    return Value(std::move(parts));
  }
  while (most < 0 || static_cast<std::int64_t>(parts.size()) + 1 < most) {
    const std::size_t end = text.find(separator, at);
    if (end == std::string::npos) break;
    parts.emplace_back(text.substr(at, end - at));
    at = end + separator.size();
  }
  parts.emplace_back(text.substr(at));
  return Value(std::move(parts));
}

Result<Value> join(Arguments a) {
  std::string out;
  bool first = true;
  for (const Value& item : *a[0].list()) {
    const auto* text = item.as<std::string>();
    if (text == nullptr) return failed(fmt::format("`join` needs strings, found {}", type_name(item)));
    if (!first && a.size() > 1) out += text_of(a[1]);
    out += *text;
    first = false;
  }
  return out;
}

Result<Value> replace(Arguments a) {
  const std::string &text = text_of(a[0]), &from = text_of(a[1]), &to = text_of(a[2]);
  std::int64_t left = a.size() > 3 ? int_of(a[3]) : -1;
  std::string out;
  std::size_t at = 0;
  if (from.empty()) {  // before every character and at the end
    for (; at < text.size() && left != 0; --left) {
      const std::size_t length = *byte_of(std::string_view(text).substr(at), 1);
      out += to + text.substr(at, length);
      at += length;
    }
    return out + text.substr(at) + (left != 0 ? to : "");
  }
  for (; left != 0; --left) {
    const std::size_t found = text.find(from, at);
    if (found == std::string::npos) break;
    out += text.substr(at, found - at) + to;
    at = found + from.size();
  }
  return out + text.substr(at);
}

Result<Value> substring(Arguments a) {
  const std::string& text = text_of(a[0]);
  const auto begin = byte_of(text, int_of(a[1]));
  const auto end = a.size() > 2 ? byte_of(text, int_of(a[2])) : text.size();
  if (!begin || !end || *end < *begin) return failed("`substring`: index out of range");
  return text.substr(*begin, *end - *begin);
}

Result<Value> char_at(Arguments a) {
  const std::string& text = text_of(a[0]);
  const auto begin = byte_of(text, int_of(a[1]));
  if (!begin) return failed("`charAt`: index out of range");
  const auto end = byte_of(text, int_of(a[1]) + 1);
  return text.substr(*begin, end ? *end - *begin : std::string::npos);
}

Result<Value> index_of(Arguments a) {
  const std::string& text = text_of(a[0]);
  const auto begin = a.size() > 2 ? byte_of(text, int_of(a[2])) : std::optional<std::size_t>(0);
  if (!begin) return failed("`indexOf`: index out of range");
  const std::size_t found = text.find(text_of(a[1]), *begin);
  if (found == std::string::npos) return std::int64_t{-1};
  return static_cast<std::int64_t>(utf8_length(std::string_view(text).substr(0, found)));
}

Result<Value> last_index_of(Arguments a) {
  const std::string& text = text_of(a[0]);
  const std::size_t found = text.rfind(text_of(a[1]));
  if (found == std::string::npos) return std::int64_t{-1};
  return static_cast<std::int64_t>(utf8_length(std::string_view(text).substr(0, found)));
}

Failure no_conversion(std::string_view to, const Value& value) {
  return failed(fmt::format("`{}` can't convert {} {}", to, type_name(value), value_to_json(value)));
}

template <class Number>
std::optional<Number> parse_whole(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Value> to_int(Arguments a) {
  const Value& value = a[0];
  if (value.as<std::int64_t>()) return value;
  if (const auto* number = value.as<double>()) {
    if (!(*number > -0x1p63 && *number < 0x1p63)) return failed("`int`: the double is out of range");
    return static_cast<std::int64_t>(*number);
  }
  if (const auto* text = value.as<std::string>())
    if (const auto number = parse_whole<std::int64_t>(*text)) return *number;
  if (const auto* time = value.as<Time>())
    return std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
  return no_conversion("int", value);
}

Result<Value> to_double(Arguments a) {
  const Value& value = a[0];
  if (value.as<double>()) return value;
  if (const auto* number = value.as<std::int64_t>()) return static_cast<double>(*number);
  if (const auto* text = value.as<std::string>())
    if (const auto number = parse_whole<double>(*text)) return *number;
  return no_conversion("double", value);
}

Result<Value> to_string(Arguments a) {
  const Value& value = a[0];
  if (value.as<std::string>()) return value;
  if (const auto* truth = value.as<bool>()) return std::string(*truth ? "true" : "false");
  if (const auto* number = value.as<std::int64_t>()) return std::to_string(*number);
  if (const auto* number = value.as<double>()) return fmt::format("{}", *number);
  if (const auto* time = value.as<Time>()) return leat::to_text(*time);
  if (const auto* span = value.as<Duration>()) return duration_text(*span);
  if (const auto* bytes = value.as<ByteString>()) return bytes->bytes;
  return no_conversion("string", value);
}

Result<Value> to_bytes(Arguments a) {
  if (const auto* text = a[0].as<std::string>()) return ByteString{*text};
  if (a[0].as<ByteString>()) return a[0];
  return no_conversion("bytes", a[0]);
}

Result<Value> to_bool(Arguments a) {
  if (a[0].as<bool>()) return a[0];
  if (const auto* text = a[0].as<std::string>()) {
    for (const std::string_view yes : {"true", "TRUE", "True", "t", "1"})
      if (*text == yes) return true;
    for (const std::string_view no : {"false", "FALSE", "False", "f", "0"})
      if (*text == no) return false;
  }
  return no_conversion("bool", a[0]);
}

Result<Value> to_dyn(Arguments a) {
  return a[0];
}

constexpr StaticType plain(TypeKind kind) {
  return {kind, dyn, false};
}

std::vector<Function> make_functions() {
  std::vector<Function> list;
  const auto global = [&](std::string_view name, std::vector<TypeKind> parameters, StaticType result,
                          auto call) {
    list.push_back({name, false, std::move(parameters), result, call});
  };
  const auto method = [&](std::string_view name, std::vector<TypeKind> parameters, StaticType result,
                          auto call) {
    list.push_back({name, true, std::move(parameters), result, call});
  };
  for (const TypeKind kind : {string, bytes, TypeKind::list, map}) {
    global("size", {kind}, plain(integer), size);
    method("size", {kind}, plain(integer), size);
  }
  method("startsWith", {string, string}, plain(boolean), starts_with);
  method("endsWith", {string, string}, plain(boolean), ends_with);
  method("contains", {string, string}, plain(boolean), contains);
  method("matches", {string, string}, plain(boolean), matches);
  global("matches", {string, string}, plain(boolean), matches);
  method("lowerAscii", {string}, plain(string), lower_ascii);
  method("upperAscii", {string}, plain(string), upper_ascii);
  method("trim", {string}, plain(string), trim);
  method("split", {string, string}, {TypeKind::list, string, false}, split);
  method("split", {string, string, integer}, {TypeKind::list, string, false}, split);
  method("join", {TypeKind::list}, plain(string), join);
  method("join", {TypeKind::list, string}, plain(string), join);
  method("replace", {string, string, string}, plain(string), replace);
  method("replace", {string, string, string, integer}, plain(string), replace);
  method("substring", {string, integer}, plain(string), substring);
  method("substring", {string, integer, integer}, plain(string), substring);
  method("charAt", {string, integer}, plain(string), char_at);
  method("indexOf", {string, string}, plain(integer), index_of);
  method("indexOf", {string, string, integer}, plain(integer), index_of);
  method("lastIndexOf", {string, string}, plain(integer), last_index_of);
  for (const TypeKind kind : {integer, floating, string, timestamp})
    global("int", {kind}, plain(integer), to_int);
  for (const TypeKind kind : {integer, floating, string})
    global("double", {kind}, plain(floating), to_double);
  for (const TypeKind kind : {boolean, integer, floating, string, bytes, timestamp, duration})
    global("string", {kind}, plain(string), to_string);
  for (const TypeKind kind : {string, bytes}) global("bytes", {kind}, plain(bytes), to_bytes);
  for (const TypeKind kind : {boolean, string}) global("bool", {kind}, plain(boolean), to_bool);
  global("dyn", {dyn}, plain(dyn), to_dyn);
  add_time_functions(list);
  return list;
}

}  // namespace

const std::vector<Function>& functions() {
  static const std::vector<Function> list = make_functions();
  return list;
}

}  // namespace leat::expr
