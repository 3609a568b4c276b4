#include "routing/GeoFiles.h"

#include "base/Bytes.h"
#include "base/Log.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace culvert::routing {
namespace {

constexpr std::uint64_t kMaxEntryBytes = 64 * 1024 * 1024;

/// Protobuf fields one after the other; `broken()` once the bytes make no sense.
class Fields {
 public:
  explicit Fields(Bytes bytes) : rest_(bytes) {}

  struct Field {
    std::uint64_t number = 0, value = 0;
    Bytes bytes;  ///< of a length-delimited field
  };
  std::optional<Field> next() {
    if (rest_.empty() || broken_) return std::nullopt;
    const std::uint64_t key = varint();
    Field field{key >> 3, 0, {}};
    switch (key & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        skip(8);
        break;
      case 2:
        field.bytes = skip(varint());
        break;
      case 5:
        skip(4);
        break;
      default:
        broken_ = true;
    }
    if (broken_) return std::nullopt;
    return field;
  }
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const std::uint8_t byte = rest_.front();
      rest_ = rest_.subspan(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    broken_ = true;
    return 0;
  }
  Bytes skip(std::uint64_t count) {
    if (count > rest_.size()) {
      broken_ = true;
      return {};
    }
    const Bytes taken = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(static_cast<std::size_t>(count));
    return taken;
  }

  Bytes rest_;
  bool broken_ = false;
};

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::uint64_t> readVarint(std::istream& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const int byte = in.get();
    if (byte < 0) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

GeoError damaged(const std::string& file) {
  return {culvert::inQuotes(file) + " is damaged"};
}

}  // namespace

std::vector<std::uint8_t> GeoFiles::entry(const std::string& file, std::string_view code) const {
  if (file.empty() || file.find_first_of("/\\") != std::string::npos) {
    throw GeoError{"expected a file name without a directory, got " + culvert::inQuotes(file)};
  }
  std::ifstream in;
  for (const std::string& directory : directories_) {
    std::error_code ignored;
    const auto path = std::filesystem::path(directory) / file;
    if (std::filesystem::is_regular_file(path, ignored)) {
      in.open(path, std::ios::binary);
      if (in) break;
    }
  }
  if (!in.is_open() || !in) {
    std::string looked;
    for (const std::string& directory : directories_)
      looked += (looked.empty() ? "" : ", ") + directory;
    throw GeoError{culvert::inQuotes(file) +
                   " is missing (looked in: " + (looked.empty() ? "nowhere" : looked) + ")"};
  }

  std::vector<std::uint8_t> bytes;
  while (in.peek() >= 0) {
    const auto key = readVarint(in);
    const auto size = readVarint(in);
    if (!key || !size || *key != (1 << 3 | 2) || *size > kMaxEntryBytes) throw damaged(file);
    bytes.resize(static_cast<std::size_t>(*size));
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!in) throw damaged(file);
    Fields fields(bytes);
    while (const auto field = fields.next()) {
      if (field->number == 1 && equalIgnoringCase(asText(field->bytes), code)) return bytes;
    }
    if (fields.broken()) throw damaged(file);
  }
  throw GeoError{culvert::inQuotes(file) + " has no list " + culvert::inQuotes(code)};
}

std::vector<Cidr> GeoFiles::addresses(const std::string& file, std::string_view code) const {
  const std::vector<std::uint8_t> bytes = entry(file, code);
  std::vector<Cidr> blocks;
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (field->number != 2) continue;
    Fields parts(field->bytes);
    Bytes ip;
    std::uint64_t prefix = 0;
    while (const auto part = parts.next()) {
      if (part->number == 1) ip = part->bytes;
      if (part->number == 2) prefix = part->value;
    }
    if (parts.broken() || (ip.size() != 4 && ip.size() != 16) || prefix > ip.size() * 8)
      throw damaged(file);
    const Ip network = Ip::fromBytes(ip);
    if (network.isV4() && ip.size() == 16) {  // a block of mapped addresses
      if (prefix < 96) continue;
      prefix -= 96;
    }
    blocks.push_back({network, static_cast<unsigned>(prefix)});
  }
  if (fields.broken()) throw damaged(file);
  return blocks;
}

std::vector<GeoFiles::Name> GeoFiles::names(const std::string& file, std::string_view code,
                                            const std::vector<std::string>& attributes) const {
  static constexpr DomainMatcher::Type kTypes[] = {
      DomainMatcher::Type::Keyword, DomainMatcher::Type::Regexp, DomainMatcher::Type::Domain,
      DomainMatcher::Type::Full};
  const std::vector<std::uint8_t> bytes = entry(file, code);
  std::vector<Name> names;
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (field->number != 2) continue;
    std::uint64_t type = 0;
    std::string_view value;
    std::vector<std::string_view> has;
    Fields parts(field->bytes);
    while (const auto part = parts.next()) {
      if (part->number == 1) type = part->value;
      if (part->number == 2) value = asText(part->bytes);
      if (part->number != 3) continue;
      Fields attribute(part->bytes);
      while (const auto piece = attribute.next()) {
        if (piece->number == 1) has.push_back(asText(piece->bytes));
      }
    }
    if (parts.broken() || type >= std::size(kTypes)) throw damaged(file);
    const bool wanted =
        std::all_of(attributes.begin(), attributes.end(), [&](const std::string& name) {
          return std::any_of(has.begin(), has.end(),
                             [&](auto key) { return equalIgnoringCase(key, name); });
        });
    if (wanted) names.push_back({kTypes[type], std::string(value)});
  }
  if (fields.broken()) throw damaged(file);
  return names;
}

}  // namespace culvert::routing
