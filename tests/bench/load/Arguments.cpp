#include "bench/load/Arguments.h"

#include <algorithm>
#include <charconv>

namespace culvert::load {
namespace {

[[noreturn]] void wrong(std::string_view name, const char* expected, std::string_view got) {
  throw Usage(std::string(name) + ": expected " + expected + ", got \"" + std::string(got) + "\"");
}

template <class Number>
bool parse(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

}  // namespace

std::uint64_t parseNumber(std::string_view what, std::string_view text) {
  std::uint64_t number = 0;
  if (!parse(text, number) || number == 0) wrong(what, "a number from 1", text);
  return number;
}

bool Arguments::flag(std::string_view name) {
  const auto found = std::find(words_.begin(), words_.end(), name);
  if (found == words_.end()) return false;
  words_.erase(found);
  return true;
}

std::optional<std::string> Arguments::optionalText(std::string_view name) {
  const auto found = std::find(words_.begin(), words_.end(), name);
  if (found == words_.end()) return std::nullopt;
  const auto value = found + 1;
  if (value == words_.end()) throw Usage(std::string(name) + ": a value is missing");
  auto text = std::move(*value);
  words_.erase(found, value + 1);
  return text;
}

std::string Arguments::text(std::string_view name) {
  auto value = optionalText(name);
  if (!value) throw Usage(std::string(name) + " is missing");
  return *std::move(value);
}

std::uint64_t Arguments::number(std::string_view name) {
  return parseNumber(name, text(name));
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise) {
  const auto value = optionalText(name);
  return value ? parseNumber(name, *value) : otherwise;
}

std::chrono::nanoseconds Arguments::seconds(std::string_view name) {
  const auto value = text(name);
  double number = 0;
  if (!parse(value, number) || !(number >= 0 && number < 1e6)) wrong(name, "seconds", value);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(number));
}

std::chrono::nanoseconds Arguments::seconds(std::string_view name,
                                            std::chrono::nanoseconds otherwise) {
  return std::find(words_.begin(), words_.end(), name) == words_.end() ? otherwise : seconds(name);
}

std::vector<std::string> Arguments::positional() {
  std::vector<std::string> taken;
  std::vector<std::string> left;
  for (auto& word : words_) (word.starts_with('-') ? left : taken).push_back(std::move(word));
  words_ = std::move(left);
  return taken;
}

void Arguments::expectEmpty() const {
  if (!words_.empty()) throw Usage("unknown option or a word too many: \"" + words_.front() + "\"");
}

}  // namespace culvert::load
