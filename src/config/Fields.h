// Settings structs list their fields once; that list reads them with all checks, writes JSON and
// prints the reference table of the manual.
//
//   struct Settings {
//     std::string address;
//     std::uint16_t port = 0;
//     Security security = Security::Auto;  // an enum with words()
//     std::vector<User> users;             // User has its own fields()
//   };
//   constexpr config::Word<Security> kWords[] = {{"auto", Security::Auto}, ...};
//   constexpr config::Words<Security> words(Security) { return kWords; }
//
//   template <class V>
//   void fields(V& v, Settings& s) {
//     v.required("address", s.address, "host the service listens on");
//     v.optional("port", s.port, "its port; 0 means ...");
//     v.optional("users", s.users, "who may connect");
//     v.ignored("userLevel", "accepted for V2Ray's sake");          // known, has no effect
//     v.unsupported("streamSettings", Effect::Changes, "...");       // CFG-2: error or warning
//   }
//   Settings settings;
//   read(node, settings, problems);   // false: something was wrong and has been reported
//
// A field's default is the value the struct has before reading.  Field types: bool; std::string;
// (u)int8..64 (range-checked; JSON: a number only; YAML: 0 or [1-9][0-9]*, plain or quoted);
// std::chrono::seconds (a number); Secret; Uuid; Ip; Host; Networks ("tcp", "udp", "tcp,udp" or a
// list of these); an enum with words() (JSON: any letter case); std::vector<T> of those (YAML: a
// single value is a list of one; JSON: text only, "a,b" is two); std::optional<T>; nested structs
// with fields(); Node (taken as it is).  Another type: specialise Value<T>.
//
// Unknown keys: YAML error, JSON warning, both with the nearest known key (CFG-2).  null: absent in
// JSON, the error "is empty" in YAML.  A reference (Secrets.h) is resolved wherever a single value
// is read.
#pragma once

#include "base/Destination.h"
#include "base/Secret.h"
#include "base/Uuid.h"
#include "config/Networks.h"
#include "config/Node.h"
#include "config/Problems.h"
#include "config/Scalars.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace culvert::config {

enum class Effect {
  None,
  Changes
};  ///< whether a key we lack changes security, routing or transport

template <class E>
struct Word {
  std::string_view text;
  E value;
};
/// All words of an enum; the first of a value is the one that is written.  Outlives the program's
/// use of it.
template <class E>
using Words = std::span<const Word<E>>;

class FieldDescriber;

/// A struct with a fields() list, found by its namespace.
template <class T>
concept Listed = std::is_class_v<T> && requires(FieldDescriber& v, T& t) {
  fields(v, t);
};

/// An enum with a words() list, found by its namespace.
template <class T>
concept Worded = std::is_enum_v<T> && requires(T t) {
  { words(t) } -> std::convertible_to<Words<T>>;
};

/// How one type of field is read, written and called.  A specialisation has
///   static bool read(const Node& node, T& out, Problems& problems);  // node: neither Absent nor
///   Null static Node write(const T& value);                              // Absent: nothing to
///   write static std::string form();                                      // "a host name or an IP
///   address" static Node schema();                                           // JSON Schema of the
///   value
template <class T>
struct Value;

/// One line of the reference.
struct FieldInfo {
  enum class Use { Required, Optional, Ignored, Unsupported };
  std::string key;
  std::string form;
  std::string fallback;  ///< the default as JSON, "" when there is none worth a word
  std::string text;
  Use use = Use::Optional;
  Effect effect = Effect::None;
  Node schema;
  std::vector<FieldInfo> inner;  ///< of a struct, or of a list's elements
};

/// All fields of T, in the order of its list.
template <class T>
std::vector<FieldInfo> describe();

/// Markdown: one row per field, nested ones as `users[].id`.
std::string referenceTable(const std::vector<FieldInfo>& fields);
/// JSON Schema (draft 2020-12) of an object with these fields and no others.
Node jsonSchema(const std::vector<FieldInfo>& fields);
/// The keys alone, for suggestions.
std::vector<std::string> keysOf(const std::vector<FieldInfo>& fields);

/// Reads `node` into `settings`.  Absent and null are read as an empty map.
template <class T>
bool read(const Node& node, T& settings, Problems& problems);

/// The map `settings` would be read from: required fields, and optional ones that differ from the
/// default.
template <class T>
Node write(const T& settings);

// ---- The visitors.

/// Reads the fields from a map and reports the keys nobody asked for.
class FieldReader {
 public:
  FieldReader(const Node& map, Problems& problems) : map_(map), problems_(problems) {}

  template <class T>
  FieldReader& required(std::string_view key, T& field, std::string_view text) {
    if (const Node value = take(key)) {
      good_ = Value<T>::read(value, field, problems_) && good_;
    } else {
      missing(key, text);
    }
    return *this;
  }
  template <class T>
  FieldReader& optional(std::string_view key, T& field, std::string_view /*text*/) {
    if (const Node value = take(key)) good_ = Value<T>::read(value, field, problems_) && good_;
    return *this;
  }
  FieldReader& ignored(std::string_view key, std::string_view text);
  FieldReader& unsupported(std::string_view key, Effect effect, std::string_view text);

  /// Reports unknown keys; returns whether all was well.
  bool finish();

 private:
  Node take(std::string_view key);  // Absent: not there, or empty (reported where that is wrong)
  void missing(std::string_view key, std::string_view text);

  const Node& map_;
  Problems& problems_;
  std::vector<std::string> known_;
  std::vector<std::size_t> seen_;  // indices of entries somebody asked for
  bool isEmpty_ = false;           // the key just taken was there, without a value
  bool good_ = true;
};

/// Collects what there is to say about the fields.
class FieldDescriber {
 public:
  template <class T>
  FieldDescriber& required(std::string_view key, T& field, std::string_view text) {
    return add<T>(key, field, text, FieldInfo::Use::Required);
  }
  template <class T>
  FieldDescriber& optional(std::string_view key, T& field, std::string_view text) {
    return add<T>(key, field, text, FieldInfo::Use::Optional);
  }
  FieldDescriber& ignored(std::string_view key, std::string_view text);
  FieldDescriber& unsupported(std::string_view key, Effect effect, std::string_view text);

  std::vector<FieldInfo> take() { return std::move(fields_); }

 private:
  template <class T>
  FieldDescriber& add(std::string_view key, T& field, std::string_view text, FieldInfo::Use use);
  void add(FieldInfo info, const Node& fallback);

  std::vector<FieldInfo> fields_;
};

/// Writes the fields; the second visit leaves out what equals the first.
class FieldWriter {
 public:
  template <class T>
  FieldWriter& required(std::string_view key, T& field, std::string_view /*text*/) {
    return add(key, Value<T>::write(field), FieldInfo::Use::Required);
  }
  template <class T>
  FieldWriter& optional(std::string_view key, T& field, std::string_view /*text*/) {
    return add(key, Value<T>::write(field), FieldInfo::Use::Optional);
  }
  FieldWriter& ignored(std::string_view, std::string_view) { return *this; }
  FieldWriter& unsupported(std::string_view, Effect, std::string_view) { return *this; }

  /// The map of what was visited since construction, or since the last take().
  Node take(const Node& defaults);

 private:
  FieldWriter& add(std::string_view key, Node value, FieldInfo::Use use);

  std::vector<Node::Entry> entries_;
  std::vector<FieldInfo::Use> uses_;
};

// ---- The types.

namespace fields_detail {

std::optional<WholeNumber> readWhole(const Node& node, std::int64_t low, std::uint64_t high,
                                     Problems& problems);
std::string wholeForm(std::int64_t low, std::uint64_t high);
Node wholeSchema(std::int64_t low, std::uint64_t high);
/// The place of `node`'s word among `words`, or nothing after a report.
std::optional<std::size_t> readWord(const Node& node, const std::vector<std::string_view>& words,
                                    Problems& problems);
std::string wordForm(const std::vector<std::string_view>& words);
Node wordSchema(const std::vector<std::string_view>& words);
/// A list's items; a single value as one where that is allowed; `isText`: the elements are strings.
std::optional<std::vector<Node>> readList(const Node& node, bool isText, Problems& problems);
Node listSchema(const Node& items);
bool isItem(const Node& item, Problems& problems);  // false: null in a list, reported
bool isObject(const Node& node, Problems& problems);

template <class T>
struct InnerOf {
  using Type = T;
};
template <class T>
struct InnerOf<std::vector<T>> : InnerOf<T> {};
template <class T>
struct InnerOf<std::optional<T>> : InnerOf<T> {};

}  // namespace fields_detail

// NOLINTBEGIN(bugprone-macro-parentheses): the argument is a type
#define CULVERT_FIELD_VALUE(Type)                                      \
  template <>                                                          \
  struct Value<Type> {                                                 \
    static bool read(const Node& node, Type& out, Problems& problems); \
    static Node write(const Type& value);                              \
    static std::string form();                                         \
    static Node schema();                                              \
  }
// NOLINTEND(bugprone-macro-parentheses)
CULVERT_FIELD_VALUE(bool);
CULVERT_FIELD_VALUE(std::string);
CULVERT_FIELD_VALUE(Secret);
CULVERT_FIELD_VALUE(Uuid);
CULVERT_FIELD_VALUE(Ip);
CULVERT_FIELD_VALUE(Host);
CULVERT_FIELD_VALUE(Networks);
CULVERT_FIELD_VALUE(std::chrono::seconds);
CULVERT_FIELD_VALUE(Node);
#undef CULVERT_FIELD_VALUE

template <std::integral T>
struct Value<T> {
  static constexpr std::int64_t kLow =
      std::is_signed_v<T> ? static_cast<std::int64_t>(std::numeric_limits<T>::min()) : 0;
  static constexpr std::uint64_t kHigh = static_cast<std::uint64_t>(std::numeric_limits<T>::max());

  static bool read(const Node& node, T& out, Problems& problems) {
    const auto whole = fields_detail::readWhole(node, kLow, kHigh, problems);
    if (!whole) return false;
    out =
        static_cast<T>(whole->isNegative ? std::uint64_t{0} - whole->magnitude : whole->magnitude);
    return true;
  }
  static Node write(const T& value) { return Node::number(std::to_string(value)); }
  static std::string form() { return fields_detail::wholeForm(kLow, kHigh); }
  static Node schema() { return fields_detail::wholeSchema(kLow, kHigh); }
};

template <Worded T>
struct Value<T> {
  static std::vector<std::string_view> all() {
    std::vector<std::string_view> texts;
    for (const Word<T>& word : Words<T>(words(T{}))) texts.push_back(word.text);
    return texts;
  }
  static bool read(const Node& node, T& out, Problems& problems) {
    const auto index = fields_detail::readWord(node, all(), problems);
    if (index) out = Words<T>(words(T{}))[*index].value;
    return index.has_value();
  }
  static Node write(const T& value) {
    for (const Word<T>& word : Words<T>(words(T{}))) {
      if (word.value == value) return Node::string(std::string(word.text));
    }
    return {};
  }
  static std::string form() { return fields_detail::wordForm(all()); }
  static Node schema() { return fields_detail::wordSchema(all()); }
};

template <Listed T>
struct Value<T> {
  static bool read(const Node& node, T& out, Problems& problems) {
    return config::read(node, out, problems);
  }
  static Node write(const T& value) { return config::write(value); }
  static std::string form() { return "a map"; }
  static Node schema() { return jsonSchema(describe<T>()); }
};

template <class T>
struct Value<std::optional<T>> {
  static bool read(const Node& node, std::optional<T>& out, Problems& problems) {
    return Value<T>::read(node, out.emplace(), problems);
  }
  static Node write(const std::optional<T>& value) {
    return value ? Value<T>::write(*value) : Node();
  }
  static std::string form() { return Value<T>::form(); }
  static Node schema() { return Value<T>::schema(); }
};

template <class T>
struct Value<std::vector<T>> {
  static bool read(const Node& node, std::vector<T>& out, Problems& problems) {
    const auto items = fields_detail::readList(node, std::is_same_v<T, std::string>, problems);
    if (!items) return false;
    out.clear();
    bool good = true;
    for (const Node& item : *items) {
      T value{};
      if (fields_detail::isItem(item, problems) && Value<T>::read(item, value, problems)) {
        out.push_back(std::move(value));
      } else {
        good = false;
      }
    }
    return good;
  }
  static Node write(const std::vector<T>& values) {
    std::vector<Node> items;
    for (const T& value : values) items.push_back(Value<T>::write(value));
    return Node::list(std::move(items));
  }
  static std::string form() { return "a list: " + Value<T>::form(); }
  static Node schema() { return fields_detail::listSchema(Value<T>::schema()); }
};

// ---- The templates promised above.

template <class T>
FieldDescriber& FieldDescriber::add(std::string_view key, T& field, std::string_view text,
                                    FieldInfo::Use use) {
  FieldInfo info;
  info.key = key;
  info.text = text;
  info.use = use;
  info.form = Value<T>::form();
  info.schema = Value<T>::schema();
  if constexpr (Listed<typename fields_detail::InnerOf<T>::Type>) {
    info.inner = describe<typename fields_detail::InnerOf<T>::Type>();
  }
  add(std::move(info), Value<T>::write(field));
  return *this;
}

template <class T>
std::vector<FieldInfo> describe() {
  FieldDescriber describer;
  T defaults{};
  fields(describer, defaults);
  return describer.take();
}

template <class T>
bool read(const Node& node, T& settings, Problems& problems) {
  if (!fields_detail::isObject(node, problems)) return false;
  FieldReader reader(node, problems);
  fields(reader, settings);
  return reader.finish();
}

template <class T>
Node write(const T& settings) {
  FieldWriter writer;
  T defaults{};
  fields(writer, defaults);
  const Node usual = writer.take({});
  fields(writer, const_cast<T&>(settings));  // the writer only looks
  return writer.take(usual);
}

}  // namespace culvert::config
