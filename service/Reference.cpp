#include "service/Reference.h"

#include "config/Fields.h"
#include "config/Schema.h"
#include "proxy/blackhole/Settings.h"
#include "proxy/dokodemo/Settings.h"
#include "proxy/freedom/Settings.h"
#include "proxy/vmess/Settings.h"

namespace culvert::service {
namespace {

template <class Settings>
std::string section(const char* title) {
  return "\n### " + std::string(title) + "\n\n" +
         config::referenceTable(config::describe<Settings>());
}

}  // namespace

std::string referencePage() {
  return config::referenceText() +
         "\n## Settings of the protocols\n\nThe keys below `settings` of an inbound or outbound, "
         "in JSON and in "
         "`advanced`.\n" +
         section<dokodemo::Settings>("dokodemo-door, inbound") +
         section<vmess::InboundSettings>("vmess, inbound") +
         section<vmess::OutboundSettings>("vmess, outbound") +
         section<freedom::Settings>("freedom, outbound") +
         section<blackhole::Settings>("blackhole, outbound");
}

}  // namespace culvert::service
