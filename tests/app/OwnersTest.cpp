#include "app/Owners.h"

#include <gtest/gtest.h>

namespace culvert::app {
namespace {

Owners::Info inbound(const char* tag) {
  auto info = std::make_shared<proxy::InboundInfo>();
  info->tag = tag;
  info->timeouts.idle = std::chrono::seconds(7);
  return info;
}

TEST(Owners, GiveEachTripleOneInfo) {
  Owners owners;
  const auto in = inbound("in");
  int out = 0, other = 0;
  const auto first = owners.of(in, &out, "u");
  EXPECT_EQ(first, owners.of(in, &out, "u"));
  EXPECT_NE(first, owners.of(in, &out, "v"));
  EXPECT_NE(first, owners.of(in, &other, "u"));
  EXPECT_NE(first, owners.of(inbound("in"), &out, "u"));
  EXPECT_EQ(owners.size(), 4u);
  EXPECT_EQ(first->tag, "in");
  EXPECT_EQ(first->timeouts.idle, std::chrono::seconds(7));
  EXPECT_NE(first->owner, in->owner);
}

TEST(Owners, TellWhatToStopWhenSomethingIsGone) {
  Owners owners;
  const auto in = inbound("in");
  int kept = 0, gone = 0;
  const auto goes = owners.of(in, &gone, "");
  const auto stays = owners.of(in, &kept, "");
  const auto stopped =
      owners.remove([&](const Owners::Owner& owner) { return owner.outbound == &gone; });
  EXPECT_EQ(stopped, std::vector<const void*>{goes->owner});
  EXPECT_EQ(owners.size(), 1u);
  EXPECT_EQ(stays, owners.of(in, &kept, ""));
}

}  // namespace
}  // namespace culvert::app
