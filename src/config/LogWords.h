// The words of the log settings that the friendly form and V2Ray's JSON share.
#pragma once

#include "config/Fields.h"
#include "config/Model.h"

namespace culvert::config {

enum class LogFormat { Text, Json };
inline constexpr Word<LogFormat> kLogFormats[] = {{"text", LogFormat::Text},
                                                  {"json", LogFormat::Json}};
constexpr Words<LogFormat> words(LogFormat) {
  return kLogFormats;
}

inline constexpr Word<LogConfig::Addresses> kLogAddresses[] = {
    {"full", LogConfig::Addresses::Full},
    {"short", LogConfig::Addresses::Short},
    {"none", LogConfig::Addresses::None}};
constexpr Words<LogConfig::Addresses> words(LogConfig::Addresses) {
  return kLogAddresses;
}

}  // namespace culvert::config
