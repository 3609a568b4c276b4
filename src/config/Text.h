// Small things about text that the parts of this folder share: UTF-8, letter case, blanks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::config {

/// Length in bytes of the UTF-8 sequence `text` begins with; 0: not one (overlong forms, surrogates
/// and numbers above U+10FFFF included).
std::size_t utf8Length(std::string_view text) noexcept;
/// Code points; a byte that belongs to none counts as one.
std::size_t codePoints(std::string_view text) noexcept;
/// The number of the code point `text` begins with; utf8Length() is not 0.
char32_t codePoint(std::string_view text) noexcept;

/// `text` with control characters, bytes that are not UTF-8, line separators and the characters
/// that turn the writing direction as \xNN or \uNNNN; quotes and backslashes stay.
std::string printable(std::string_view text);

std::string lowerCase(std::string_view text);  ///< ASCII
bool equalsIgnoreCase(std::string_view a, std::string_view b) noexcept;
/// Lower case, without `_`, `-` and `.`: how words are compared when guessing.
std::string bareWord(std::string_view text);

/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text) noexcept;
/// The parts between `separator`, trimmed; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Whether a part of `text` has the shape of an id: 32 hexadecimal digits, dashes between them
/// aside.
bool holdsId(std::string_view text) noexcept;

/// Line `number` (from 1) without its end; empty when there is none.
std::string_view lineOf(std::string_view text, int number) noexcept;

}  // namespace culvert::config
