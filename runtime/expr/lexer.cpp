#include "expr/lexer.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace leat::expr {
namespace {

constexpr std::array<std::string_view, 6> kLongSymbols{"&&", "||", "==", "!=", "<=", ">="};
constexpr std::string_view kSymbols = "+-*/%<>!?:.,()[]{}";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
bool is_word(char c) {
  return c == '_' || is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Lexed run() {
    while (!lexed_.failed) {
      skip_blank();
      if (at_ >= text_.size()) break;
      one();
    }
    if (lexed_.failed)
      lexed_.tokens.clear();
    else
      lexed_.tokens.push_back({TokenKind::end, {static_cast<std::uint32_t>(text_.size()), 1}, ""});
    return std::move(lexed_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void fail(std::size_t offset, std::size_t length, std::string message) {
    if (lexed_.failed) return;
    lexed_.failed = true;
    lexed_.error = {std::move(message),
                    {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)},
                    false,
                    ""};
  }

  void push(TokenKind kind, std::size_t begin, std::string text) {
    lexed_.tokens.push_back({kind,
                             {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_ - begin)},
                             std::move(text)});
  }

  void skip_blank() {
    while (at_ < text_.size()) {
      if (std::string_view(" \t\r\n\f").find(text_[at_]) != std::string_view::npos)
        ++at_;
      else if (peek() == '/' && peek(1) == '/')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else
        return;
    }
  }

  void one() {
    const std::size_t begin = at_;
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (const auto prefix = string_prefix()) return string(*prefix);
    if (is_word(c)) {
      while (is_word(peek())) ++at_;
      return push(TokenKind::identifier, begin, std::string(text_.substr(begin, at_ - begin)));
    }
    for (const std::string_view symbol : kLongSymbols)
      if (text_.substr(at_).starts_with(symbol)) {
        at_ += symbol.size();
        return push(TokenKind::symbol, begin, std::string(symbol));
      }
    if (kSymbols.find(c) != std::string_view::npos) {
      ++at_;
      return push(TokenKind::symbol, begin, std::string(1, c));
    }
    const std::string hint = c == '='   ? "; equality is `==`"
                             : c == '&' ? "; and is `&&`"
                             : c == '|' ? "; or is `||`"
                                        : "";
    ++at_;
    end_of_character();
    fail(begin, at_ - begin,
         fmt::format("unexpected character `{}`{}", text_.substr(begin, at_ - begin), hint));
  }

  void number() {
    const std::size_t begin = at_;
    TokenKind kind = TokenKind::int_literal;
    if (peek() == '0' && (peek(1) | 0x20) == 'x') {
      at_ += 2;
      while (is_hex(peek())) ++at_;
      if (at_ == begin + 2) return fail(begin, 2, "a hexadecimal number needs digits");
    } else {
      while (is_digit(peek())) ++at_;
      if (peek() == '.' && is_digit(peek(1))) {
        kind = TokenKind::double_literal;
        for (++at_; is_digit(peek());) ++at_;
      }
      if ((peek() | 0x20) == 'e') {
        kind = TokenKind::double_literal;
        ++at_;
        if (peek() == '+' || peek() == '-') ++at_;
        if (!is_digit(peek())) return fail(begin, at_ - begin, "the exponent needs digits");
        while (is_digit(peek())) ++at_;
      }
    }
    std::string digits(text_.substr(begin, at_ - begin));
    if ((peek() | 0x20) == 'u' && kind == TokenKind::int_literal) {
      ++at_;
      kind = TokenKind::uint_literal;
    }
    if (is_word(peek())) return fail(begin, at_ + 1 - begin, "a name can't begin with a digit");
    push(kind, begin, std::move(digits));
  }

  struct Prefix {
    std::size_t length = 0;
    bool raw = false;
    bool bytes = false;
  };

  // r, b, rb, br in any case before a quote.
  std::optional<Prefix> string_prefix() const {
    Prefix prefix;
    for (; prefix.length < 2; ++prefix.length) {
      const char c = static_cast<char>(peek(prefix.length) | 0x20);
      if (c == 'r' && !prefix.raw)
        prefix.raw = true;
      else if (c == 'b' && !prefix.bytes)
        prefix.bytes = true;
      else
        break;
    }
    const char quote = peek(prefix.length);
    if (quote != '"' && quote != '\'') return std::nullopt;
    return prefix;
  }

  void string(Prefix prefix) {
    const std::size_t begin = at_;
    at_ += prefix.length;
    const char quote = peek();
    const std::string three(3, quote);
    const bool triple = text_.substr(at_).starts_with(three);
    const std::string_view closing = triple ? std::string_view(three) : text_.substr(at_, 1);
    at_ += closing.size();
    std::string out;
    while (true) {
      if (at_ >= text_.size() || text_.substr(at_) == "\\" || (!triple && peek() == '\n'))
        return fail(begin, at_ - begin, "the string is never closed");
      if (text_.substr(at_).starts_with(closing)) break;
      if (peek() == '\\' && !prefix.raw) {
        if (!escape(prefix.bytes, out)) return;
      } else {
        out += text_[at_++];
      }
    }
    at_ += closing.size();
    push(prefix.bytes ? TokenKind::bytes_literal : TokenKind::string_literal, begin, std::move(out));
  }

  // Past the other bytes of a character in UTF-8.
  void end_of_character() {
    while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xc0) == 0x80) ++at_;
  }

  bool escape(bool bytes, std::string& out) {
    const std::size_t begin = at_++;
    const char c = peek();
    ++at_;
    constexpr std::string_view kFrom = "abfnrtv\\?\"'`", kTo = "\a\b\f\n\r\t\v\\?\"'`";
    if (const std::size_t known = kFrom.find(c); known != std::string_view::npos && c != '\0') {
      out += kTo[known];
      return true;
    }
    if (c == 'x' || c == 'X') return coded(begin, 2, 16, bytes, out);
    if (c == 'u' && !bytes) return coded(begin, 4, 16, false, out);
    if (c == 'U' && !bytes) return coded(begin, 8, 16, false, out);
    if (c >= '0' && c <= '3') {
      --at_;
      return coded(begin, 3, 8, bytes, out);
    }
    end_of_character();
    fail(begin, at_ - begin, fmt::format("`{}` is no escape sequence", text_.substr(begin, at_ - begin)));
    return false;
  }

  bool coded(std::size_t begin, std::size_t digits, unsigned base, bool bytes, std::string& out) {
    std::uint32_t code = 0;
    for (std::size_t at = 0; at < digits; ++at, ++at_) {
      const char c = peek();
      if (base == 16 ? !is_hex(c) : !(c >= '0' && c <= '7')) {
        fail(begin, at_ - begin, fmt::format("this escape sequence needs {} digits", digits));
        return false;
      }
      code = code * base + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (bytes) {
      out += static_cast<char>(code);
      return true;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      fail(begin, at_ - begin, "not a Unicode character");
      return false;
    }
    append_utf8(code, out);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Lexed lexed_;
};

}  // namespace

Lexed lex(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace leat::expr
