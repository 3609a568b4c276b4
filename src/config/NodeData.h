// What a Node points at.  For the readers, who build it, and Node.cpp; nobody else needs it.
#pragma once

#include "base/Secret.h"
#include "config/Node.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace culvert::config {

struct Node::Data {
  Kind kind = Kind::Absent;
  bool boolean = false;
  bool quoted = false;
  bool secret = false;
  Dialect dialect = Dialect::Json;
  std::string text;
  std::vector<Node> items;
  std::vector<Entry> entries;
  Place place;
  std::string path;
  std::shared_ptr<const Data> reference;

  Data() = default;
  Data(const Data&) = default;
  Data(Data&&) = default;
  Data& operator=(const Data&) = delete;
  Data& operator=(Data&&) = delete;
  ~Data() {
    if (secret) wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  }

  static const Data& of(const Node& node) { return *node.data_; }
  /// Only for who made the node and has not yet given it away.
  static Data& underConstruction(const Node& node) { return const_cast<Data&>(*node.data_); }
};

/// The last step of both readers: gives every node of a fresh tree its path, marks what is secret
/// by its key, and reports keys that stand twice in one map (JSON: in any letter case), of which
/// the first is kept.
void finishTree(const Node& root, Problems& problems);

/// The path of `key` in a map called `path`, and of item `index` in a list.
std::string pathOf(const std::string& path, std::string_view key);
std::string pathOf(const std::string& path, std::size_t index, const Node& item);

}  // namespace culvert::config
