#include "proxy/vmess/Settings.h"
#include "proxy/vmess/Vectors.h"
#include "support/FakeProxy.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::vmess {
namespace {

using culvert::test::settingsOf;

const std::string kOwnId = "0f3c1ac8-6f8a-4d5e-9f64-2f9d2c1b7a55";

struct Read {
  config::Problems problems;
  std::optional<InboundOptions> inbound;
  std::optional<OutboundOptions> outbound;
  [[nodiscard]] bool says(const std::string& text) const {
    return problems.text().find(text) != std::string::npos;
  }
};

Read inbound(const std::string& json, bool lenient = true) {
  Read read;
  read.inbound = readInbound(settingsOf(json), read.problems, lenient);
  return read;
}
Read outbound(const std::string& json, bool lenient = true, bool fastAes = true) {
  Read read;
  read.outbound = readOutbound(settingsOf(json), read.problems, lenient, fastAes);
  return read;
}
std::string server(const std::string& user) {
  return R"({"vnext": [{"address": "vps.example.com", "port": 16823, "users": [)" + user + "]}]}";
}
std::string user(const std::string& rest = "") {
  return R"({"id": ")" + kOwnId + "\"" + (rest.empty() ? "" : ", " + rest) + "}";
}

TEST(VmessSettings, ReadTheSeedsInbound) {
  const Read read =
      inbound(R"({"clients": [{"id": "b831381d-6324-4d53-ad4f-8cda48b30811", "alterId": 64}]})");
  ASSERT_TRUE(read.inbound) << read.problems.text();
  ASSERT_EQ(read.inbound->accounts.size(), 1u);
  EXPECT_EQ(read.inbound->accounts[0].alterId(), 64);
  EXPECT_EQ(read.inbound->insecure, Insecure::Allowed);
  EXPECT_TRUE(read.says("legacy headers are accepted")) << read.problems.text();
  EXPECT_TRUE(read.says("public manuals")) << read.problems.text();
}

TEST(VmessSettings, ReadTheSeedsOutboundAsAead_CRY_1) {
  const Read read = outbound(
      R"({"vnext": [{"address": "serveraddr.com", "port": 16823,
          "users": [{"id": "b831381d-6324-4d53-ad4f-8cda48b30811", "alterId": 64}]}]})");
  ASSERT_TRUE(read.outbound) << read.problems.text();
  EXPECT_EQ(toString(read.outbound->servers[0].address), "tcp:serveraddr.com:16823");
  const ClientUser& user = read.outbound->servers[0].users[0];
  EXPECT_TRUE(user.legacyIds.empty());
  EXPECT_EQ(user.security, Security::Aes128Gcm);
}

TEST(VmessSettings, SendLegacyHeadersOnlyWhenToldTo_CRY_1) {
  const Read read = outbound(server(user(R"("alterId": 4, "legacy": true)")));
  ASSERT_TRUE(read.outbound) << read.problems.text();
  EXPECT_TRUE(read.says("legacy header"));
  const std::vector<crypto::Key16>& ids = read.outbound->servers[0].users[0].legacyIds;
  ASSERT_EQ(ids.size(), 4u) << "never the main id";
  EXPECT_FALSE(equalSecrets(ids[0].view(), test::uuidOf(kOwnId)));

  EXPECT_FALSE(outbound(server(user(R"("legacy": true)"))).outbound);
}

TEST(VmessSettings, ChooseTheCipherTheCpuIsGoodAt) {
  for (const std::string& rest : {std::string(), std::string(R"("security": "auto")"),
                                  std::string(R"("security": "AUTO")")}) {
    EXPECT_EQ(outbound(server(user(rest)), true, true).outbound->servers[0].users[0].security,
              Security::Aes128Gcm);
    EXPECT_EQ(outbound(server(user(rest)), true, false).outbound->servers[0].users[0].security,
              Security::ChaCha20Poly1305);
  }
}

TEST(VmessSettings, KnowTheSecurityWords) {
  EXPECT_EQ(parseSecurity("aes-128-gcm", false)->security, Security::Aes128Gcm);
  EXPECT_EQ(parseSecurity("ChaCha20-Poly1305", true)->security, Security::ChaCha20Poly1305);
  EXPECT_EQ(parseSecurity("none", true)->security, Security::None);
  EXPECT_FALSE(parseSecurity("none", true)->zero);
  EXPECT_TRUE(parseSecurity("zero", true)->zero);
  EXPECT_FALSE(parseSecurity("aes-128-cfb", true));
  EXPECT_FALSE(parseSecurity("aes-256-gcm", true));
}

TEST(VmessSettings, TakeUnknownSecuritiesForAutoOnlyWhereV2RayDoes) {
  for (const char* word : {"aes-128-cfb", "aes-256-gcm"}) {
    const std::string text = server(user(std::string(R"("security": ")") + word + "\""));
    const Read lenient = outbound(text, true);
    ASSERT_TRUE(lenient.outbound) << lenient.problems.text();
    EXPECT_EQ(lenient.outbound->servers[0].users[0].security, Security::Aes128Gcm);
    EXPECT_TRUE(lenient.says("auto is used"));
    EXPECT_FALSE(outbound(text, false).outbound);
  }
}

TEST(VmessSettings, RefuseToSendInTheClear_CRY_3) {
  for (const char* word : {"none", "zero"}) {
    const std::string text = server(user(std::string(R"("security": ")") + word + "\""));
    const Read lenient = outbound(text, true);
    EXPECT_TRUE(lenient.outbound);
    EXPECT_TRUE(lenient.says("does not encrypt"));
    EXPECT_FALSE(outbound(text, false).outbound);
  }
}

TEST(VmessSettings, SealLengthsWhenAsked) {
  EXPECT_FALSE(outbound(server(user())).outbound->servers[0].users[0].sealedLength);
  EXPECT_TRUE(outbound(server(user(R"("experiments": "AuthenticatedLength|NoTerminationSignal")")))
                  .outbound->servers[0]
                  .users[0]
                  .sealedLength);
}

TEST(VmessSettings, NameBothPlacesOfADuplicate_CFG_3) {
  const Read ids = inbound(R"({"clients": [
    {"id": "0f3c1ac8-6f8a-4d5e-9f64-2f9d2c1b7a55"},
    {"id": "0F3C1AC86F8A4D5E9F642F9D2C1B7A55"}]})");
  EXPECT_FALSE(ids.inbound);
  EXPECT_TRUE(ids.says("test.json:3:12: error: clients[1].id: this id is given twice"))
      << ids.problems.text();
  EXPECT_TRUE(ids.says("test.json:2:12: note: ")) << ids.problems.text();

  const Read labels = inbound(R"({"clients": [
    {"id": "0f3c1ac8-6f8a-4d5e-9f64-2f9d2c1b7a55", "email": "nas"},
    {"id": "0f3c1ac8-6f8a-4d5e-9f64-2f9d2c1b7a56", "email": "nas"}]})");
  EXPECT_FALSE(labels.inbound);
  EXPECT_TRUE(labels.says("this e-mail is given twice")) << labels.problems.text();
}

TEST(VmessSettings, NeverShowAnId_KEY_4) {
  const std::string secret = "0f3c1ac8-6f8a-4d5e-9f64-2f9d2c1b7a5Z-and-too-long";
  for (const Read& read : {inbound(R"({"clients": [{"id": ")" + secret + "\"}]}"),
                           outbound(server(R"({"id": ")" + secret + "\"}"))}) {
    EXPECT_GE(read.problems.errors(), 1u);
    EXPECT_FALSE(read.says(secret)) << read.problems.text();
    EXPECT_TRUE(read.says("expected a UUID")) << read.problems.text();
  }
}

TEST(VmessSettings, SayWhatIsMissing) {
  EXPECT_TRUE(inbound("{}", true).inbound);
  EXPECT_TRUE(inbound("{}", true).says("nobody can connect"));
  EXPECT_FALSE(inbound("{}", false).inbound);
  EXPECT_FALSE(outbound("{}").outbound);
  EXPECT_FALSE(outbound(R"({"vnext": []})").outbound);
  EXPECT_FALSE(
      outbound(R"({"vnext": [{"address": "a", "port": 0, "users": [)" + user() + "]}]}").outbound);
  EXPECT_FALSE(outbound(server("")).outbound);
  EXPECT_FALSE(inbound(R"({"clients": [{"alterId": 4}]})").inbound);
}

TEST(VmessSettings, CanRefuseInsecureClients) {
  const Read read =
      inbound(R"({"clients": [)" + user() + R"(], "disableInsecureEncryption": true})");
  ASSERT_TRUE(read.inbound);
  EXPECT_EQ(read.inbound->insecure, Insecure::Refused);
}

}  // namespace
}  // namespace culvert::vmess
