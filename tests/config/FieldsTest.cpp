#include "config/ConfigText.h"
#include "config/Fields.h"
#include "config/NodeReaders.h"
#include "config/NodeWriters.h"

#include <gtest/gtest.h>

namespace culvert::config {
namespace {

enum class Cipher { Auto, None };
constexpr Word<Cipher> kCiphers[] = {
    {"auto", Cipher::Auto}, {"none", Cipher::None}, {"zero", Cipher::None}};
constexpr Words<Cipher> words(Cipher) {
  return kCiphers;
}

struct User {
  Uuid id{};
  std::uint16_t alterId = 0;
};
template <class V>
void fields(V& v, User& s) {
  v.required("id", s.id, "who it is");
  v.optional("alterId", s.alterId, "legacy ids");
}

struct Settings {
  Host address;
  std::uint16_t port = 0;
  Cipher cipher = Cipher::Auto;
  std::vector<User> users;
  std::vector<std::string> names;
  std::optional<Ip> ip;
  Networks network;
  bool on = false;
  std::int8_t tiny = 0;
  std::uint64_t huge = 0;
  std::string text = "usual";
  Secret password;
  std::chrono::seconds timeout{0};
  Node any;
};
template <class V>
void fields(V& v, Settings& s) {
  v.required("address", s.address, "the host to dial");
  v.optional("port", s.port, "its port; 0 keeps it");
  v.optional("cipher", s.cipher, "how | it is sealed");
  v.optional("users", s.users, "who may connect");
  v.optional("names", s.names, "what it is called");
  v.optional("ip", s.ip, "one address");
  v.optional("network", s.network, "tcp or udp");
  v.optional("on", s.on, "a switch").optional("tiny", s.tiny, "").optional("huge", s.huge, "");
  v.optional("text", s.text, "some text");
  v.optional("password", s.password, "secret");
  v.optional("timeout", s.timeout, "seconds");
  v.optional("any", s.any, "anything");
  v.ignored("userLevel", "V2Ray's");
  v.unsupported("streamSettings", Effect::Changes, "transport");
  v.unsupported("stats", Effect::None, "counters");
}

struct Read {
  Settings settings;
  Problems problems;
  bool good = false;
};
void readInto(Read& out, Dialect dialect, const std::string& text) {
  Problems syntax;
  const Node root = dialect == Dialect::Json ? parseJson(sourceOf(text), syntax)
                                             : parseYaml(sourceOf(text), syntax);
  EXPECT_EQ(syntax.text(), "") << text;
  out.good = read(root, out.settings, out.problems);
}

class JsonFields : public testing::TestWithParam<MessageCase> {};
TEST_P(JsonFields, AreCheckedOneByOne_CFG_2) {
  Read read;
  readInto(read, Dialect::Json, GetParam().text);
  EXPECT_EQ(heads(read.problems), GetParam().expected);
  EXPECT_EQ(read.good, read.problems.errors() == 0);
}
const MessageCase kJson[] = {
    {"Missing", "{\"port\": 1}", "1:1: error: address: is missing\n"},
    {"NullIsMissing", "{\"address\": null}", "1:13: error: address: is missing\n"},
    {"Unknown", "{\"adress\": \"a\", \"address\": \"a\"}",
     "1:2: warning: adress: unknown key; did you mean \"address\"?\n"},
    {"UnknownFarOff", "{\"address\": \"a\", \"zzz\": 1}", "1:18: warning: zzz: unknown key\n"},
    {"LetterCase", "{\"Address\": \"a\"}",
     "1:2: warning: Address: the key is written \"address\"\n"},
    {"Ignored", "{\"address\": \"a\", \"userLevel\": 1}", ""},
    {"UnsupportedChanges", "{\"address\": \"a\", \"streamSettings\": {}}",
     "1:36: error: streamSettings: not in this version\n"},
    {"UnsupportedNone", "{\"address\": \"a\", \"stats\": {}}",
     "1:27: warning: stats: not in this version, has no effect\n"},
    {"NumberIsNoText", "{\"address\": 5}",
     "1:13: error: address: expected a host name or an IP address, got 5\n"},
    {"ListIsNoText", "{\"address\": [\"a\"]}",
     "1:13: error: address: expected a host name or an IP address, got a list\n"},
    {"UrlIsNoHost", "{\"address\": \"https://a\"}",
     "1:13: error: address: expected a host name or an IP address, got \"https://a\"\n"},
    {"HostAndPort", "{\"address\": \"a:80\"}",
     "1:13: error: address: expected a host name or an IP address, got \"a:80\"\n"},
    {"BlanksAroundAHost", "{\"address\": \" example.com \"}", ""},
    {"BracketsAroundIPv6", "{\"address\": \"[::1]\"}", ""},
    {"PortTooLarge", "{\"address\": \"a\", \"port\": 70000}",
     "1:26: error: port: expected a number from 0 to 65535, got 70000\n"},
    {"PortNegative", "{\"address\": \"a\", \"port\": -1}",
     "1:26: error: port: expected a number from 0 to 65535, got -1\n"},
    {"PortAsText", "{\"address\": \"a\", \"port\": \"80\"}",
     "1:26: error: port: expected a number from 0 to 65535, got \"80\"\n"},
    {"PortWithAPoint", "{\"address\": \"a\", \"port\": 80.0}",
     "1:26: error: port: expected a number from 0 to 65535, got 80.0\n"},
    {"PortWithAnExponent", "{\"address\": \"a\", \"port\": 8e3}",
     "1:26: error: port: expected a number from 0 to 65535, got 8e3\n"},
    {"BoolAsNumber", "{\"address\": \"a\", \"on\": 1}",
     "1:24: error: on: expected true or false, got 1\n"},
    {"BoolAsText", "{\"address\": \"a\", \"on\": \"true\"}",
     "1:24: error: on: expected true or false, got \"true\"\n"},
    {"Tiny", "{\"address\": \"a\", \"tiny\": -129}",
     "1:26: error: tiny: expected a number from -128 to 127, got -129\n"},
    {"TinyEnough", "{\"address\": \"a\", \"tiny\": -128, \"huge\": 18446744073709551615}", ""},
    {"WordInAnyCase", "{\"address\": \"a\", \"cipher\": \"NONE\"}", ""},
    {"WrongWord", "{\"address\": \"a\", \"cipher\": \"nono\"}",
     "1:28: error: cipher: expected auto, none or zero, got \"nono\"; did you mean \"none\"?\n"},
    {"BadIp", "{\"address\": \"a\", \"ip\": \"1.2.3\"}",
     "1:24: error: ip: expected an IP address, got \"1.2.3\"\n"},
    {"BadId", "{\"address\": \"a\", \"users\": [{\"id\": \"1234\"}]}",
     "1:35: error: users[0].id: expected a UUID, 36 characters, got (hidden)\n"},
    {"MissingInAList", "{\"address\": \"a\", \"users\": [{}]}",
     "1:28: error: users[0].id: is missing\n"},
    {"ObjectForList", "{\"address\": \"a\", \"users\": {}}",
     "1:27: error: users: expected a list, got a map\n"},
    {"NullInAList", "{\"address\": \"a\", \"names\": [null]}", "1:28: error: names[0]: is empty\n"},
    {"NumberInATextList", "{\"address\": \"a\", \"names\": [\"b\", 5]}",
     "1:33: error: names[1]: expected text, got 5\n"},
    {"CommaText", "{\"address\": \"a\", \"names\": \"b, c\"}", ""},
    {"Network", "{\"address\": \"a\", \"network\": \"tcp, UDP\"}", ""},
    {"NetworkList", "{\"address\": \"a\", \"network\": [\"tcp\"]}", ""},
    {"UnknownNetwork", "{\"address\": \"a\", \"network\": \"sctp\"}",
     "1:29: error: network: expected \"tcp\", \"udp\" or \"tcp,udp\", got \"sctp\"\n"},
    {"NoNetwork", "{\"address\": \"a\", \"network\": []}",
     "1:29: error: network: expected \"tcp\", \"udp\" or \"tcp,udp\", got an empty list\n"},
    {"ShortPassword", "{\"address\": \"a\", \"password\": \"x\"}",
     "1:30: warning: password: a password of less than 16 characters can be guessed\n"},
    {"PublishedId",
     "{\"address\": \"a\", \"users\": [{\"id\": \"B831381D-6324-4d53-ad4f-8cda48b30811\"}]}",
     "1:35: warning: users[0].id: this id stands in public manuals, so everybody knows it\n"},
    {"NotAnObject", "[]", "1:1: error: expected an object { }, got a list\n"},
    {"SeveralAtOnce", "{\n\"port\": \"x\",\n\"on\": 3,\n\"zzz\": 1}",
     "1:1: error: address: is missing\n2:9: error: port: expected a number from 0 to 65535, got "
     "\"x\"\n3:7: error: on: "
     "expected true or false, got 3\n4:1: warning: zzz: unknown key\n"},
};
INSTANTIATE_TEST_SUITE_P(Fields, JsonFields, testing::ValuesIn(kJson),
                         [](const auto& one) { return caseName(one.param); });

class YamlFields : public testing::TestWithParam<MessageCase> {};
TEST_P(YamlFields, AreCheckedMoreStrictly_CFG_2) {
  Read read;
  readInto(read, Dialect::Yaml, GetParam().text);
  EXPECT_EQ(heads(read.problems), GetParam().expected);
  EXPECT_EQ(read.good, read.problems.errors() == 0);
}
const MessageCase kYaml[] = {
    {"Unknown", "address: a\nprot: 1\n", "2:1: error: prot: unknown key; did you mean \"port\"?\n"},
    {"LetterCase", "Address: a\n",
     "1:1: error: address: is missing\n1:1: error: Address: unknown key; did you mean "
     "\"address\"?\n"},
    {"Empty", "address:\nport: 1\n", "1:1: error: address: is empty\n"},
    {"EmptyOptional", "address: a\nport:\n", "2:1: error: port: is empty\n"},
    {"Unsupported", "address: a\nstats: {}\n", "2:8: error: stats: not in this version\n"},
    {"QuotedNumber", "address: a\nport: \"80\"\n", ""},
    {"LeadingZero", "address: a\nport: 080\n",
     "2:7: error: port: write 80, numbers must not start with 0\n"},
    {"Octal", "address: a\nport: 010\n",
     "2:7: error: port: write 10, numbers must not start with 0\n"},
    {"Hexadecimal", "address: a\nport: 0x50\n",
     "2:7: error: port: expected a number from 0 to 65535, got \"0x50\"\n"},
    {"Exponent", "address: a\nport: 8e3\n",
     "2:7: error: port: expected a number from 0 to 65535, got \"8e3\"\n"},
    {"Yes", "address: a\non: yes\n", "2:5: error: on: expected true or false, got \"yes\"\n"},
    {"QuotedTrue", "address: a\non: \"true\"\n",
     "2:5: error: on: expected true or false, got \"true\"\n"},
    {"NumberForText", "address: a\ntext: 80\n", "2:7: error: text: expected text, got 80\n"},
    {"CapitalWord", "address: a\ncipher: None\n",
     "2:9: error: cipher: expected auto, none or zero, got \"None\"; did you mean \"none\"?\n"},
    {"OneForAList", "address: a\nnames: b\nusers: {id: c831381d-6324-4d53-ad4f-8cda48b30811}\n",
     ""},
    {"CommaText", "address: a\nnames: b, c\n",
     "2:8: error: names: expected a list, got \"b, c\"\n"},
    {"ListForAMap", "- address: a\n", "1:1: error: expected a map, got a list\n"},
    {"UnsetVariable", "address: {env: CULVERT_TEST_UNSET}\n",
     "1:10: error: address: the environment has no variable \"CULVERT_TEST_UNSET\"\n"},
};
INSTANTIATE_TEST_SUITE_P(Fields, YamlFields, testing::ValuesIn(kYaml),
                         [](const auto& one) { return caseName(one.param); });

TEST(Fields, ReadEveryType) {
  Read read;
  readInto(read, Dialect::Json,
           R"({"address": "h.example", "port": 80, "cipher": "zero", "users": [{"id":
"c831381d63244d53ad4f8cda48b30811", "alterId": 64}], "names": "a, b", "ip": "::1", "network": "udp", "on": true,
"tiny": -3, "huge": 7, "text": "t", "password": "long enough a word", "timeout": 90, "any": [1]})");
  const Settings& s = read.settings;
  EXPECT_EQ(read.problems.text(), "");
  EXPECT_EQ(toString(s.address), "h.example");
  EXPECT_EQ(s.port, 80);
  EXPECT_EQ(s.cipher, Cipher::None);
  EXPECT_EQ(toString(s.users.at(0).id), "c831381d-6324-4d53-ad4f-8cda48b30811");
  EXPECT_EQ(s.users.at(0).alterId, 64);
  EXPECT_EQ(s.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(toString(*s.ip), "::1");
  EXPECT_EQ(s.network, (Networks{.tcp = false, .udp = true}));
  EXPECT_TRUE(s.on);
  EXPECT_EQ(s.tiny, -3);
  EXPECT_EQ(s.huge, 7u);
  EXPECT_EQ(s.password.reveal(), "long enough a word");
  EXPECT_EQ(s.timeout, std::chrono::seconds(90));
  EXPECT_EQ(s.any.items().size(), 1u);
}

TEST(Fields, WriteWhatDiffersFromTheDefault) {
  Settings settings;
  settings.address = std::string("h.example");
  settings.cipher = Cipher::None;
  settings.users.resize(1);
  EXPECT_EQ(writeJson(write(settings)),
            "{\n  \"address\": \"h.example\",\n  \"cipher\": \"none\",\n  \"users\": [\n    {\n    "
            "  \"id\": "
            "\"00000000-0000-0000-0000-000000000000\"\n    }\n  ]\n}\n");
}

TEST(Fields, PrintTheReferenceTable) {
  const std::string table = referenceTable(describe<Settings>());
  EXPECT_NE(table.find(
                "| `address` | a host name or an IP address | **required** | the host to dial |\n"),
            std::string::npos);
  EXPECT_NE(table.find("| `cipher` | auto, none or zero | `auto` | how \\| it is sealed |\n"),
            std::string::npos);
  EXPECT_NE(table.find("| `users[].alterId` | a number from 0 to 65535 | `0` | legacy ids |\n"),
            std::string::npos);
  EXPECT_NE(table.find("| `userLevel` | accepted, no effect |  | V2Ray's |\n"), std::string::npos);
  EXPECT_NE(table.find("| `streamSettings` | not in this version |  | transport |\n"),
            std::string::npos);
}

TEST(Fields, MakeASchema) {
  const Node schema = jsonSchema(describe<Settings>());
  EXPECT_EQ(schema["required"][std::size_t{0}].text(), "address");
  EXPECT_EQ(schema["properties"]["port"]["maximum"].text(), "65535");
  EXPECT_EQ(schema["properties"]["cipher"]["enum"].items().size(), 3u);
  EXPECT_FALSE(schema["properties"]["streamSettings"]);
  EXPECT_EQ(schema["additionalProperties"].kind(), Node::Kind::Bool);
}

}  // namespace
}  // namespace culvert::config
