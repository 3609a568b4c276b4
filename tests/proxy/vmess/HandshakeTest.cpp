#include "proxy/vmess/Handshake.h"
#include "proxy/vmess/Reading.h"
#include "proxy/vmess/Vectors.h"
#include "support/ForEachSplit.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace culvert::vmess {
namespace {

using test::at;
using test::ByteVector;
using test::hex;
using test::toHex;
using test::Vector;

constexpr std::int64_t kTime = 1'700'000'000;
const char* const kId = "b831381d-6324-4d53-ad4f-8cda48b30811";

std::shared_ptr<ReplayHistory> newHistory(Now now) {
  return std::make_shared<ReplayHistory>(makeReplayStore(ReplayHistory::tableBytes(4096)),
                                         ReplayHistory::State::Fresh, now);
}

std::shared_ptr<Users> usersOf(const std::string& id, std::uint16_t alterId, Now now) {
  std::vector<Account> accounts;
  accounts.emplace_back(test::uuidOf("11111111-2222-3333-4444-555555555555"), std::uint16_t{0},
                        "other");
  accounts.emplace_back(test::uuidOf(id), alterId, "nas");
  return std::make_shared<Users>(std::move(accounts), newHistory(now));
}

/// Greets with bytes that come in pieces; what is behind the opening is not looked at.
Step greet(ServerHandshake& handshake, const std::vector<Bytes>& pieces, Now now) {
  Buffer all;
  Step step{Step::Kind::NeedMore, kAuthBytes, {}, {}};
  for (const Bytes piece : pieces) {
    all.append(piece);
    step = handshake.advance(all.bytes(), now);
    if (step.kind != Step::Kind::NeedMore) return step;
    EXPECT_GT(step.used, all.size());
    EXPECT_LE(step.used, ServerHandshake::kMaxOpeningBytes);
  }
  return step;
}

/// The verdict on a whole opening by a server that has just started.
Step judge(Bytes opening, std::uint16_t alterId, Now now, Insecure insecure = Insecure::Allowed) {
  ServerHandshake handshake(usersOf(kId, alterId, now), insecure);
  return greet(handshake, {opening}, now);
}

ByteVector openingOf(ClientBody body) {
  Buffer out;
  body.flush(out);
  return {out.view().begin(), out.view().end()};
}

const Uuid& seedId() {
  static const Uuid id = test::uuidOf(kId);
  return id;
}

ClientWish wish(Security security = Security::Aes128Gcm, std::uint8_t option = 0x0d) {
  return {security, option, Command::Tcp, {Network::Tcp, std::string("private.cloud.com"), 0}};
}
ByteVector aeadOpening(Now now) {
  return openingOf(openAead(commandKey(seedId()).view(), wish(), now));
}
ByteVector legacyOpening(Now now) {
  return openingOf(openLegacy(commandKey(seedId()).view(), seedId(), wish(), now));
}

TEST(ServerHandshake, AcceptsTheRequestsOfTheVectorsHoweverTheyAreCut) {
  int count = 0;
  for (const Vector& vector : test::vectorsOf("vmess-request-header.json")) {
    ++count;
    const Now now = at(vector.number("timestamp"));
    const RequestHeader expected = test::requestOf(vector.object("fields"));
    ByteVector wire = vector.bytes("sealed");
    const std::size_t length = wire.size();
    wire.insert(wire.end(), {1, 2, 3});  // body
    const std::uint16_t alterId = vector.text("header") == "aead" ? 0 : 64;
    const auto history = newHistory(now);
    culvert::test::forEachSplit(
        wire,
        [&](const std::vector<Bytes>& pieces) {
          ServerHandshake handshake(usersOf(vector.text("uuid"), alterId, now), Insecure::Allowed);
          const Step step = greet(handshake, pieces, now);
          ASSERT_EQ(step.kind, Step::Kind::Done)
              << vector.text("name") << ": " << step.error.message();
          ASSERT_EQ(step.used, length) << vector.text("name");
          ASSERT_EQ(handshake.kind(), alterId == 0 ? HeaderKind::Aead : HeaderKind::Legacy);
          ASSERT_EQ(handshake.account().label(), "nas");
          ASSERT_EQ(handshake.request().target, expected.target) << vector.text("name");
          ASSERT_EQ(handshake.request().command, expected.command) << vector.text("name");
          ASSERT_EQ(handshake.request().security, expected.security) << vector.text("name");
        },
        1, 3);
  }
  EXPECT_EQ(count, 39);
}

TEST(ServerHandshake, AcceptsWhatRealClientsSent) {
  for (const char* file : {"vmess-captured.json", "vmess-reverse-captured.json"}) {
    for (const Vector& vector : test::vectorsOf(file)) {
      const Now now = at(vector.number("captured_at"));
      ServerHandshake handshake(
          usersOf(vector.text("uuid"), static_cast<std::uint16_t>(vector.number("alter_id")), now),
          Insecure::Allowed);
      const ByteVector raw = vector.bytes("request_raw");
      const Step step = greet(handshake, {raw}, now);
      ASSERT_EQ(step.kind, Step::Kind::Done) << vector.text("name") << ": " << step.error.message();
      if (vector.has("header_length")) {
        EXPECT_EQ(step.used, static_cast<std::size_t>(vector.number("header_length")));
      }
      EXPECT_EQ(handshake.request().target, test::requestOf(vector.object("fields")).target);
      EXPECT_EQ(handshake.kind() == HeaderKind::Aead, vector.text("header") == "aead");
    }
  }
}

TEST(ServerHandshake, DecidesAsTheNegativeVectorsSay_AUTH_5) {
  int accepted = 0, rejected = 0;
  for (const Vector& vector : test::vectorsOf("vmess-negative.json")) {
    const std::string needs = vector.has("needs") ? vector.text("needs") : "";
    const std::uint16_t alterId = needs.empty() || needs == "legacy disabled" ? 0 : 4;
    const Now now = at(vector.number("now"));
    const ByteVector raw = vector.bytes("raw");
    culvert::test::forEachSplit(
        raw,
        [&](const std::vector<Bytes>& pieces) {
          ServerHandshake handshake(usersOf(vector.text("uuid"), alterId, now), Insecure::Allowed);
          const Step step = greet(handshake, pieces, now);
          ASSERT_EQ(step.kind == Step::Kind::Done, vector.text("expect") == "accept")
              << vector.text("name") << ": " << step.error.message();
        },
        1, 2);
    ++(vector.text("expect") == "accept" ? accepted : rejected);
  }
  EXPECT_EQ(accepted, 13);
  EXPECT_EQ(rejected, 23);
}

TEST(ServerHandshake, NeedsMoreForEveryPrefixOfAnAeadOpening) {
  const Now now = at(kTime);
  const ByteVector opening = aeadOpening(now);
  for (std::size_t size = 0; size < opening.size(); ++size) {
    EXPECT_EQ(judge(Bytes(opening).first(size), 0, now).kind, Step::Kind::NeedMore) << size;
  }
}

TEST(ServerHandshake, RefusesEveryFlippedBitOfAnAeadOpening) {
  const Now now = at(kTime);
  ByteVector opening = aeadOpening(now);
  const std::size_t length = opening.size();
  opening.resize(length + 3000);  // junk behind it, so that no length is too long
  for (std::size_t bit = 0; bit < length * 8; ++bit) {
    ByteVector damaged = opening;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_EQ(judge(damaged, 4, now).kind, Step::Kind::Failed) << bit;
  }
}

TEST(ServerHandshake, RefusesEveryFlippedBitOfALegacyOpening) {
  const Now now = at(kTime);
  ByteVector opening = legacyOpening(now);
  const std::size_t length = opening.size();
  opening.resize(length + 3000);
  for (std::size_t bit = 0; bit < length * 8; ++bit) {
    ByteVector damaged = opening;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_EQ(judge(damaged, 4, now).kind, Step::Kind::Failed) << bit;
  }
}

TEST(ServerHandshake, AcceptsAeadWhateverTheAlterId) {
  for (const std::uint16_t alterId : std::vector<std::uint16_t>{0, 4, 64}) {
    EXPECT_EQ(judge(aeadOpening(at(kTime)), alterId, at(kTime)).kind, Step::Kind::Done);
  }
}

TEST(ServerHandshake, AcceptsLegacyOnlyFromUsersWithAlterIds_CRY_1) {
  EXPECT_EQ(judge(legacyOpening(at(kTime)), 0, at(kTime)).error, Errc::Unauthenticated);
  EXPECT_EQ(judge(legacyOpening(at(kTime)), 1, at(kTime)).kind, Step::Kind::Done);
}

TEST(ServerHandshake, TellsItsOwnClocksErrorFromOthers_AUTH_10) {
  for (const std::int64_t off : {-121, 121, -3600, 86'400}) {
    EXPECT_EQ(judge(aeadOpening(at(kTime + off)), 0, at(kTime)).error, Errc::ClockSkew) << off;
  }
  for (const std::int64_t off : {-120, 120}) {
    EXPECT_EQ(judge(aeadOpening(at(kTime + off)), 0, at(kTime)).kind, Step::Kind::Done) << off;
  }
  EXPECT_EQ(judge(ByteVector(100, 'x'), 4, at(kTime)).error, Errc::Unauthenticated);
}

TEST(ServerHandshake, AcceptsAnOpeningOnce_RPL_2) {
  const Now now = at(kTime);
  const auto users = usersOf(kId, 4, now);
  for (const ByteVector& opening : {aeadOpening(now), legacyOpening(now)}) {
    ServerHandshake first(users, Insecure::Allowed), second(users, Insecure::Allowed);
    EXPECT_EQ(greet(first, {opening}, now).kind, Step::Kind::Done);
    EXPECT_EQ(greet(second, {opening}, now).error, Errc::Replayed);
  }
}

TEST(ServerHandshake, RemembersNothingThatIsNotAuthentic_RPL_4) {
  const Now now = at(kTime);
  const auto users = usersOf(kId, 0, now);
  const ByteVector opening = aeadOpening(now);
  ByteVector damaged = opening;
  damaged.back() ^= 1;
  ServerHandshake first(users, Insecure::Allowed), second(users, Insecure::Allowed);
  EXPECT_EQ(greet(first, {damaged}, now).error, Errc::BadTag);
  EXPECT_EQ(greet(second, {opening}, now).kind, Step::Kind::Done);
}

TEST(ServerHandshake, AcceptsALegacyHashAgain_RPL_2) {
  // Honest clients draw it from few values: two sessions under one hash are usual.
  const Now now = at(kTime);
  const auto users = usersOf(kId, 1, now);
  const crypto::Key16 key = commandKey(seedId());
  for (std::uint8_t session = 1; session <= 3; ++session) {
    RequestHeader header;
    header.keys = test::keysOf(ByteVector(16, session), ByteVector(16, 9));
    header.target = {Network::Tcp, std::string("example.com"), 80};
    Buffer plain, sealed;
    appendRequest(plain, header, {});
    sealLegacyRequest(sealed, key.view(), seedId(), kTime, plain.view());
    ServerHandshake handshake(users, Insecure::Allowed);
    EXPECT_EQ(greet(handshake, {sealed.view()}, now).kind, Step::Kind::Done) << int{session};
  }
}

TEST(ServerHandshake, BurnsALegacyHashThatWasTamperedWith_AUTH_5) {
  const Now now = at(kTime);
  const ByteVector opening = legacyOpening(now);
  const auto burns = [&](auto provoke) {
    const auto users = usersOf(kId, 4, now);
    provoke(users);
    ServerHandshake handshake(users, Insecure::Allowed);
    return greet(handshake, {opening}, now).error == Errc::Replayed;
  };
  EXPECT_FALSE(burns([](const auto&) {}));
  EXPECT_TRUE(burns([&](const auto& users) {
    ByteVector damaged = opening;
    damaged.back() ^= 1;
    ServerHandshake handshake(users, Insecure::Allowed), next(users, Insecure::Allowed);
    EXPECT_EQ(greet(handshake, {damaged}, now).error, Errc::BadHeader);
    EXPECT_EQ(greet(next, {opening}, now).error, Errc::Replayed)
        << "while the stranger still waits";
  })) << "a wrong checksum";
  EXPECT_TRUE(burns([&](const auto& users) {
    ServerHandshake handshake(users, Insecure::Allowed);
    EXPECT_EQ(greet(handshake, {Bytes(opening).first(opening.size() - 1)}, now).kind,
              Step::Kind::NeedMore);
  })) << "cut short";
  EXPECT_FALSE(burns([&](const auto& users) {
    ServerHandshake handshake(users, Insecure::Allowed);
    greet(handshake, {Bytes(opening).first(15)}, now);
  })) << "nothing had matched yet";
}

TEST(ServerHandshake, IsNotCutShortByBeingMoved) {
  const Now now = at(kTime);
  const auto users = usersOf(kId, 4, now);
  ByteVector opening = legacyOpening(now);
  AuthId auth{};
  std::copy_n(opening.begin(), auth.size(), auth.begin());
  {
    ServerHandshake handshake(users, Insecure::Allowed);
    greet(handshake, {Bytes(opening).first(40)}, now);
    ServerHandshake moved(std::move(handshake));
    EXPECT_EQ(moved.advance(opening, now).kind, Step::Kind::Done);
  }
  EXPECT_TRUE(users->find(auth, now)) << "the hash is as good as before";
}

TEST(ServerHandshake, RefusesInsecureBodiesWhenTold) {
  const Now now = at(kTime);
  for (const auto& [security, option] : {std::pair<Security, std::uint8_t>{Security::None, 0x05},
                                         {Security::None, 0x00},
                                         {Security::Legacy, 0x01}}) {
    const ByteVector opening =
        openingOf(openAead(commandKey(seedId()).view(), wish(security, option), now));
    EXPECT_EQ(judge(opening, 0, now, Insecure::Refused).error, Errc::Refused);
    EXPECT_EQ(judge(opening, 0, now, Insecure::Allowed).kind, Step::Kind::Done);
  }
  EXPECT_EQ(judge(aeadOpening(now), 0, now, Insecure::Refused).kind, Step::Kind::Done);
}

TEST(ServerHandshake, RefusesAeadHeadersLongerThanAnyPeerSends) {
  const Now now = at(kTime);
  const crypto::Key16 key = commandKey(seedId());
  RequestHeader header;
  header.target = {Network::Tcp, std::string("example.com"), 80};
  for (const std::size_t size :
       {kMaxAeadRequestBytes, kMaxAeadRequestBytes + 1, std::size_t{65'535}}) {
    Buffer plain, sealed;
    appendRequest(plain, header, {});
    plain.append(ByteVector(size - plain.size(), 0));  // bytes behind the checksum are ignored
    sealAeadRequest(sealed, key.view(), {kTime, {}, {}}, plain.view());
    EXPECT_EQ(judge(sealed.view(), 0, now).kind == Step::Kind::Done, size == kMaxAeadRequestBytes)
        << size;
  }
}

TEST(ServerHandshake, NeverAnswersDoneToNoise) {
  const Now now = at(kTime);
  const auto users = usersOf(kId, 4, now);
  for (int round = 0; round < 2000; ++round) {
    const auto noise = crypto::randomBytes<200>();
    ServerHandshake handshake(users, Insecure::Allowed);
    EXPECT_EQ(greet(handshake, {noise}, now).kind, Step::Kind::Failed);
  }
}

TEST(ClientHandshake, IsUnderstoodByTheServerInEveryForm) {
  const Now now = at(kTime);
  const Destination targets[] = {{Network::Tcp, parseHost("192.0.2.7"), 80},
                                 {Network::Tcp, parseHost("2001:db8::1"), 65'535},
                                 {Network::Tcp, std::string("private.cloud.com"), 0}};
  for (const Destination& target : targets) {
    for (const Command command : {Command::Tcp, Command::Udp, Command::Mux}) {
      for (const bool legacy : {false, true}) {
        ClientWish wanted = wish();
        wanted.command = command;
        wanted.target = target;
        const crypto::Key16 key = commandKey(seedId());
        const Uuid alterId = nextAlterId(seedId());
        ClientBody client = legacy ? openLegacy(key.view(), alterId, wanted, now)
                                   : openAead(key.view(), wanted, now);
        ServerHandshake handshake(usersOf(kId, 4, now), Insecure::Allowed);
        const ByteVector opening = openingOf(std::move(client));
        const Step step = greet(handshake, {opening}, now);
        ASSERT_EQ(step.kind, Step::Kind::Done);
        EXPECT_EQ(step.used, opening.size());
        Destination expected = command == Command::Mux ? muxTarget() : target;
        if (command == Command::Udp) expected.network = Network::Udp;
        EXPECT_EQ(handshake.request().target, expected);
        EXPECT_EQ(handshake.request().command, command);
      }
    }
  }
}

TEST(ClientHandshake, IsNeverTheSameTwice) {
  const Now now = at(kTime);
  std::vector<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const std::string opening = toHex(aeadOpening(now));
    EXPECT_EQ(std::count(seen.begin(), seen.end(), opening), 0);
    seen.push_back(opening);
  }
}

TEST(ClientHandshake, StampsLegacyHashesWithinHalfAMinute) {
  std::int64_t least = 0, most = 0;
  std::vector<Account> accounts;
  accounts.emplace_back(seedId(), std::uint16_t{1}, "");
  AlterIdTable table(accounts);
  for (int i = 0; i < 2000; ++i) {
    const ByteVector opening = legacyOpening(at(kTime));
    const auto match = table.find(Bytes(opening).first(16), kTime);
    ASSERT_TRUE(match);
    least = std::min(least, match->seconds - kTime);
    most = std::max(most, match->seconds - kTime);
  }
  EXPECT_EQ(least, -30);
  EXPECT_EQ(most, 29);
}

TEST(ClientHandshake, SendsTheOptionsV2RayDoes) {
  EXPECT_EQ(usualOptions(Security::Aes128Gcm, false, false, Command::Tcp), 0x0d);
  EXPECT_EQ(usualOptions(Security::ChaCha20Poly1305, false, false, Command::Tcp), 0x0d);
  EXPECT_EQ(usualOptions(Security::Aes128Gcm, false, true, Command::Tcp), 0x1d);
  EXPECT_EQ(usualOptions(Security::None, false, false, Command::Tcp), 0x05);
  EXPECT_EQ(usualOptions(Security::None, true, false, Command::Tcp), 0x00);
  EXPECT_EQ(usualOptions(Security::None, true, false, Command::Udp), 0x01);
}

}  // namespace
}  // namespace culvert::vmess
