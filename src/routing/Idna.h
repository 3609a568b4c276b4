// Names as rules compare them: lower case, without a trailing dot, international labels in their
// ASCII form (xn--…), so that a pattern and a target spelt differently are one name.  Source: RFC
// 3492 (Punycode), RFC 5890; of Unicode's mappings only case and the full-width forms are applied.
#pragma once

#include <string>
#include <string_view>

namespace culvert::routing {

/// Bytes that are not UTF-8 leave their label as it is.
std::string comparableName(std::string_view name);

}  // namespace culvert::routing
