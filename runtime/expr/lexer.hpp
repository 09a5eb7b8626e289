#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leat::expr {

/// A position in the expression's text, in bytes.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 1;
};

enum class TokenKind : std::uint8_t {
  end,
  identifier,
  int_literal,
  uint_literal,
  double_literal,
  string_literal,
  bytes_literal,
  symbol
};

struct Token {
  TokenKind kind = TokenKind::end;
  Span span;
  std::string text;  ///< identifiers and symbols as written; literals of text unescaped; numbers as written
};

/// What is wrong with an expression and where.
struct SyntaxError {
  std::string message;
  Span span;
  bool unsupported = false;  ///< valid CEL that Leat leaves out
  std::string suggestion;
};

/// CEL's tokens. On an error `tokens` is empty.
struct Lexed {
  std::vector<Token> tokens;
  bool failed = false;
  SyntaxError error;
};
Lexed lex(std::string_view text);

}  // namespace leat::expr
