// The vector files of tests/vectors, and their pieces as the code under test wants them.  Each file
// says how it was made and what a real V2Ray confirmed.
#pragma once

#include "base/Clock.h"
#include "config/NodeReaders.h"
#include "proxy/vmess/Header.h"
#include "support/Hex.h"

#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace culvert::vmess::test {

using culvert::test::ByteVector;
using culvert::test::hex;
using culvert::test::toHex;

/// One vector, or an object in one.
class Vector {
 public:
  explicit Vector(config::Node node) : node_(std::move(node)) {}

  [[nodiscard]] bool has(const char* key) const { return static_cast<bool>(node_[key]); }
  [[nodiscard]] std::string text(const char* key) const { return need(key).text(); }
  [[nodiscard]] ByteVector bytes(const char* key) const { return hex(need(key).text()); }
  /// A number, or a text like 0x0d.
  [[nodiscard]] std::int64_t number(const char* key) const {
    return std::stoll(need(key).text(), nullptr, 0);
  }
  [[nodiscard]] bool flag(const char* key) const { return need(key).boolean(); }
  [[nodiscard]] Vector object(const char* key) const { return Vector(need(key)); }
  [[nodiscard]] std::vector<Vector> objects(const char* key) const {
    std::vector<Vector> all;
    for (const config::Node& item : need(key).items()) all.emplace_back(item);
    return all;
  }
  [[nodiscard]] std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> all;
    for (const config::Node& item : need(key).items()) all.push_back(item.text());
    return all;
  }

 private:
  [[nodiscard]] config::Node need(const char* key) const {
    config::Node value = node_[key];
    if (!value) throw std::out_of_range(std::string("no ") + key + " in the vector");
    return value;
  }
  config::Node node_;
};

/// The vectors of a file; throws when it cannot be read.
inline std::vector<Vector> vectorsOf(const std::string& file) {
  std::ifstream in(std::string(CULVERT_TESTS_DIR) + "/vectors/" + file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  config::Problems problems;
  const config::Node root = config::parseJson(config::makeSource(file, text), problems);
  if (!root) throw std::runtime_error(file + ": " + problems.text());
  return Vector(root).objects("vectors");
}

inline Uuid uuidOf(const std::string& text) {
  return parseUuid(text).value();
}

inline BodyKeys keysOf(const ByteVector& key, const ByteVector& iv) {
  return {crypto::Key16(key), crypto::Key16(iv)};
}

/// The `fields` of a request.
inline RequestHeader requestOf(const Vector& fields) {
  RequestHeader header;
  header.keys = keysOf(fields.bytes("key"), fields.bytes("iv"));
  header.v = static_cast<std::uint8_t>(fields.number("v"));
  header.option = static_cast<std::uint8_t>(fields.number("option"));
  header.security = static_cast<Security>(fields.number("security"));
  header.command = static_cast<Command>(fields.number("command"));
  header.target = header.command == Command::Mux
                      ? muxTarget()
                      : Destination{header.command == Command::Udp ? Network::Udp : Network::Tcp,
                                    parseHost(fields.text("host")),
                                    static_cast<std::uint16_t>(fields.number("port"))};
  return header;
}

/// Both clocks at a time of day; the monotonic one may be given apart.
inline Now at(std::int64_t unixSeconds, std::int64_t monotonicSeconds) {
  return {Clock::time_point(std::chrono::seconds(monotonicSeconds)),
          WallClock::time_point(std::chrono::seconds(unixSeconds))};
}
inline Now at(std::int64_t unixSeconds) {
  return at(unixSeconds, unixSeconds);
}

}  // namespace culvert::vmess::test
