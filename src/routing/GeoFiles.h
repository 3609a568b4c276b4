// geoip.dat and geosite.dat: named lists of addresses and names, protobuf as V2Ray and Xray publish
// them.
//
//   GeoIPList   { repeated GeoIP   entry = 1 }      GeoSiteList { repeated GeoSite entry = 1 }
//   GeoIP       { country_code = 1; repeated CIDR cidr = 2; inverse_match = 3 }
//   CIDR        { bytes ip = 1 (4 or 16); uint32 prefix = 2 }
//   GeoSite     { country_code = 1; repeated Domain domain = 2 }
//   Domain      { type = 1: 0 keyword, 1 regexp, 2 domain, 3 full; value = 2; repeated Attribute =
//   3 } Attribute   { key = 1; ... }
//
// A file is walked entry by entry and only the list asked for is kept; unknown fields are skipped.
// Source: v2ray-core app/router/config.proto.
#pragma once

#include "base/Cidr.h"
#include "routing/DomainMatcher.h"

#include <string>
#include <string_view>
#include <vector>

namespace culvert::routing {

/// A list that cannot be had: no such file, no such list in it, or a damaged file.
struct GeoError {
  std::string text;
};

class GeoFiles {
 public:
  GeoFiles() = default;
  /// Files are looked for in `directories`, in this order.
  explicit GeoFiles(std::vector<std::string> directories) : directories_(std::move(directories)) {}

  /// The blocks of the list `code` (any letter case).  Throws GeoError.
  [[nodiscard]] std::vector<Cidr> addresses(const std::string& file, std::string_view code) const;

  struct Name {
    DomainMatcher::Type type;
    std::string text;
  };
  /// The names of the list that have all `attributes`.  Throws GeoError.
  [[nodiscard]] std::vector<Name> names(const std::string& file, std::string_view code,
                                        const std::vector<std::string>& attributes) const;

 private:
  [[nodiscard]] std::vector<std::uint8_t> entry(const std::string& file,
                                                std::string_view code) const;
  std::vector<std::string> directories_;
};

}  // namespace culvert::routing
