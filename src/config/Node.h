// A configuration value with its place: what both the YAML and the JSON reader give, and what
// protocol folders read their settings from.
//
// A Node is a cheap handle on an immutable tree and may be copied.  Scalars keep their text as
// written; whether that text is acceptable as a number or a word is decided by who reads it
// (Fields.h), because YAML and V2Ray's JSON differ in it.
#pragma once

#include "config/Problems.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace culvert::config {

enum class Dialect {
  Json,
  Yaml
};  ///< V2Ray's JSON rules, or the strict ones of the YAML front end

class Node {
 public:
  enum class Kind { Absent, Null, Bool, Number, String, List, Map };
  struct Entry;  // key, its place, value

  Node();  ///< Absent
  /// What operator[] answers for a missing key: nothing, but with a place and a path for messages.
  static Node absent(Place place, std::string path);
  static Node null(Place place = {});
  static Node boolean(bool value, Place place = {});
  /// `text` as written: "80", "8e3".
  static Node number(std::string text, Place place = {});
  static Node number(std::int64_t value, Place place = {});
  static Node string(std::string text, Place place = {});
  static Node list(std::vector<Node> items, Place place = {});
  static Node map(std::vector<Entry> entries, Place place = {});

  [[nodiscard]] Kind kind() const noexcept;
  explicit operator bool() const noexcept { return kind() != Kind::Absent; }
  [[nodiscard]] bool isMap() const noexcept { return kind() == Kind::Map; }
  [[nodiscard]] bool isList() const noexcept { return kind() == Kind::List; }
  [[nodiscard]] bool isString() const noexcept { return kind() == Kind::String; }

  [[nodiscard]] bool boolean() const;                    ///< Bool only
  [[nodiscard]] const std::string& text() const;         ///< String and Number: as written; else ""
  [[nodiscard]] bool isQuoted() const noexcept;          ///< YAML: the scalar was quoted
  [[nodiscard]] const std::vector<Node>& items() const;  ///< List; else empty
  [[nodiscard]] const std::vector<Entry>& entries() const;  ///< Map, in file order; else empty
  /// The value under `key`, or an Absent node that has this node's place and the path the key would
  /// have. JSON: keys compare as V2Ray does, case-insensitively, an exact match first.
  [[nodiscard]] Node operator[](std::string_view key) const;
  [[nodiscard]] Node operator[](std::size_t index) const;

  [[nodiscard]] const Place& place() const noexcept;
  /// How messages call it: outbounds[0].settings.address, with an entry's name behind its index.
  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] Dialect dialect() const noexcept;
  /// A value whose text must not be shown in messages: under one of the keys that hold ids and
  /// passwords, or read through a reference (Secrets.h).  Its text is wiped with the last handle.
  [[nodiscard]] bool isSecret() const noexcept;
  /// For a value that was read through {env: ...}, {file: ...} or {credential: ...}: that map; else
  /// Absent.
  [[nodiscard]] Node reference() const;

  /// The same value, marked; for a reference, `from` is the map it came from.
  [[nodiscard]] Node asSecret() const;
  [[nodiscard]] Node asSecret(const Node& from) const;
  /// The same value (the children keep theirs) under another path, for what is generated.
  [[nodiscard]] Node withPath(std::string path) const;

  /// Same value; places, paths, quoting and the order of a map's entries aside.
  [[nodiscard]] bool sameAs(const Node& other) const;

  struct Data;
  explicit Node(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

 private:
  std::shared_ptr<const Data> data_;
};

struct Node::Entry {
  std::string key;
  Place keyPlace;
  Node value;
};

/// How messages call what a node holds: "vps.example.com" in quotes, escaped and cut; 80; true; a
/// list; a map; nothing; (hidden) for a secret.
[[nodiscard]] std::string found(const Node& node);

/// A problem at `node`: its place, its path, its secrecy.
void error(Problems& problems, const Node& node, std::string code, std::string message,
           std::string hint = {});
void warning(Problems& problems, const Node& node, std::string code, std::string message,
             std::string hint = {});
/// The commonest message: expected `what`, got found(node).  `code` is bad-type or bad-form.
void expected(Problems& problems, const Node& node, std::string code, std::string_view what,
              std::string hint = {});

}  // namespace culvert::config
