// What the field lists of the friendly YAML are made of: Given<T>, NameMap<T>, and how the value
// forms of Grammar.h are fields.
#pragma once

#include "config/Fields.h"
#include "config/Grammar.h"
#include "config/Node.h"
#include "config/Secrets.h"

#include <string>
#include <utility>
#include <vector>

namespace culvert::config {

/// A value that may be written.  It remembers its node, so that later checks can point at it, and
/// whether it could be read, so that they can skip it.
template <class T>
struct Given {
  T value{};
  Node node;          ///< as written, or what a secret reference stands for; Absent: not written
  bool good = false;  ///< written, and read without a complaint
  explicit operator bool() const noexcept { return good; }
  const T* operator->() const noexcept { return &value; }
  const T& operator*() const noexcept { return value; }
  [[nodiscard]] bool given() const noexcept { return static_cast<bool>(node); }
};

/// A map from names of the user's choice, in file order.
template <class T>
struct NameMap {
  struct Item {
    std::string name;
    Place keyPlace;
    Given<T> value;
  };
  std::vector<Item> items;
};

namespace simple_detail {
/// The text of a single value, references resolved where `referable`; Absent after a report.
Node scalar(const Node& node, bool referable, const std::string& form, Problems& problems);
void complain(const Node& node, const Complaint& complaint, bool isId, Problems& problems);
Node patternSchema(const std::string& pattern, bool referable);
/// Whether `node` is a map; `example` is how an entry looks.
bool isNameMap(const Node& node, const std::string& example, Problems& problems);
bool isName(const Node::Entry& entry, Problems& problems);
Node nameMapSchema(const Node& values);
/// Reports what is not one of `legal` and returns the map without it.
Node knownKeys(const Node& map, const std::vector<std::string>& legal, Problems& problems);
/// A section whose protocol is not in this version, reported: its other keys would only be called
/// wrong.
bool isForLater(const Node& section, Problems& problems);
template <class T>
constexpr bool kReferable = requires {
  requires T::kReferable;
};
}  // namespace simple_detail

template <Formed T>
struct Value<T> {
  static bool read(const Node& node, T& out, Problems& problems) {
    const Node text =
        simple_detail::scalar(node, simple_detail::kReferable<T>, T::form(), problems);
    return text && take(text, out, problems);
  }
  /// The same from a resolved node.
  static bool take(const Node& text, T& out, Problems& problems) {
    auto parsed = T::read(text.text());
    if (const auto* complaint = std::get_if<Complaint>(&parsed)) {
      simple_detail::complain(text, *complaint, std::is_same_v<T, UserId>, problems);
      return false;
    }
    out = std::move(std::get<T>(parsed));
    return true;
  }
  static Node write(const T& /*value*/) { return {}; }
  static std::string form() { return T::form(); }
  static Node schema() {
    return simple_detail::patternSchema(T::pattern(), simple_detail::kReferable<T>);
  }
};

/// As read(), with better advice for unknown keys.
template <Listed T>
bool readSection(const Node& node, T& out, Problems& problems) {
  if constexpr (requires { out.protocol; }) {
    if (simple_detail::isForLater(node, problems)) return false;
  }
  static const std::vector<std::string> legal = keysOf(describe<T>());
  const Node known = simple_detail::knownKeys(node, legal, problems);
  const bool complete = known.entries().size() == node.entries().size();
  return read(known, out, problems) && complete;
}

template <class T>
struct Value<Given<T>> {
  static bool read(const Node& node, Given<T>& out, Problems& problems) {
    out.node = node;
    if constexpr (Formed<T>) {
      const Node text =
          simple_detail::scalar(node, simple_detail::kReferable<T>, T::form(), problems);
      out.good = text && Value<T>::take(text, out.value, problems);
      if (text) out.node = text;
    } else if constexpr (Listed<T>) {
      out.good = readSection(node, out.value, problems);
    } else {
      out.good = Value<T>::read(node, out.value, problems);
    }
    return out.good;
  }
  static Node write(const Given<T>& given) { return given ? Value<T>::write(given.value) : Node(); }
  static std::string form() { return Value<T>::form(); }
  static Node schema() { return Value<T>::schema(); }
};

template <class T>
struct Value<NameMap<T>> {
  static bool read(const Node& node, NameMap<T>& out, Problems& problems) {
    if (!simple_detail::isNameMap(node, NameMapExample<T>::text(), problems)) return false;
    bool good = true;
    for (const Node::Entry& entry : node.entries()) {
      if (!simple_detail::isName(entry, problems)) {
        good = false;
        continue;
      }
      auto& item = out.items.emplace_back();
      item.name = entry.key;
      item.keyPlace = entry.keyPlace;
      good = Value<Given<T>>::read(entry.value, item.value, problems) && good;
    }
    return good;
  }
  static Node write(const NameMap<T>& /*value*/) { return {}; }
  static std::string form() { return "a map: name to " + Value<T>::form(); }
  static Node schema() { return simple_detail::nameMapSchema(Value<T>::schema()); }

 private:
  template <class U>
  struct NameMapExample {
    static std::string text() {
      if constexpr (Listed<U>) {
        return "nas1: {id: ...}";
      } else {
        return "web: 127.0.0.1:80";
      }
    }
  };
};

namespace fields_detail {
template <class T>
struct InnerOf<Given<T>> : InnerOf<T> {};
template <class T>
struct InnerOf<NameMap<T>> : InnerOf<T> {};
}  // namespace fields_detail

}  // namespace culvert::config
