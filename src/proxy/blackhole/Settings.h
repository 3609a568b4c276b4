// Settings of a blackhole outbound.
#pragma once

#include "config/Fields.h"

#include <optional>

namespace culvert::blackhole {

enum class Type { None, Http };
constexpr config::Word<Type> kTypes[] = {{"none", Type::None}, {"http", Type::Http}};
constexpr config::Words<Type> words(Type) {
  return kTypes;
}

struct Response {
  Type type = Type::None;
};
template <class V>
void fields(V& v, Response& r) {
  v.required("type", r.type,
             "none: the flow just ends; http: a visitor that speaks HTTP is told 403");
}

struct Settings {
  std::optional<Response> response;
};
template <class V>
void fields(V& v, Settings& s) {
  v.optional("response", s.response, "what the visitor is told. Default: nothing");
}

}  // namespace culvert::blackhole
