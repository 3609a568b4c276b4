#include "config/Grammar.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

/// What was read, in one canonical text; or what would be said.
template <class T, class Show>
std::string read(std::string_view text, Show show) {
  const auto parsed = T::read(text);
  if (const auto* complaint = std::get_if<Complaint>(&parsed)) {
    if (!complaint->instead.empty()) return "! " + complaint->instead;
    return "? " + complaint->hint + complaint->aside;
  }
  return show(std::get<T>(parsed));
}

std::string ports(const PortRange& range) {
  return std::to_string(range.from) +
         (range.from == range.to ? "" : "-" + std::to_string(range.to));
}
std::string name(std::string_view text) {
  return read<Name>(text, [](const Name& n) { return n.text; });
}
std::string domain(std::string_view text) {
  return read<DomainName>(text, [](const DomainName& d) { return d.text; });
}
std::string seconds(std::string_view text) {
  return read<Seconds>(text, [](const Seconds& s) { return std::to_string(s.value.count()); });
}
std::string server(std::string_view text) {
  return read<HostPort>(text, [](const HostPort& s) {
    return (std::holds_alternative<Ip>(s.host) ? "ip " : "name ") + s.written + " " +
           std::to_string(s.port);
  });
}
std::string target(std::string_view text) {
  return read<ServiceTarget>(text, [](const ServiceTarget& t) {
    return toString(t.networks) + " " + t.written + " " + ports(t.ports);
  });
}
std::string listen(std::string_view text) {
  return read<Listen>(text, [](const Listen& l) {
    return (l.address ? toString(*l.address) : "all") + " " + ports(l.ports) + " " +
           toString(l.networks);
  });
}
std::string to(std::string_view text) {
  return read<To>(text, [](const To& t) {
    const std::string bridge = t.bridge.empty() ? "" : t.bridge + " ";
    return bridge + (t.service.empty() ? t.written + " " + ports(t.ports) : t.service);
  });
}
std::string block(std::string_view text) {
  return read<SourceBlock>(text, [](const SourceBlock& b) { return toString(b.value); });
}
std::string port(std::string_view text) {
  return read<Port>(text, [](const Port& p) { return std::to_string(p.value); });
}

struct FormCase {
  std::string (*form)(std::string_view);
  const char* text;
  const char* expected;
};
void PrintTo(const FormCase& one, std::ostream* out) {
  *out << one.text;
}

class Forms : public testing::TestWithParam<FormCase> {};
TEST_P(Forms, AreReadOrAnsweredWithARemedy) {
  EXPECT_EQ(GetParam().form(GetParam().text), GetParam().expected);
}

const std::string kLong33(33, 'a');
constexpr const char* kNameHint =
    "? lower-case letters, digits and - inside, a letter first, at most 32 characters";

INSTANTIATE_TEST_SUITE_P(Name, Forms,
                         testing::ValuesIn(std::vector<FormCase>{
                             {name, "web", "web"},
                             {name, "a", "a"},
                             {name, "nas-1", "nas-1"},
                             {name, "abcdefghijklmnopqrstuvwxyz012345",
                              "abcdefghijklmnopqrstuvwxyz012345"},
                             {name, "abcdefghijklmnopqrstuvwxyz0123456", kNameHint},
                             {name, "Web", "? write web"},
                             {name, "my_nas", "? write my-nas"},
                             {name, "1web", kNameHint},
                             {name, "web-", kNameHint},
                             {name, "", kNameHint},
                             {name, "a.b", kNameHint},
                             {name,
                              "w\xc3\xa4"
                              "b",
                              kNameHint},
                         }));

INSTANTIATE_TEST_SUITE_P(Domain, Forms,
                         testing::ValuesIn(std::vector<FormCase>{
                             {domain, "private.cloud.com", "private.cloud.com"},
                             {domain, "Private.Cloud.COM", "private.cloud.com"},
                             {domain, "a.b.", "a.b"},
                             {domain, "my_host.lan", "my_host.lan"},
                             {domain, "https://a.b", "? the name alone, without scheme and port"},
                             {domain, "a.b:80", "? the name alone, without scheme and port"},
                             {domain, "a..b", "? "},
                             {domain, "-a.b", "? "},
                             {domain, "a-.b", "? "},
                             {domain, "1.2.3.4", "? "},
                             {domain, "127.1", "? "},
                             {domain, "0x7f.0x1", "? "},
                             {domain, "a b", "? "},
                         }));

INSTANTIATE_TEST_SUITE_P(Duration, Forms,
                         testing::ValuesIn(std::vector<FormCase>{
                             {seconds, "90s", "90"},
                             {seconds, "1m30s", "90"},
                             {seconds, "2h", "7200"},
                             {seconds, "0s", "0"},
                             {seconds, "2000ms", "2"},
                             {seconds, "90", "? add the unit, e.g. 90s"},
                             {seconds, "1d", "? there is no unit for days; write hours (h)"},
                             {seconds, "1.5h", "? units are ms, s, m and h"},
                             {seconds, "01m", "? numbers must not start with 0"},
                             {seconds, "500ms", "? this one counts in whole seconds"},
                             {seconds, "9000h", "? at most 8760h"},
                             {seconds, "99999999999s", "? "},
                             {seconds, "s", "? "},
                             {seconds, "", "? "},
                             {seconds, "-5s", "? "},
                         }));

INSTANTIATE_TEST_SUITE_P(
    Server, Forms,
    testing::ValuesIn(std::vector<FormCase>{
        {server, "vps.example.com:16823", "name vps.example.com 16823"},
        {server, "192.0.2.7:1", "ip 192.0.2.7 1"},
        {server, "[2001:db8::7]:65535", "ip 2001:db8::7 65535"},
        {server, "localhost:80", "name localhost 80"},
        {server, "vps.example.com",
         "? add the port the portal listens on, e.g. vps.example.com:16823"},
        {server, "https://vps.example.com:443", "? leave out https://"},
        {server, "vps.example.com:443/path", "? leave out what follows the port"},
        {server, "2001:db8::7",
         "? an IPv6 address is written in brackets, in front of the port: [2001:db8::7]:80"},
        {server, "::1:80", "? an IPv6 address is written in brackets: [::1]:80"},
        {server, "[::1]", "? add the port the portal listens on, e.g. vps.example.com:16823"},
        {server, "[1.2.3.4]:80", "? only an IPv6 address is written in brackets"},
        {server, "[::1:80", "? the ] is missing"},
        {server, "a:1, b:2", "? write a list"},
        {server, "a.b:0", "! expected a port from 1 to 65535, got \"0\""},
        {server, "a.b:70000", "! expected a port from 1 to 65535, got \"70000\""},
        {server, "a.b:080", "! write 80, numbers must not start with 0"},
        {server, "a.b:", "? "},
        {server, "2130706433:80",
         "? the host is a domain or an address: vps.example.com, 192.0.2.7, [2001:db8::7]"},
        {server, "f\xc3\xbc.de:80", "? write an international name in its xn-- form"},
        {server, "*:80", "? name one host; * is for listening only"},
    }));

INSTANTIATE_TEST_SUITE_P(
    Target, Forms,
    testing::ValuesIn(std::vector<FormCase>{
        {target, "127.0.0.1:80", "tcp 127.0.0.1 80"},
        {target, "tcp://nas.lan:22", "tcp nas.lan 22"},
        {target, "udp://127.0.0.1:51820", "udp 127.0.0.1 51820"},
        {target, "tcp+udp://[::1]:53", "tcp,udp ::1 53"},
        {target, "127.0.0.1:6000-6002", "tcp 127.0.0.1 6000-6002"},
        {target, "http://127.0.0.1", "? a web server is tcp: 127.0.0.1:80"},
        {target, "https://cloud.lan/x", "? a web server is tcp: cloud.lan:443"},
        {target, "ftp://a:21", "? write tcp://, udp:// or tcp+udp://, or nothing for tcp"},
        {target, "127.0.0.1:80/x", "? leave out the path behind the port"},
        {target, "127.0.0.1:53/udp", "? here the network stands in front: udp://127.0.0.1:53"},
        {target, "127.0.0.1", "? add the port the service listens on, e.g. 127.0.0.1:80"},
        {target, "80", "? name the host too: 127.0.0.1:80"},
        {target, "a:90-80", "! the range is reversed; write 80-90"},
        {target, "a:0-5", "! expected a port from 1 to 65535, got \"0\""},
    }));

INSTANTIATE_TEST_SUITE_P(
    Listen, Forms,
    testing::ValuesIn(std::vector<FormCase>{
        {listen, "80", "all 80 tcp"},
        {listen, "*:80", "all 80 tcp"},
        {listen, "51820/udp", "all 51820 udp"},
        {listen, "53/tcp+udp", "all 53 tcp,udp"},
        {listen, "80/tcp", "all 80 tcp"},
        {listen, "6000-6002", "all 6000-6002 tcp"},
        {listen, "127.0.0.1:80", "127.0.0.1 80 tcp"},
        {listen, "0.0.0.0:80", "0.0.0.0 80 tcp"},
        {listen, "localhost:10000", "127.0.0.1 10000 tcp"},
        {listen, "[::]:80", ":: 80 tcp"},
        {listen, "[2001:db8::1]:80-82/udp", "2001:db8::1 80-82 udp"},
        {listen, "8O", "?  (letter O?)"},
        {listen, "l0", "?  (letter l or I?)"},
        {listen, "080", "! write 80, numbers must not start with 0"},
        {listen, "0", "! expected a port from 1 to 65535, got \"0\""},
        {listen, "65536", "! expected a port from 1 to 65535, got \"65536\""},
        {listen, "0x50", "? write digits only"},
        {listen, "1_000", "? write digits only"},
        {listen, "80.0", "? write digits only"},
        {listen, "8e3", "? "},
        {listen, "80,81", "? write a list"},
        {listen, "90-80", "! the range is reversed; write 80-90"},
        {listen, "example.com:80", "? listen on an address of this machine, not on a name"},
        {listen, ":::80", "? an IPv6 address is written in brackets: [::]:80"},
        {listen, "udp://80", "? the network stands behind the port: 51820/udp"},
        {listen, "80/sctp", "? behind the / stands tcp, udp or tcp+udp"},
        {listen, "127.0.0.1", "? add the port, e.g. 127.0.0.1:80"},
        {listen, "[::]", "? add the port, e.g. [::]:80"},
        {listen, "", "? "},
    }));

INSTANTIATE_TEST_SUITE_P(
    To, Forms,
    testing::ValuesIn(std::vector<FormCase>{
        {to, "web", "web"},
        {to, "nas1/web", "nas1 web"},
        {to, "127.0.0.1:80", "127.0.0.1 80"},
        {to, "nas1/[::1]:80-82", "nas1 ::1 80-82"},
        {to, "127.0.0.1:80/udp", "? the network is chosen by listen: 51820/udp"},
        {to, "udp://127.0.0.1:80", "? the network is chosen by listen: 51820/udp"},
        {to, "80", "? name the host too: 127.0.0.1:80"},
        {to, "192.168.1.20", "? add the port: 192.168.1.20:80"},
        {to, "cloud.lan", "? add the port: cloud.lan:80"},
        {to, "Web", "? write web"},
        {to, "NAS1/web", "? write nas1"},
        {to, "nas1/", kNameHint},
    }));

INSTANTIATE_TEST_SUITE_P(SourceBlock, Forms,
                         testing::ValuesIn(std::vector<FormCase>{
                             {block, "192.0.2.7", "192.0.2.7"},
                             {block, "198.51.100.0/24", "198.51.100.0/24"},
                             {block, "2001:db8::/32", "2001:db8::/32"},
                             {block, "198.51.100.0/33", "? behind the / stands 0 to 32"},
                             {block, "2001:db8::/129", "? behind the / stands 0 to 128"},
                             {block, "10.0.0.0/8,192.0.2.1", "? write a list"},
                             {block, "example.com", "? "},
                             {block, "10.0.0", "? "},
                         }));

INSTANTIATE_TEST_SUITE_P(Number, Forms,
                         testing::ValuesIn(std::vector<FormCase>{
                             {port, "1", "1"},
                             {port, "65535", "65535"},
                             {port, "0", "? "},
                             {port, "-1", "? "},
                             {port, "+1", "? "},
                             {port, " 1", "? "},
                             {port, "00", "! write 0, numbers must not start with 0"},
                             {port, "99999999999999999999", "? "},
                         }));

TEST(UserId, IsAUuidInAnyOfItsTwoFormsAndNothingLonger) {
  for (const char* good :
       {"b831381d-6324-4d53-ad4f-8cda48b30811", "B831381D-6324-4D53-AD4F-8CDA48B30811",
        "b831381d63244d53ad4f8cda48b30811"})
    EXPECT_TRUE(std::holds_alternative<UserId>(UserId::read(good))) << good;
  for (const char* bad :
       {"", "1234", "b831381d-6324-4d53-ad4f-8cda48b3081", "b831381d-6324-4d53-ad4f-8cda48b30811x",
        "b831381d-6324-4d53-ad4f-8cda48b3081g", " b831381d-6324-4d53-ad4f-8cda48b30811"})
    EXPECT_TRUE(std::holds_alternative<Complaint>(UserId::read(bad))) << bad;
}

TEST(Seconds, AreWrittenInTheShortestWay) {
  for (const char* text : {"2h", "5m", "90s", "1m30s", "1h1s", "0s", "8760h"}) {
    const auto parsed = Seconds::read(text);
    ASSERT_TRUE(std::holds_alternative<Seconds>(parsed));
    EXPECT_EQ(toString(std::get<Seconds>(parsed)), std::string(text) == "90s" ? "1m30s" : text);
  }
}

}  // namespace
}  // namespace culvert::config
