#include "base/Errc.h"
#include "config/Node.h"
#include "config/NodeReaders.h"
#include "mux/Frame.h"
#include "mux/MuxBench.h"
#include "support/ForEachSplit.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace culvert::mux::test {
namespace {

config::Node readVectors(const std::string& name) {
  const std::ifstream file(std::string(CULVERT_TESTS_DIR) + "/vectors/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  const auto source = std::make_shared<config::Source>();
  source->name = name;
  source->text = text.str();
  config::Problems problems;
  config::Node node = config::parseJson(source, problems);
  EXPECT_EQ(problems.errors(), 0u);
  return node;
}

int number(const config::Node& node) {
  return std::stoi(node.text());
}

/// Reads `chunks` in order; one Spoken per frame, "broken" at a failure.
std::vector<Spoken> readChunks(const std::vector<Bytes>& chunks, bool collect) {
  FrameReader reader;
  std::vector<Spoken> frames;
  for (const Bytes chunk : chunks) {
    ByteVector copy(chunk.begin(), chunk.end());
    MutableBytes input(copy);
    for (;;) {
      const FrameReader::Event event = reader.next(input);
      if (event.kind == FrameReader::Event::Kind::NeedMore) break;
      if (event.kind == FrameReader::Event::Kind::Failed) {
        frames.push_back({"broken", {}, {}});
        return frames;
      }
      if (event.kind == FrameReader::Event::Kind::Head) {
        frames.push_back({"head", reader.head(), {}});
        EXPECT_EQ(event.last, reader.head().dataBytes == 0);
        if (collect) reader.collect();
      } else {
        frames.back().data += asText(event.data);
        EXPECT_EQ(event.last, frames.back().data.size() == reader.head().dataBytes);
      }
    }
    EXPECT_TRUE(input.empty());
  }
  return frames;
}

TEST(Frame, ReadsEveryVectorInEveryFragmentation) {
  const config::Node vectors = readVectors("vmess-mux.json")["vectors"];
  ASSERT_GE(vectors.items().size(), 20u);
  for (const config::Node& vector : vectors.items()) {
    SCOPED_TRACE(vector["name"].text());
    const ByteVector wire = hex(vector["wire"].text());
    for (const bool collect : {false, true}) {
      forEachSplit(wire, [&](const std::vector<Bytes>& chunks) {
        const std::vector<Spoken> frames = readChunks(chunks, collect);
        ASSERT_EQ(frames.size(), 1u);
        const FrameHead& head = frames[0].head;
        EXPECT_EQ(head.id, number(vector["id"]));
        EXPECT_EQ(static_cast<int>(head.status), number(vector["status"]));
        EXPECT_EQ(head.options, number(vector["option"]));
        EXPECT_EQ(toHex(asBytes(frames[0].data)), vector["data"].text());
        ASSERT_EQ(head.address.has_value(), bool(vector["network"]));
        if (!head.address) return;
        EXPECT_EQ(static_cast<int>(head.address->network), number(vector["network"]));
        EXPECT_EQ(head.address->host, parseHost(vector["host"].text()));
        EXPECT_EQ(head.address->port, number(vector["port"]));
      });
    }
  }
}

TEST(Frame, WritesWhatTheVectorsHold) {
  const config::Node vectors = readVectors("vmess-mux.json")["vectors"];
  for (const config::Node& vector : vectors.items()) {
    SCOPED_TRACE(vector["name"].text());
    const ByteVector data = hex(vector["data"].text());
    const auto id = static_cast<SessionId>(number(vector["id"]));
    const auto status = static_cast<Status>(number(vector["status"]));
    const auto options = static_cast<std::uint8_t>(number(vector["option"]));
    Buffer out;
    if (status == Status::New) {
      const Destination target{static_cast<Network>(number(vector["network"])),
                               parseHost(vector["host"].text()),
                               static_cast<std::uint16_t>(number(vector["port"]))};
      appendNew(out, id, target, hex(vector["global_id"].text()), data);
    } else if (vector["network"]) {
      continue;  // this program does not send addresses in Keep
    } else if (options & option::kData) {
      out.append(ShortHead(id, status, options, data.size()).bytes());
      out.append(data);
    } else {
      out.append(ShortHead(id, status, options).bytes());
    }
    EXPECT_EQ(toHex(out.view()), vector["wire"].text());
  }
}

TEST(Frame, JudgesTheLimitsOfTheVectors) {
  const config::Node limits = readVectors("vmess-mux.json")["about"]["cases"];
  ASSERT_FALSE(limits.items().empty());
  for (const config::Node& limit : limits.items()) {
    if (!limit["wire"]) continue;
    SCOPED_TRACE(limit["name"].text());
    const bool fatal = limit["expect"].text().find("fatal") != std::string::npos;
    forEachSplit(hex(limit["wire"].text()), [&](const std::vector<Bytes>& chunks) {
      const std::vector<Spoken> frames = readChunks(chunks, false);
      ASSERT_EQ(frames.size(), 1u);
      EXPECT_EQ(frames[0].line == "broken", fatal);
    });
  }
}

TEST(Frame, ReadsManyFramesOfOneRead) {
  const std::string wire = keep(1, "one") + frame(2, Status::End, option::kError) + keep(3, "") +
                           newFrame(4, tcp("nas.lan", 5000), "hi") + frame(0, Status::KeepAlive);
  forEachSplit(asBytes(wire), [](const std::vector<Bytes>& chunks) {
    const std::vector<Spoken> frames = readChunks(chunks, false);
    ASSERT_EQ(frames.size(), 5u);
    EXPECT_EQ(frames[0].data, "one");
    EXPECT_TRUE(frames[1].head.has(option::kError));
    EXPECT_EQ(frames[2].head.dataBytes, 0u);
    EXPECT_EQ(frames[3].head.address, tcp("nas.lan", 5000));
    EXPECT_EQ(frames[3].data, "hi");
    EXPECT_EQ(frames[4].head.status, Status::KeepAlive);
  });
}

TEST(Frame, TakesTheLongestFrameThereIs) {
  const std::string data(kMaxDataBytes, 'x');
  const std::vector<Spoken> frames = readChunks({asBytes(keep(9, data))}, true);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].data, data);
}

TEST(Frame, RefusesOnlyTheSessionForANameThatIsNone) {
  // "a b": not a name, but the frame is whole and the next one can be read.
  const std::string odd = wireOf("000c 0001 01 00 01 0050 02 03 612062");
  const std::vector<Spoken> frames = readChunks({asBytes(odd + keep(2, "x"))}, false);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_TRUE(frames[0].head.badTarget);
  EXPECT_FALSE(frames[0].head.address);
  EXPECT_EQ(frames[1].data, "x");
}

TEST(Frame, IsBrokenByAnAddressThatDoesNotFit) {
  for (const char* const wire : {
           "0005 0001 01 00 01",                  // nothing behind the network
           "000a 0001 01 00 01 0050 01 7f00",     // half an address
           "000b 0001 01 00 01 0050 02 05 6161",  // half a name
       }) {
    EXPECT_EQ(readChunks({hex(wire)}, false).back().line, "broken") << wire;
  }
}

TEST(Frame, TellsWhetherTheStreamMayEndHere) {
  FrameReader reader;
  std::string wire = keep(1, "abc");
  MutableBytes part(reinterpret_cast<std::uint8_t*>(wire.data()), 5);
  EXPECT_TRUE(reader.isBetweenFrames());
  static_cast<void>(reader.next(part));
  EXPECT_FALSE(reader.isBetweenFrames());
}

}  // namespace
}  // namespace culvert::mux::test
