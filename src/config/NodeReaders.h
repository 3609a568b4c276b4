// From text to Nodes: the YAML reader and the reader of V2Ray's JSON.
//
// Both stop at the first mistake in the syntax, report everything else they can (duplicate keys,
// unknown tags), and never give a tree deeper than kMaxDepth or larger than kMaxNodes (LIM-17,
// CFG-4).  On any error the answer is Absent.
#pragma once

#include "config/Node.h"
#include "config/Problems.h"

#include <cstddef>
#include <memory>

namespace culvert::config {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;
constexpr std::size_t kMaxNodes = 100'000;  ///< YAML: with every alias written out
constexpr int kMaxDepth = 64;

/// The safe subset of YAML: one document, no custom tags, no merge keys, no key twice, aliases as
/// copies.
Node parseYaml(std::shared_ptr<const Source> source, Problems& problems);

/// JSON as V2Ray 4 reads it: comments (//, #, /* */), a byte order mark, keys in any letter case; a
/// trailing comma is a warning.  Numbers are JSON's and keep their text.
Node parseJson(std::shared_ptr<const Source> source, Problems& problems);

/// What both check before parsing: size, UTF-8, control characters.  False: reported.
bool checkText(const std::shared_ptr<const Source>& source, Problems& problems);

}  // namespace culvert::config
