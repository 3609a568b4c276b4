#include "proxy/freedom/Reach.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace culvert::freedom {
namespace {

std::vector<ReachEntry> entries(const std::vector<std::string>& texts) {
  std::vector<ReachEntry> list;
  for (const std::string& text : texts) list.push_back(parseReachEntry(text).value());
  return list;
}

/// What becomes of "tcp:host:port": the first look, and for an address the second one too.
Refusal verdict(const Reach& reach, const std::string& text, bool publicOnly = false) {
  const std::size_t colon = text.rfind(':');
  Destination target{text.starts_with("udp:") ? Network::Udp : Network::Tcp,
                     parseHost(text.substr(4, colon - 4)),
                     static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
  const Refusal first = reach.judge(target);
  if (first != Refusal::None || target.isDomain()) return first;
  return reach.judgeAddress(target, {target.ip(), target.port}, publicOnly);
}

/// A bridge that also listens: 127.0.0.1:8080, and port 9090 on all addresses of this host.
bool ownListener(Network network, const Endpoint& address) {
  if (network != Network::Tcp) return false;
  if (address.port == 8080) return address.ip == Ip::loopback4();
  return address.port == 9090 &&
         (address.ip.isLoopback() || address.ip == Ip::parse("192.168.1.5").value());
}

struct Policies {
  Reach open{{std::nullopt, std::nullopt, ownListener}};
  Reach nas{{entries({"tcp:192.168.1.20:443", "udp:192.168.1.0/24:53", "tcp:127.0.0.1:1-65535"}),
             std::nullopt, ownListener}};
  Reach service{{std::nullopt, Endpoint{Ip::parse("127.0.0.1").value(), 80}, ownListener}};
};

struct Row {
  const char* target;
  Refusal open, nas;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.target;
}

class ReachTable : public testing::TestWithParam<Row> {};

TEST_P(ReachTable, JudgesTheSpelling_REACH_5) {
  const Policies policies;
  const Row& row = GetParam();
  EXPECT_EQ(toString(verdict(policies.open, row.target)), toString(row.open));
  EXPECT_EQ(toString(verdict(policies.nas, row.target)), toString(row.nas));
}

constexpr auto Ok = Refusal::None, Unlisted = Refusal::NotListed, NoName = Refusal::NotAName,
               Special = Refusal::Special, Own = Refusal::OwnListener;
constexpr Row kRows[] = {
    // The listed service, and what lies beside it.
    {"tcp:192.168.1.20:443", Ok, Ok},
    {"tcp:192.168.1.20:444", Ok, Unlisted},
    {"udp:192.168.1.20:443", Ok, Unlisted},
    {"tcp:192.168.1.21:443", Ok, Unlisted},
    {"udp:192.168.1.77:53", Ok, Ok},
    {"udp:192.168.2.77:53", Ok, Unlisted},
    {"tcp:127.0.0.1:80", Ok, Ok},
    {"tcp:127.0.0.2:80", Ok, Unlisted},
    {"tcp:8.8.8.8:443", Ok, Unlisted},
    {"tcp:[2001:db8::20]:443", Ok, Unlisted},
    // The same address in other clothes.
    {"tcp:[::ffff:192.168.1.20]:443", Ok, Ok},
    {"tcp:[::ffff:c0a8:114]:443", Ok, Ok},
    {"tcp:[64:ff9b::192.168.1.20]:443", Ok, Ok},
    {"tcp:[64:ff9b::c0a8:114]:443", Ok, Ok},
    {"tcp:[64:ff9b::c0a8:115]:443", Ok, Unlisted},
    {"tcp:[2002:c0a8:114::1]:443", Ok, Unlisted},
    {"tcp:[::192.168.1.20]:443", Ok, Unlisted},
    // Names that are numbers, and other things that are no names.
    {"tcp:2130706433:80", NoName, NoName},
    {"tcp:017700000001:80", NoName, NoName},
    {"tcp:0x7f000001:80", NoName, NoName},
    {"tcp:0x7f.1:80", NoName, NoName},
    {"tcp:0x7F.0x1:80", NoName, NoName},
    {"tcp:0177.0.0.1:80", NoName, NoName},
    {"tcp:127.1:80", NoName, NoName},
    {"tcp:127.0.1:80", NoName, NoName},
    {"tcp:127.0.0.1.:80", NoName, NoName},
    {"tcp:192.168.1.20.:443", NoName, NoName},
    {"tcp:192.168.276:443", NoName, NoName},
    {"tcp:3232235796:443", NoName, NoName},
    {"tcp:256.256.256.256:80", NoName, NoName},
    {"tcp:1.2.3.4.5:80", NoName, NoName},
    {"tcp:example.1:80", NoName, NoName},
    {"tcp:0:80", NoName, NoName},
    {"tcp:0x:80", NoName, NoName},
    {"tcp:１２７.０.０.１:80", NoName, NoName},
    {"tcp:127。0。0。1:80", NoName, NoName},
    {"tcp:a b:80", NoName, NoName},
    {"tcp:[::1%25lo]:80", NoName, NoName},
    {"tcp:[::1:80", NoName, NoName},
    {"tcp::80", NoName, NoName},
    {"tcp:.:80", NoName, NoName},
    // Names that are names.
    {"tcp:nas.lan:443", Ok, Unlisted},
    {"tcp:localhost:80", Ok, Unlisted},
    {"tcp:1and1.example:80", Ok, Unlisted},
    {"tcp:127.0.0.1.example:80", Ok, Unlisted},
    {"tcp:x0x7f:80", Ok, Unlisted},
    // Addresses nobody should reach (REACH-3), plain and embedded.
    {"tcp:0.0.0.0:80", Special, Unlisted},
    {"tcp:0.1.2.3:80", Special, Unlisted},
    {"tcp:[::]:80", Special, Unlisted},
    {"tcp:169.254.169.254:80", Special, Unlisted},
    {"tcp:169.254.1.1:80", Special, Unlisted},
    {"tcp:[fe80::1]:80", Special, Unlisted},
    {"tcp:[febf::1]:80", Special, Unlisted},
    {"tcp:[fd00:ec2::254]:80", Special, Unlisted},
    {"tcp:[fd20:ce::254]:80", Special, Unlisted},
    {"tcp:100.100.100.200:80", Special, Unlisted},
    {"tcp:192.0.0.192:80", Special, Unlisted},
    {"tcp:168.63.129.16:80", Special, Unlisted},
    {"udp:224.0.0.251:5353", Special, Unlisted},
    {"udp:239.255.255.250:1900", Special, Unlisted},
    {"udp:[ff02::fb]:5353", Special, Unlisted},
    {"udp:255.255.255.255:67", Special, Unlisted},
    {"tcp:[::ffff:169.254.169.254]:80", Special, Unlisted},
    {"tcp:[64:ff9b::169.254.169.254]:80", Special, Unlisted},
    {"tcp:[64:ff9b:1::169.254.169.254]:80", Special, Unlisted},
    {"tcp:[2002:a9fe:a9fe::]:80", Special, Unlisted},
    {"tcp:[2001:0:a9fe:a9fe::]:80", Special, Unlisted},            // Teredo: the server's address
    {"tcp:[2001:0:102:304:0:0:5601:5601]:80", Special, Unlisted},  // Teredo: the client's, inverted
    {"tcp:[::169.254.169.254]:80", Special, Unlisted},
    {"tcp:[::0.0.0.2]:80", Special, Unlisted},
    {"tcp:[64:ff9b::]:80", Special, Unlisted},
    // Neighbours of those that are ordinary.
    {"tcp:169.253.255.255:80", Ok, Unlisted},
    {"tcp:[fec0::1]:80", Ok, Unlisted},
    {"tcp:[fd00:ec2::253]:80", Ok, Unlisted},
    {"tcp:223.255.255.255:80", Ok, Unlisted},
    {"tcp:[::1]:80", Ok, Unlisted},
    // This program's own listeners.
    {"tcp:127.0.0.1:8080", Own, Own},
    {"tcp:127.0.0.2:8080", Ok, Unlisted},
    {"udp:127.0.0.1:8080", Ok, Unlisted},
    {"tcp:[::ffff:127.0.0.1]:8080", Own, Own},
    {"tcp:[64:ff9b::7f00:1]:8080", Own, Own},
    {"tcp:127.0.0.1:9090", Own, Own},
    {"tcp:[::1]:9090", Own, Unlisted},
    {"tcp:192.168.1.5:9090", Own, Unlisted},
    {"tcp:192.168.1.6:9090", Ok, Unlisted},
};
INSTANTIATE_TEST_SUITE_P(Spellings, ReachTable, testing::ValuesIn(kRows));

TEST(Reach, OpensASpecialAddressThatIsListedExactly_REACH_3) {
  const Reach reach({entries({"tcp:169.254.169.254:80", "tcp:127.0.0.1:8080", "tcp:fe80.test:1"}),
                     std::nullopt, ownListener});
  EXPECT_EQ(verdict(reach, "tcp:169.254.169.254:80"), Refusal::None);
  EXPECT_EQ(verdict(reach, "tcp:169.254.169.254:81"), Refusal::NotListed);
  EXPECT_EQ(verdict(reach, "tcp:127.0.0.1:8080"), Refusal::None);

  const Reach wide(
      {entries({"tcp:169.254.0.0/16:80", "tcp:127.0.0.0/8:1-65535"}), std::nullopt, ownListener});
  EXPECT_EQ(verdict(wide, "tcp:169.254.169.254:80"), Refusal::Special);
  EXPECT_EQ(verdict(wide, "tcp:127.0.0.1:8080"), Refusal::OwnListener);
}

TEST(Reach, TakesTheOwnersFixedTargetAsListed) {
  const Policies policies;
  EXPECT_EQ(verdict(policies.service, "tcp:127.0.0.1:80"), Refusal::None);
  const Reach own({std::nullopt, Endpoint{Ip::loopback4(), 8080}, ownListener});
  EXPECT_EQ(verdict(own, "tcp:127.0.0.1:8080"), Refusal::None);
  // A range of ports opens the address, but not the ports this program listens on.
  const Reach range({std::nullopt, Endpoint{Ip::parse("169.254.7.7").value(), 0}, ownListener});
  EXPECT_EQ(verdict(range, "tcp:169.254.7.7:6001"), Refusal::None);
  const Reach loopback({std::nullopt, Endpoint{Ip::loopback4(), 0}, ownListener});
  EXPECT_EQ(verdict(loopback, "tcp:127.0.0.1:8080"), Refusal::OwnListener);
}

TEST(Reach, JudgesTheAddressBehindAName_REACH_4) {
  const Reach reach({entries({"tcp:nas.lan:80", "tcp:10.0.0.1:80"}), std::nullopt, ownListener});
  const Destination listed{Network::Tcp, std::string("NAS.lan."), 80};
  EXPECT_EQ(reach.judge(listed), Refusal::None);
  EXPECT_EQ(reach.judgeAddress(listed, {Ip::parse("192.168.1.9").value(), 80}, false),
            Refusal::None);
  EXPECT_EQ(reach.judgeAddress(listed, {Ip::parse("169.254.169.254").value(), 80}, false),
            Refusal::Special);
  EXPECT_EQ(reach.judgeAddress(listed, {Ip::parse("0.0.0.0").value(), 80}, false),
            Refusal::Special);
}

TEST(Reach, LooksUpNoNameThatNothingAllows_REACH_7) {
  const Reach reach({entries({"tcp:nas.lan:80"}), std::nullopt, {}});
  EXPECT_EQ(verdict(reach, "tcp:nas.lan:80"), Refusal::None);
  EXPECT_EQ(verdict(reach, "tcp:nas.lan:81"), Refusal::NotListed);
  EXPECT_EQ(verdict(reach, "udp:nas.lan:80"), Refusal::NotListed);
  EXPECT_EQ(verdict(reach, "tcp:secret.exfil.test:80"), Refusal::NotListed);
  EXPECT_EQ(verdict(reach, "tcp:x.nas.lan:80"), Refusal::NotListed);
}

TEST(Reach, KeepsALinksUserOnTheInternet_PORT_3) {
  const Policies policies;
  for (const char* inside : {"tcp:127.0.0.1:80", "tcp:[::1]:80", "tcp:10.0.0.1:80",
                             "tcp:192.168.1.1:80", "tcp:100.64.0.1:80", "tcp:[fd00::1]:80",
                             "tcp:[64:ff9b::10.0.0.1]:80", "tcp:[2002:a00:1::]:80"}) {
    EXPECT_EQ(verdict(policies.open, inside, true), Refusal::Private) << inside;
    EXPECT_EQ(verdict(policies.open, inside, false), Refusal::None) << inside;
  }
  EXPECT_EQ(verdict(policies.open, "tcp:8.8.8.8:53", true), Refusal::None);
}

TEST(Reach, DescribesItselfInPlainWords_REACH_9) {
  const Policies policies;
  EXPECT_EQ(policies.open.describe(), std::vector<std::string>{"any address"});
  EXPECT_EQ(policies.nas.describe(),
            (std::vector<std::string>{"tcp 192.168.1.20:443", "udp 192.168.1.0/24:53",
                                      "tcp 127.0.0.1:1-65535"}));
}

}  // namespace
}  // namespace culvert::freedom
