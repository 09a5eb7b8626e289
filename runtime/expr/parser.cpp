#include <fmt/format.h>

#include <array>
#include <charconv>
#include <leat/config_node.hpp>

#include "expr/ast.hpp"

namespace leat::expr {
namespace {

constexpr int kDepthMax = 100;
constexpr std::size_t kTextMax = 64u << 10;

struct Failed {};  // unwinds the parser; never leaves this file

constexpr std::array<std::string_view, 5> kMacros{"all", "exists", "exists_one", "map", "filter"};
constexpr std::array<std::string_view, 21> kReserved{
    "as",  "break",  "const", "continue", "else",    "for",       "function",
    "if",  "import", "let",   "loop",     "package", "namespace", "return",
    "var", "void",   "while", "in",       "true",    "false",     "null"};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Parsed run() {
    Parsed parsed;
    try {
      NodePtr root = expression();
      if (here().kind != TokenKind::end) unexpected();
      parsed.root = std::move(root);
    } catch (const Failed&) {
      parsed.error = std::move(error_);
    }
    return parsed;
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  bool is(std::string_view symbol) const { return here().kind == TokenKind::symbol && here().text == symbol; }
  bool take(std::string_view symbol) {
    if (!is(symbol)) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void fail(Span span, std::string message, bool unsupported = false,
                         std::string suggestion = {}) {
    error_ = {std::move(message), span, unsupported, std::move(suggestion)};
    throw Failed{};
  }
  [[noreturn]] void unexpected() {
    if (here().kind == TokenKind::end) fail(here().span, "the expression ends too early");
    if (here().kind == TokenKind::identifier &&
        (here().text == "and" || here().text == "or" || here().text == "not"))
      fail(here().span, fmt::format("unexpected `{}`", here().text), false,
           here().text == "and"  ? "write `&&`"
           : here().text == "or" ? "write `||`"
                                 : "write `!`");
    fail(here().span, fmt::format("unexpected `{}`", here().text));
  }
  void expect(std::string_view symbol) {
    if (!take(symbol)) {
      if (here().kind == TokenKind::end) fail(here().span, fmt::format("`{}` is missing at the end", symbol));
      fail(here().span, fmt::format("expected `{}`, found `{}`", symbol, here().text));
    }
  }

  static NodePtr make(NodeKind kind, Span span) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->span = span;
    return node;
  }

  NodePtr expression() {
    if (++depth_ > kDepthMax) fail(here().span, "nested deeper than 100");
    NodePtr condition = disjunction();
    if (is("?")) {
      NodePtr node = make(NodeKind::conditional, here().span);
      take("?");
      node->children.push_back(std::move(condition));
      node->children.push_back(disjunction());
      expect(":");
      node->children.push_back(expression());
      condition = std::move(node);
    }
    --depth_;
    return condition;
  }

  template <class Next>
  NodePtr left_binary(std::initializer_list<std::pair<std::string_view, Op>> ops, Next next) {
    NodePtr left = (this->*next)();
    for (int count = 0;;) {
      const auto* op = find_op(ops);
      if (op == nullptr) return left;
      if (++count > kDepthMax * 10) fail(here().span, "too many operators in a row");
      NodePtr node = make(NodeKind::binary, here().span);
      ++at_;
      node->op = op->second;
      node->children.push_back(std::move(left));
      node->children.push_back((this->*next)());
      left = std::move(node);
    }
  }

  const std::pair<std::string_view, Op>* find_op(
      const std::initializer_list<std::pair<std::string_view, Op>>& ops) const {
    for (const auto& op : ops)
      if (is(op.first) || (op.first == "in" && here().kind == TokenKind::identifier && here().text == "in"))
        return &op;
    return nullptr;
  }

  NodePtr disjunction() { return left_binary({{"||", Op::logical_or}}, &Parser::conjunction); }
  NodePtr conjunction() { return left_binary({{"&&", Op::logical_and}}, &Parser::relation); }
  NodePtr relation() {
    return left_binary({{"<", Op::lt},
                        {"<=", Op::le},
                        {">=", Op::ge},
                        {">", Op::gt},
                        {"==", Op::eq},
                        {"!=", Op::ne},
                        {"in", Op::in}},
                       &Parser::addition);
  }
  NodePtr addition() { return left_binary({{"+", Op::add}, {"-", Op::sub}}, &Parser::multiplication); }
  NodePtr multiplication() {
    return left_binary({{"*", Op::mul}, {"/", Op::div}, {"%", Op::mod}}, &Parser::unary);
  }

  NodePtr unary() {
    if (!is("!") && !is("-")) return member();
    if (++depth_ > kDepthMax) fail(here().span, "nested deeper than 100");
    NodePtr node = make(NodeKind::unary, here().span);
    node->op = is("!") ? Op::logical_not : Op::negate;
    ++at_;
    // The smallest integer has no positive twin: its sign belongs to the literal.
    if (node->op == Op::negate && here().kind == TokenKind::int_literal &&
        here().text == "9223372036854775808") {
      NodePtr literal = make(NodeKind::literal, node->span);
      literal->value = INT64_MIN;
      ++at_;
      --depth_;
      return literal;
    }
    node->children.push_back(unary());
    --depth_;
    return node;
  }

  NodePtr member() {
    NodePtr node = primary();
    for (int count = 0;; ++count) {
      if (count > kDepthMax) fail(here().span, "nested deeper than 100");
      if (take(".")) {
        node = selection(std::move(node));
      } else if (is("[")) {
        NodePtr index = make(NodeKind::index, here().span);
        take("[");
        index->children.push_back(std::move(node));
        index->children.push_back(expression());
        expect("]");
        node = std::move(index);
      } else if (is("{")) {
        fail(here().span, "messages like `Name{...}` are not supported", true);
      } else {
        return node;
      }
    }
  }

  NodePtr selection(NodePtr target) {
    if (here().kind != TokenKind::identifier) unexpected();
    const Token name = here();
    ++at_;
    if (!is("(")) {
      NodePtr node = make(NodeKind::select, name.span);
      node->name = name.text;
      node->children.push_back(std::move(target));
      return node;
    }
    for (const std::string_view macro : kMacros)
      if (name.text == macro) return comprehension(name, std::move(target));
    NodePtr node = make(NodeKind::call, name.span);
    node->name = name.text;
    node->children.push_back(std::move(target));
    arguments(*node);
    return node;
  }

  NodePtr comprehension(const Token& name, NodePtr target) {
    NodePtr node = make(NodeKind::comprehension, name.span);
    node->name = name.text;
    node->children.push_back(std::move(target));
    expect("(");
    if (here().kind != TokenKind::identifier)
      fail(here().span, fmt::format("`{}` needs a variable first: `list.{}(x, ...)`", name.text, name.text));
    node->variable = here().text;
    ++at_;
    while (take(",")) node->children.push_back(expression());
    expect(")");
    const std::size_t most = name.text == "map" ? 3 : 2;
    if (node->children.size() < 2 || node->children.size() > most)
      fail(name.span,
           fmt::format("`{}` takes a variable and an expression: `list.{}(x, ...)`", name.text, name.text));
    return node;
  }

  void arguments(Node& node) {
    expect("(");
    if (take(")")) return;
    do node.children.push_back(expression());
    while (take(","));
    expect(")");
  }

  NodePtr primary() {
    const Token token = here();
    switch (token.kind) {
      case TokenKind::int_literal:
      case TokenKind::double_literal:
        ++at_;
        return number(token);
      case TokenKind::uint_literal:
        fail(token.span, "unsigned integers are not supported; leave out the `u`", true);
      case TokenKind::string_literal:
        ++at_;
        return literal(token, token.text);
      case TokenKind::bytes_literal:
        ++at_;
        return literal(token, ByteString{token.text});
      case TokenKind::identifier:
        ++at_;
        return named(token);
      case TokenKind::symbol:
        break;
      case TokenKind::end:
        unexpected();
    }
    if (take("(")) {
      NodePtr inner = expression();
      expect(")");
      return inner;
    }
    if (is("[")) return list();
    if (is("{")) return map();
    if (is(".")) fail(token.span, "a leading dot (root namespace) is not supported", true);
    unexpected();
  }

  static NodePtr literal(const Token& token, Value value) {
    NodePtr node = make(NodeKind::literal, token.span);
    node->value = std::move(value);
    return node;
  }

  NodePtr number(const Token& token) {
    const char *begin = token.text.data(), *end = begin + token.text.size();
    if (token.kind == TokenKind::double_literal) {
      double value = 0;
      const std::string padded = token.text.front() == '.' ? "0" + token.text : token.text;
      if (std::from_chars(padded.data(), padded.data() + padded.size(), value).ec != std::errc())
        fail(token.span, "the number is out of range");
      return literal(token, value);
    }
    const bool hex = token.text.size() > 1 && (token.text[1] | 0x20) == 'x';
    std::int64_t value = 0;
    if (std::from_chars(begin + (hex ? 2 : 0), end, value, hex ? 16 : 10).ec != std::errc())
      fail(token.span, "the number does not fit an int (64 bits)");
    return literal(token, value);
  }

  NodePtr named(const Token& token) {
    if (token.text == "true" || token.text == "false") return literal(token, token.text == "true");
    if (token.text == "null") return literal(token, Value());
    for (const std::string_view word : kReserved)
      if (token.text == word) fail(token.span, fmt::format("`{}` is a reserved word", word));
    if (!is("(")) {
      NodePtr node = make(NodeKind::field, token.span);
      node->name = token.text;
      return node;
    }
    NodePtr node = make(NodeKind::call, token.span);
    node->name = token.text;
    arguments(*node);
    if (token.text != "has") return node;
    // has(field) of a row asks whether the column is present in it; CEL proper asks for a selection only.
    const bool askable = node->children.size() == 1 && (node->children[0]->kind == NodeKind::select ||
                                                        node->children[0]->kind == NodeKind::field);
    if (!askable) fail(token.span, "`has` takes a field or a selection: `has(a)` or `has(a.b)`");
    node->kind = NodeKind::has;
    return node;
  }

  NodePtr list() {
    NodePtr node = make(NodeKind::list, here().span);
    expect("[");
    while (!is("]")) {
      node->children.push_back(expression());
      if (!take(",")) break;
    }
    expect("]");
    return node;
  }

  NodePtr map() {
    NodePtr node = make(NodeKind::map, here().span);
    expect("{");
    while (!is("}")) {
      node->children.push_back(expression());
      expect(":");
      node->children.push_back(expression());
      if (!take(",")) break;
    }
    expect("}");
    return node;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  SyntaxError error_;
};

}  // namespace

Parsed parse(std::string_view text) {
  Parsed parsed;
  if (text.size() > kTextMax) {
    parsed.error = {"the expression is longer than 64 KiB", {0, 1}, false, ""};
    return parsed;
  }
  Lexed lexed = lex(text);
  if (!lexed.failed) return Parser(std::move(lexed.tokens)).run();
  parsed.error = std::move(lexed.error);
  return parsed;
}

}  // namespace leat::expr
