// The words after the subcommand: "--name value", "--flag" and positional ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::load {

/// The command line is wrong; the message says which word and what was expected.
class Usage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Arguments {
 public:
  explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {}

  // Each takes its words away.  All throw Usage for a value that is missing or wrong.

  bool flag(std::string_view name);
  std::optional<std::string> optionalText(std::string_view name);
  std::string text(std::string_view name);
  std::uint64_t number(std::string_view name);  // from 1
  std::uint64_t number(std::string_view name, std::uint64_t otherwise);
  /// A duration written as seconds with or without a fraction.
  std::chrono::nanoseconds seconds(std::string_view name);
  std::chrono::nanoseconds seconds(std::string_view name, std::chrono::nanoseconds otherwise);

  /// What is left that does not begin with "-".
  std::vector<std::string> positional();
  /// Throws Usage if a word was not taken.
  void expectEmpty() const;

 private:
  std::vector<std::string> words_;
};

/// The whole of `text` as a number from 1; throws Usage that names `what`.
std::uint64_t parseNumber(std::string_view what, std::string_view text);

}  // namespace culvert::load
