#include "crypto/Digest.h"
#include "proxy/vmess/Account.h"
#include "proxy/vmess/Vectors.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert::vmess {
namespace {

using test::Vector;

const char* const kId = "b831381d-6324-4d53-ad4f-8cda48b30811";

std::string idOf(std::string_view text) {
  const Result<Uuid> id = parseUserId(text);
  return id ? toString(id.value()) : "";
}

TEST(Account, ReadsUuidsHoweverTheyAreWritten) {
  for (const char* text :
       {kId, "B831381D-6324-4D53-AD4F-8CDA48B30811", "b831381d63244d53ad4f8cda48b30811",
        "b831381d-63244d53ad4f8cda48b30811", "b831381d63244d53ad4f-8cda48b30811"}) {
    EXPECT_EQ(idOf(text), kId) << text;
  }
}

TEST(Account, MapsOtherTextsToIdsAsXrayDoes) {
  // Xray-core common/uuid: the id it prints for "example".
  EXPECT_EQ(idOf("example"), "feb54431-301b-52bb-a6dd-e1e93e81bb9e");
  EXPECT_NE(idOf("a"), "");
  EXPECT_NE(idOf(std::string(30, 'x')), "");
}

TEST(Account, RefusesWhatIsNeither) {
  for (const std::string& text :
       {std::string(), std::string(31, 'x'), std::string(36, 'x'), std::string(kId) + "0",
        std::string("b831381d--6324-4d53-ad4f-8cda48b3081"),
        std::string("-b831381d63244d53ad4f8cda48b30811"),
        std::string("b831381d-6324-4d53-ad4f-8cda48b3081")}) {
    EXPECT_EQ(idOf(text), "") << text;
  }
}

TEST(Account, DerivesTheAlterIdsOfTheVectors) {
  int chains = 0;
  for (const Vector& vector : test::vectorsOf("vmess-alterid.json")) {
    if (!vector.has("ids")) continue;
    ++chains;
    const Account account(test::uuidOf(vector.text("uuid")),
                          static_cast<std::uint16_t>(vector.number("alter_id")), "");
    EXPECT_EQ(test::toHex(account.commandKey()), vector.text("cmd_key"));
    const std::vector<std::string> expected = vector.texts("ids");
    const std::vector<crypto::Key16> ids = account.legacyIds();
    ASSERT_EQ(ids.size(), expected.size() + 1);
    EXPECT_TRUE(equalSecrets(ids[0].view(), account.id()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const Uuid next = test::uuidOf(expected[i]);
      EXPECT_TRUE(equalSecrets(ids[i + 1].view(), next)) << "alter id " << i + 1;
    }
  }
  EXPECT_EQ(chains, 3);
}

TEST(Account, HashesAsInTheVectorsTable) {
  int rows = 0;
  for (const Vector& vector : test::vectorsOf("vmess-alterid.json")) {
    if (!vector.has("table")) continue;
    for (const Vector& row : vector.objects("table")) {
      ++rows;
      EXPECT_EQ(test::toHex(legacyAuth(test::uuidOf(row.text("id")), row.number("timestamp"))),
                row.text("auth"));
    }
  }
  EXPECT_EQ(rows, 10);
}

TEST(Account, IsNamedByItsLabelElseByAHashOfItsId_KEY_4) {
  const Account labelled(test::uuidOf(kId), 0, "nas1"), bare(test::uuidOf(kId), 0, "");
  EXPECT_EQ(labelled.name(), "nas1");
  const std::string hash = crypto::toHex(crypto::sha256(asBytes(kId)));
  EXPECT_EQ(bare.name(), hash.substr(0, 8));
  EXPECT_EQ(bare.key(), hash.substr(0, 32));
  EXPECT_EQ(labelled.key(), bare.key());
}

}  // namespace
}  // namespace culvert::vmess
