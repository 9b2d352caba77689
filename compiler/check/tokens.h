// Generated C++ as tokens, and patterns that read them.
//
//   TokenReader reader(text);
//   reader.expect("struct ArenaBytes {");
//   while (reader.accept("std::size_t $w = $n;")) bytes[reader.word(0)] = reader.number(0);
//   reader.expect("};");
//   if (reader.failed()) return reader.error();        // quotes the line that was not as expected
//
// In a pattern, blanks and line ends mean as little as in C++. What may differ is
//
//   $w   a word
//   $n   a sum of integers: 5, -2147483647 - 1, 1 + 7
//   $e   the same with terms of the counter i: 3, i, 1 + 2 * i; gives two numbers, the constant and the factor of i
//
// After the first failure every accept() is false and every expect() does nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace linnet {

struct Token {
  std::string_view text;
  std::size_t line = 0;  // from 1
  std::string_view comment =
      {};  // the last line comment between the token before and this one, without slashes
};

// A preprocessor directive, lines joined, blanks reduced to one.
struct Directive {
  std::string text;
  std::size_t line = 0;
};

class TokenReader {
 public:
  // The text must outlive the reader.
  explicit TokenReader(std::string_view text);

  bool accept(std::string_view pattern);
  void expect(std::string_view pattern);
  // Reads on behind the next place where the pattern matches; false, and nothing read, when there is none.
  bool find(std::string_view pattern);
  // The tokens up to `end`, which is read too, as one text.
  std::string text_until(std::string_view end);

  // What the last accept() or expect() read for its placeholders.
  const std::string& word(std::size_t index) const { return words_.at(index); }
  std::int64_t number(std::size_t index) const { return numbers_.at(index); }

  const std::vector<Directive>& directives() const { return directives_; }
  const Token& next() const;
  bool at_end() const { return position_ >= tokens_.size(); }

  // Remembers the first failure only. The line is quoted.
  void fail(std::size_t line, const std::string& message);
  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }

 private:
  using Tokens = std::vector<Token>;
  static void tokenize(std::string_view text, Tokens& tokens, std::vector<Directive>& directives);
  const Tokens& pattern_tokens(std::string_view pattern);
  bool match(const Tokens& pattern);
  bool match_placeholder(char kind);
  bool take(std::string_view text);
  bool take_sum(bool counter);
  bool take_term(bool counter, std::int64_t sign, std::int64_t& constant, std::int64_t& factor);
  bool take_integer(std::int64_t& value);
  std::string_view line_text(std::size_t line) const;

  std::string_view text_;
  Tokens tokens_;
  std::vector<Directive> directives_;
  std::size_t position_ = 0;
  std::size_t furthest_ = 0;  // token that a pattern did not match
  std::vector<std::string> words_;
  std::vector<std::int64_t> numbers_;
  std::unordered_map<const char*, Tokens>
      patterns_;  // patterns are literals: their address is enough
  std::string error_;
};

}  // namespace linnet
