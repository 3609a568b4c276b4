#include "net/WireAddress.h"

#include <gtest/gtest.h>

#include <string>

namespace culvert {
namespace {

std::string encode(const Host& host, std::uint16_t port) {
  Buffer out;
  appendWireAddress(out, host, port);
  return std::string(asText(out.view()));
}

Result<Destination> decode(std::string_view wire) {
  Cursor in(asBytes(wire));
  return parseWireAddress(in, Network::Tcp);
}

TEST(WireAddress, WritesPortThenTypeThenHost) {
  EXPECT_EQ(encode(parseHost("192.0.2.7"), 80), std::string("\0\x50\1\xc0\0\2\7", 7));
  EXPECT_EQ(encode(parseHost("a.b"), 443), std::string("\1\xbb\2\3a.b", 7));
  EXPECT_EQ(encode(parseHost("::1"), 1), std::string("\0\1\3", 3) + std::string(15, '\0') + '\1');
}

TEST(WireAddress, ReadsWhatItWrites) {
  for (const char* host : {"192.0.2.7", "::1", "2001:db8::5", "example.com", "a_b-c.test"}) {
    const Result<Destination> back = decode(encode(parseHost(host), 8080));
    ASSERT_TRUE(back.ok()) << host;
    EXPECT_EQ(toString(back->host), host);
    EXPECT_EQ(back->port, 8080);
  }
}

TEST(WireAddress, TakesALiteralForTheAddressItIs) {
  const Result<Destination> destination =
      decode(std::string("\0\1\2\x9"
                         "127.0.0.1",
                         13));
  ASSERT_TRUE(destination.ok());
  EXPECT_FALSE(destination->isDomain());
}

TEST(WireAddress, RefusesWhatCannotBeAName) {
  EXPECT_EQ(decode(std::string("\0\1\2\0", 4)).error(), make_error_code(Errc::BadAddress));
  EXPECT_EQ(decode(std::string("\0\1\2\3a b", 7)).error(), make_error_code(Errc::BadAddress));
  EXPECT_EQ(decode(std::string("\0\1\2\3a\0b", 7)).error(), make_error_code(Errc::BadAddress));
  EXPECT_EQ(decode(std::string("\0\1\4\1\1\1\1", 7)).error(), make_error_code(Errc::BadAddress));
  EXPECT_EQ(decode(std::string("\0\1\0\1\1\1\1", 7)).error(), make_error_code(Errc::BadAddress));
}

TEST(WireAddress, AsksForMoreOfEveryPrefix) {
  for (const char* host : {"192.0.2.7", "::1", "example.com"}) {
    const std::string wire = encode(parseHost(host), 80);
    for (std::size_t length = 0; length < wire.size(); ++length) {
      EXPECT_EQ(decode(std::string_view(wire).substr(0, length)).error(),
                make_error_code(Errc::Truncated))
          << host << " cut at " << length;
    }
  }
}

}  // namespace
}  // namespace culvert
