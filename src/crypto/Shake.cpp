#include "crypto/Shake.h"

#include "base/Assert.h"

#include <bit>

namespace culvert::crypto {
namespace {

constexpr std::size_t kRounds = 24;

constexpr std::array<std::uint64_t, kRounds> kRoundConstants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

/// Where lane i moves to and how far it turns on the way (rho and pi in one).
struct Move {
  std::size_t to;
  int turn;
};

constexpr std::array<Move, 25> makeMoves() {
  std::array<Move, 25> moves{};
  moves[0] = {0, 0};
  std::size_t x = 1, y = 0;
  for (int t = 0; t < 24; ++t) {
    const std::size_t newY = (2 * x + 3 * y) % 5;
    moves[x + 5 * y] = {y + 5 * newY, ((t + 1) * (t + 2) / 2) % 64};
    x = y;
    y = newY;
  }
  return moves;
}
constexpr std::array<Move, 25> kMoves = makeMoves();

void permute(std::array<std::uint64_t, 25>& lanes) {
  for (const std::uint64_t constant : kRoundConstants) {
    std::array<std::uint64_t, 5> column;
    for (std::size_t x = 0; x < 5; ++x) {
      column[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
    }
    std::array<std::uint64_t, 25> moved;
    for (std::size_t i = 0; i < 25; ++i) {
      const std::size_t x = i % 5;
      const std::uint64_t theta = column[(x + 4) % 5] ^ std::rotl(column[(x + 1) % 5], 1);
      moved[kMoves[i].to] = std::rotl(lanes[i] ^ theta, kMoves[i].turn);
    }
    for (std::size_t y = 0; y < 25; y += 5) {
      for (std::size_t x = 0; x < 5; ++x) {
        lanes[y + x] = moved[y + x] ^ (~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5]);
      }
    }
    lanes[0] ^= constant;
  }
}

}  // namespace

Shake128::Shake128(Bytes seed) {
  CULVERT_ASSERT(seed.size() < kRate);
  const auto absorb = [this](std::size_t at, std::uint8_t byte) {
    lanes_[at / 8] ^= std::uint64_t{byte} << (8 * (at % 8));
  };
  for (std::size_t i = 0; i < seed.size(); ++i) absorb(i, seed[i]);
  absorb(seed.size(), 0x1f);  // the domain of SHAKE, and the first bit of the padding
  absorb(kRate - 1, 0x80);    // its last bit
}

void Shake128::squeeze() {
  permute(lanes_);
  at_ = 0;
}

void Shake128::read(MutableBytes out) {
  for (std::uint8_t& byte : out) byte = next();
}

}  // namespace culvert::crypto
