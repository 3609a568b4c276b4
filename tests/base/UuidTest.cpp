#include "base/Uuid.h"

#include <gtest/gtest.h>

namespace culvert {
namespace {

constexpr char kText[] = "b831381d-6324-4d53-ad4f-8cda48b30811";

TEST(Uuid, ReadsBothLengthsAndAnyCase) {
  for (const char* text :
       {kText, "b831381d63244d53ad4f8cda48b30811", "B831381D-6324-4D53-AD4F-8CDA48B30811"}) {
    const Result<Uuid> id = parseUuid(text);
    ASSERT_TRUE(id.ok()) << text;
    EXPECT_EQ(toString(*id), kText);
  }
}

TEST(Uuid, RefusesEverythingElse) {
  for (const char* text :
       {"", "1234", "b831381d-6324-4d53-ad4f-8cda48b3081", "b831381d-6324-4d53-ad4f-8cda48b308111",
        "b831381d-6324-4d53-ad4f-8cda48b3081g", "b831381d6-324-4d53-ad4f-8cda48b30811",
        "b831381d-6324-4d53-ad4f-8cda48b30811 ", "b831381d_6324_4d53_ad4f_8cda48b30811"}) {
    EXPECT_FALSE(parseUuid(text).ok()) << text;
  }
}

}  // namespace
}  // namespace culvert
