#include "base/Buffer.h"
#include "routing/GeoFiles.h"
#include "routing/Rule.h"
#include "routing/RuleText.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace culvert::routing {
namespace {

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string bytesField(unsigned number, const std::string& value) {
  return varint(number << 3 | 2) + varint(value.size()) + value;
}
std::string numberField(unsigned number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}

std::string cidr(const char* ip, unsigned prefix) {
  const Ip address = Ip::parse(ip).value();
  return bytesField(2,
                    bytesField(1, std::string(asText(address.bytes()))) + numberField(2, prefix));
}
std::string domain(unsigned type, const std::string& value,
                   const std::vector<std::string>& attributes = {}) {
  std::string out = (type == 0 ? "" : numberField(1, type)) + bytesField(2, value);
  for (const std::string& key : attributes)
    out += bytesField(3, bytesField(1, key) + numberField(2, 1));
  return bytesField(2, out);
}

class GeoFilesTest : public testing::Test {
 protected:
  GeoFilesTest() {
    directory_ = testing::TempDir() + "geo-" +
                 testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
                 std::to_string(reinterpret_cast<std::uintptr_t>(this));
    std::filesystem::create_directories(directory_);
  }
  ~GeoFilesTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << bytes;
  }
  std::string errorOf(auto&& call) const {
    try {
      call();
    } catch (const GeoError& error) {
      return error.text;
    }
    return "no error";
  }

  std::string directory_;
};

TEST_F(GeoFilesTest, ReadsTheAddressesOfOneListAndNoOther) {
  write("geoip.dat", bytesField(1, bytesField(1, "AA") + cidr("1.0.0.0", 8)) +
                         bytesField(1, bytesField(1, "CN") + cidr("1.2.0.0", 16) +
                                           numberField(99, 7) + cidr("2001:db8::", 32)));
  const GeoFiles files({directory_});
  const auto blocks = files.addresses("geoip.dat", "cn");
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(toString(blocks[0]), "1.2.0.0/16");
  EXPECT_EQ(toString(blocks[1]), "2001:db8::/32");
}

TEST_F(GeoFilesTest, ReadsNamesWithAllTheirAttributes) {
  write("geosite.dat",
        bytesField(1, bytesField(1, "GOOGLE") + domain(2, "google.com") +
                          domain(3, "ads.google.com", {"ads"}) + domain(0, "goog", {"ads", "cn"}) +
                          domain(1, "^g+$", {"cn"})));
  const GeoFiles files({"nowhere", directory_});
  EXPECT_EQ(files.names("geosite.dat", "google", {}).size(), 4u);
  const auto ads = files.names("geosite.dat", "Google", {"ads"});
  ASSERT_EQ(ads.size(), 2u);
  EXPECT_EQ(ads[0].type, DomainMatcher::Type::Full);
  EXPECT_EQ(ads[0].text, "ads.google.com");
  const auto both = files.names("geosite.dat", "google", {"ads", "CN"});
  ASSERT_EQ(both.size(), 1u);
  EXPECT_EQ(both[0].type, DomainMatcher::Type::Keyword);
}

TEST_F(GeoFilesTest, NamesTheFileAndTheListThatAreMissing) {
  write("geoip.dat", bytesField(1, bytesField(1, "AA")));
  const GeoFiles files({directory_});
  EXPECT_EQ(errorOf([&] { (void)files.addresses("geoip.dat", "zz"); }),
            "\"geoip.dat\" has no list \"zz\"");
  EXPECT_EQ(errorOf([&] { (void)files.addresses("other.dat", "zz"); }),
            "\"other.dat\" is missing (looked in: " + directory_ + ")");
}

TEST_F(GeoFilesTest, RefusesEveryCutFile) {
  const std::string whole = bytesField(1, bytesField(1, "CN") + cidr("1.2.0.0", 16));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    write("geoip.dat", whole.substr(0, size));
    EXPECT_NE(errorOf([&] { (void)GeoFiles({directory_}).addresses("geoip.dat", "cn"); }),
              "no error")
        << size;
  }
}

TEST_F(GeoFilesTest, ServesRules) {
  write("geosite.dat", bytesField(1, bytesField(1, "A") + domain(2, "google.com")));
  write("mine.dat", bytesField(1, bytesField(1, "LAN") + cidr("10.0.0.0", 8)));
  config::Problems problems;
  const Rule rule(ruleOf(R"({"domain": ["geosite:a"]})"), GeoFiles({directory_}), problems);
  const Rule other(ruleOf(R"({"ip": ["ext:mine.dat:!lan"]})"), GeoFiles({directory_}), problems);
  ASSERT_EQ(problems.errors(), 0u) << problems.text();
  EXPECT_EQ(rule.matches({sessionOf("tcp:www.google.com:80"), "www.google.com"}),
            Rule::Answer::Yes);
  EXPECT_EQ(other.matches({sessionOf("tcp:10.0.0.1:80"), ""}), Rule::Answer::No);
  EXPECT_EQ(other.matches({sessionOf("tcp:11.0.0.1:80"), ""}), Rule::Answer::Yes);
}

}  // namespace
}  // namespace culvert::routing
