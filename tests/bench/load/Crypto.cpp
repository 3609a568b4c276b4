// What the machine's own AES-128-GCM costs, in pieces of 16 KiB: the floor of an encrypted tunnel.
#include "bench/load/Clock.h"
#include "bench/load/Commands.h"
#include "bench/load/Report.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

namespace culvert::load {
namespace {

constexpr std::uint64_t kDefaultBytes = 256ULL << 20;
constexpr int kPieceBytes = 16 * 1024;
constexpr int kTagBytes = 16;
constexpr int kPasses = 5;

struct ContextFreer {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

void expect(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL's AES-128-GCM failed");
}

class Aes {
 public:
  Aes() : context_(EVP_CIPHER_CTX_new()) {
    const std::array<unsigned char, 16> key{1, 2, 3};
    expect(EVP_CipherInit_ex(context_.get(), EVP_aes_128_gcm(), nullptr, key.data(), nullptr, 1));
  }

  void seal(std::uint64_t number, unsigned char* piece, unsigned char* tag) {
    begin(number, 1);
    update(piece);
    expect(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag));
  }
  void open(std::uint64_t number, unsigned char* piece, unsigned char* tag) {
    begin(number, 0);
    expect(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag));
    update(piece);
  }

 private:
  void begin(std::uint64_t number, int seals) {
    std::array<unsigned char, 12> nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<unsigned char>(number >> (8 * i));
    expect(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), seals));
  }
  void update(unsigned char* piece) {
    int count = 0;
    expect(EVP_CipherUpdate(context_.get(), piece, &count, piece, kPieceBytes));
    expect(EVP_CipherFinal_ex(context_.get(), piece, &count));
  }

  std::unique_ptr<EVP_CIPHER_CTX, ContextFreer> context_;
};

}  // namespace

void crypto(Arguments& arguments) {
  const auto bytes = arguments.number("--bytes", kDefaultBytes);
  arguments.expectEmpty();
  const auto pieces = std::max<std::uint64_t>(1, bytes / kPieceBytes);
  const auto perGib = 0x1p30 / (static_cast<double>(pieces) * kPieceBytes);

  Aes aes;
  std::vector<unsigned char> piece(kPieceBytes, 'c');
  std::array<unsigned char, kTagBytes> tag{};
  double seal = std::numeric_limits<double>::infinity(), open = seal;
  // CPU time, and the fastest of a few: what others do on the machine does not count.
  for (int pass = 0; pass < kPasses; ++pass) {
    auto begun = cpuSeconds();
    for (std::uint64_t i = 0; i < pieces; ++i) aes.seal(i, piece.data(), tag.data());
    seal = std::min(seal, cpuSeconds() - begun);
    // The same piece again and again: it is the one that was sealed last.
    const auto sealed = piece;
    const auto number = pieces - 1;
    begun = cpuSeconds();
    for (std::uint64_t i = 0; i < pieces; ++i) {
      std::copy(sealed.begin(), sealed.end(), piece.begin());
      aes.open(number, piece.data(), tag.data());
    }
    open = std::min(open, cpuSeconds() - begun);
  }
  Report report;
  report.add("seal_s_per_gib", seal * perGib);
  report.add("open_s_per_gib", open * perGib);
  report.print();
}

}  // namespace culvert::load
