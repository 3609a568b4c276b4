#include "proxy/freedom/Reach.h"

#include "base/Cidr.h"

#include <algorithm>
#include <array>

namespace culvert::freedom {
namespace {

std::vector<Cidr> blocks(std::initializer_list<std::string_view> texts) {
  std::vector<Cidr> list;
  for (const std::string_view text : texts) list.push_back(parseCidr(text).value());
  return list;
}

bool anyContains(const std::vector<Cidr>& list, const Ip& ip) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Cidr& block) { return block.contains(ip); });
}

/// Whether `holds` for `ip` or an address it stands for.
template <class Condition>
bool anyMeaning(const Ip& ip, Condition holds) {
  if (holds(ip)) return true;
  const std::vector<Ip> embedded = embeddedAddresses(ip);
  return std::any_of(embedded.begin(), embedded.end(), holds);
}

bool listsAddress(const ReachEntry& entry, Network network, const Endpoint& address) {
  const Cidr* block = std::get_if<Cidr>(&entry.host);
  if (!block || !entry.allows(network, address.port)) return false;
  if (block->contains(address.ip)) return true;
  // Behind NAT64 the IPv6 address is only a way to write the IPv4 one.
  static const std::vector<Cidr> nat64 = blocks({"64:ff9b::/96"});
  if (!anyContains(nat64, address.ip)) return false;
  return block->contains(Ip::fromBytes(address.ip.bytes().last(4)));
}

}  // namespace

std::string_view toString(Refusal refusal) {
  switch (refusal) {
    case Refusal::None:
      return "may be dialled";
    case Refusal::NotListed:
      return "is not in the reach list";
    case Refusal::NotAName:
      return "is neither a host name nor a plain address";
    case Refusal::Special:
      return "is an address nobody should reach unless it is named exactly";
    case Refusal::OwnListener:
      return "is a port of this program";
    case Refusal::Private:
      return "is not on the internet";
  }
  return "";
}

std::vector<Ip> embeddedAddresses(const Ip& ip) {
  if (ip.isV4()) return {};
  const Bytes bytes = ip.bytes();
  const auto v4 = [&](std::size_t at) { return Ip::fromBytes(bytes.subspan(at, 4)); };
  static const std::vector<Cidr> nat64 = blocks({"64:ff9b::/96"}),
                                 localNat64 = blocks({"64:ff9b:1::/48"}),
                                 sixToFour = blocks({"2002::/16"}), teredo = blocks({"2001::/32"}),
                                 compatible = blocks({"::/96"});
  if (anyContains(nat64, ip)) return {v4(12)};
  if (anyContains(localNat64, ip)) return {v4(12)};
  if (anyContains(sixToFour, ip)) return {v4(2)};
  if (anyContains(compatible, ip) && !ip.isAny() && !ip.isLoopback()) return {v4(12)};
  if (anyContains(teredo, ip)) {
    std::array<std::uint8_t, 4> client{};
    for (std::size_t i = 0; i < 4; ++i) client[i] = static_cast<std::uint8_t>(~bytes[12 + i]);
    return {v4(4), Ip::fromBytes(client)};
  }
  return {};
}

bool isSpecial(const Ip& ip) {
  static const std::vector<Cidr> special =
      blocks({"0.0.0.0/8", "::/128",            // the kernel connects these to this host
              "169.254.0.0/16", "fe80::/10",    // link-local, most clouds' metadata
              "fd00:ec2::254", "fd20:ce::254",  // metadata over IPv6
              "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.0/4", "ff00::/8",
              "255.255.255.255"});
  return anyMeaning(ip, [](const Ip& each) { return anyContains(special, each); });
}

bool isNumberInDisguise(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 255) return true;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
    if (!good) return true;
  }
  // A name whose last label is a number is an address to inet_aton and its kin, whatever stands
  // before it.
  std::string_view label = name.substr(name.rfind('.') + 1);
  const bool hex = label.starts_with("0x") || label.starts_with("0X");
  if (hex) label.remove_prefix(2);
  return std::all_of(label.begin(), label.end(), [hex](char c) {
    return (c >= '0' && c <= '9') || (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
  });
}

bool Reach::listsName(const Destination& target) const {
  const std::string name = normalizedDomain(target.domain());
  return std::any_of(rules_.list->begin(), rules_.list->end(), [&](const ReachEntry& entry) {
    const std::string* listed = std::get_if<std::string>(&entry.host);
    return listed && *listed == name && entry.allows(target.network, target.port);
  });
}

Refusal Reach::judge(const Destination& target) const {
  if (!target.isDomain()) return Refusal::None;  // its address is judged before it is dialled
  if (isNumberInDisguise(target.domain())) return Refusal::NotAName;
  if (rules_.list && !listsName(target)) return Refusal::NotListed;
  return Refusal::None;
}

Refusal Reach::judgeAddress(const Destination& target, const Endpoint& address,
                            bool publicOnly) const {
  const Network network = target.network;
  bool exact = rules_.fixed && rules_.fixed->ip == address.ip && !rules_.list;
  bool exactPort = exact && rules_.fixed->port == address.port;
  if (rules_.list) {
    bool listed = target.isDomain() && listsName(target);
    for (const ReachEntry& entry : *rules_.list) {
      if (!listsAddress(entry, network, address)) continue;
      listed = true;
      exact = exact || entry.isExact();
      exactPort = exactPort || entry.isExact();
    }
    if (!listed) return Refusal::NotListed;
  }
  if (!exact && isSpecial(address.ip)) return Refusal::Special;
  const auto isOwn = [&](const Ip& ip) {
    return rules_.isOwnListener(network, {ip, address.port});
  };
  if (!exactPort && rules_.isOwnListener && anyMeaning(address.ip, isOwn))
    return Refusal::OwnListener;
  const auto isPrivate = [](const Ip& ip) { return anyContains(privateBlocks(), ip); };
  if (publicOnly && anyMeaning(address.ip, isPrivate)) return Refusal::Private;
  return Refusal::None;
}

std::vector<std::string> Reach::describe() const {
  if (!rules_.list) return {"any address"};
  std::vector<std::string> lines;
  for (const ReachEntry& entry : *rules_.list) {
    std::string line = toString(entry);
    line[line.find(':')] = ' ';
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace culvert::freedom
