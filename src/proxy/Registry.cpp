#include "proxy/Registry.h"

#include <utility>

namespace culvert::proxy {
namespace {

std::string lowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

template <class Factories>
auto find(const Factories& factories, std::string_view protocol) {
  const auto found = factories.find(lowerCase(protocol));
  return found == factories.end() ? nullptr : &found->second;
}

template <class Factories>
std::vector<std::string> names(const Factories& factories) {
  std::vector<std::string> all;
  for (const auto& [name, factory] : factories) all.push_back(name);
  return all;
}

}  // namespace

void Registry::inbound(std::string protocol, InboundFactory make) {
  inbounds_[std::move(protocol)] = std::move(make);
}
void Registry::outbound(std::string protocol, OutboundFactory make) {
  outbounds_[std::move(protocol)] = std::move(make);
}
const InboundFactory* Registry::findInbound(std::string_view protocol) const {
  return find(inbounds_, protocol);
}
const OutboundFactory* Registry::findOutbound(std::string_view protocol) const {
  return find(outbounds_, protocol);
}
std::vector<std::string> Registry::inbounds() const {
  return names(inbounds_);
}
std::vector<std::string> Registry::outbounds() const {
  return names(outbounds_);
}

}  // namespace culvert::proxy
