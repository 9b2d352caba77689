// See tokens.h.
#include "compiler/check/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace linnet {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_number_start(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Where the word or number that begins at `begin` ends.
std::size_t word_end(std::string_view text, std::size_t begin) {
  const bool number = is_number_start(text[begin]);
  std::size_t end = begin + 1;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    const char before = text[end - 1];
    const bool exponent = number && (c == '+' || c == '-') && (before == 'e' || before == 'E');
    if (!is_letter(c) && !is_number_start(c) && !(number && c == '.') && !exponent) break;
  }
  return end;
}

// Where the literal that begins with a quote at `begin` ends.
std::size_t literal_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && text[end] != text[begin]) end += text[end] == '\\' ? 2U : 1U;
  return std::min(end + 1, text.size());
}

}  // namespace

TokenReader::TokenReader(std::string_view text) : text_(text) {
  tokenize(text, tokens_, directives_);
}

void TokenReader::tokenize(std::string_view text, Tokens& tokens,
                           std::vector<Directive>& directives) {
  std::size_t line = 1;
  bool line_start = true;
  std::string_view comment;
  std::size_t i = 0;
  while (i < text.size()) {
    if (is_blank(text[i])) {
      if (text[i] == '\n') ++line, line_start = true;
      ++i;
    } else if (text.substr(i, 2) == "//") {
      const std::size_t end = std::min(text.find('\n', i), text.size());
      comment = text.substr(i + 2, end - i - 2);
      i = end;
    } else if (line_start && text[i] == '#') {
      Directive directive{{}, line};
      for (; i < text.size() && text[i] != '\n'; ++i) {
        if (text.substr(i, 2) == "\\\n") ++line, ++i;
        if (!is_blank(text[i])) directive.text += text[i];
        if (is_blank(text[i]) && directive.text.back() != ' ') directive.text += ' ';
      }
      directives.push_back(std::move(directive));
    } else {
      const bool word = is_letter(text[i]) || is_number_start(text[i]);
      const bool literal = text[i] == '"' || text[i] == '\'';
      const std::size_t end = word ? word_end(text, i) : literal ? literal_end(text, i) : i + 1;
      tokens.push_back({text.substr(i, end - i), line, comment});
      comment = {};
      line_start = false;
      i = end;
    }
  }
}

const TokenReader::Tokens& TokenReader::pattern_tokens(std::string_view pattern) {
  const auto [known, added] = patterns_.try_emplace(pattern.data());
  if (added) {
    std::vector<Directive> none;
    tokenize(pattern, known->second, none);
  }
  return known->second;
}

bool TokenReader::accept(std::string_view pattern) {
  if (failed()) return false;
  const std::size_t start = position_;
  if (match(pattern_tokens(pattern))) return true;
  furthest_ = std::max(furthest_, position_);
  position_ = start;
  return false;
}

void TokenReader::expect(std::string_view pattern) {
  furthest_ = position_;
  if (failed() || accept(pattern)) return;
  const std::size_t at = std::min(furthest_, tokens_.empty() ? 0 : tokens_.size() - 1);
  fail(tokens_.empty() ? 1 : tokens_[at].line, fmt::format("expected '{}'", pattern));
}

bool TokenReader::find(std::string_view pattern) {
  const std::size_t start = position_;
  for (; !failed() && !at_end(); ++position_)
    if (accept(pattern)) return true;
  position_ = start;
  return false;
}

std::string TokenReader::text_until(std::string_view end) {
  std::string text;
  while (!failed() && !at_end()) {
    const Token& token = tokens_[position_++];
    if (token.text == end) return text;
    text += (text.empty() ? "" : " ") + std::string(token.text);
  }
  fail(1, fmt::format("the text ends before '{}'", end));
  return text;
}

bool TokenReader::match(const Tokens& pattern) {
  words_.clear();
  numbers_.clear();
  for (const Token& wanted : pattern) {
    const bool placeholder = wanted.text.size() == 2 && wanted.text[0] == '$';
    if (placeholder ? !match_placeholder(wanted.text[1]) : !take(wanted.text)) return false;
  }
  return true;
}

bool TokenReader::match_placeholder(char kind) {
  if (kind == 'w') {
    if (at_end() || !is_letter(tokens_[position_].text[0])) return false;
    words_.emplace_back(tokens_[position_++].text);
    return true;
  }
  return take_sum(kind == 'e');
}

bool TokenReader::take(std::string_view text) {
  if (at_end() || tokens_[position_].text != text) return false;
  ++position_;
  return true;
}

bool TokenReader::take_integer(std::int64_t& value) {
  if (at_end()) return false;
  std::string_view digits = tokens_[position_].text;
  while (!digits.empty() && (digits.back() == 'L' || digits.back() == 'U')) digits.remove_suffix(1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, value);
  if (fault != std::errc{} || stop != end) return false;
  ++position_;
  return true;
}

// 5, i, 2 * i; the counter only where it is allowed.
bool TokenReader::take_term(bool counter, std::int64_t sign, std::int64_t& constant,
                            std::int64_t& factor) {
  if (counter && take("i")) {
    factor += sign;
    return true;
  }
  std::int64_t value = 0;
  if (!take_integer(value)) return false;
  if (counter && take("*")) {
    factor += sign * value;
    return take("i");
  }
  constant += sign * value;
  return true;
}

bool TokenReader::take_sum(bool counter) {
  std::int64_t constant = 0;
  std::int64_t factor = 0;
  std::int64_t sign = take("-") ? -1 : 1;
  if (!take_term(counter, sign, constant, factor)) return false;
  for (;;) {
    const std::size_t before = position_;
    const bool minus = take("-");
    if (!minus && !take("+")) break;
    sign = minus ? -1 : 1;
    if (take("-")) sign = -sign;
    if (!take_term(counter, sign, constant, factor)) {
      position_ = before;  // the operator belongs to what follows
      break;
    }
  }
  numbers_.push_back(constant);
  if (counter) numbers_.push_back(factor);
  return true;
}

const Token& TokenReader::next() const {
  static constexpr Token kNone{};
  return at_end() ? kNone : tokens_[position_];
}

std::string_view TokenReader::line_text(std::size_t line) const {
  std::string_view rest = text_;
  for (std::size_t i = 1; i < line && rest.find('\n') != rest.npos; ++i)
    rest.remove_prefix(rest.find('\n') + 1);
  rest = rest.substr(0, rest.find('\n'));
  const std::size_t begin = std::min(rest.find_first_not_of(" \t"), rest.size());
  return rest.substr(begin, 160);
}

void TokenReader::fail(std::size_t line, const std::string& message) {
  if (failed()) return;
  error_ = fmt::format("line {} of the generated text, '{}': {}", line, line_text(line), message);
}

}  // namespace linnet
