// culvert-netsim: two network namespaces joined by two TUN devices and a path of any length.
//
// One thread: reads what each device has, asks the paths what is due, writes it to the other
// device, and sleeps until the next packet is due or comes.
#include "bench/netsim/Options.h"
#include "bench/netsim/Path.h"
#include "bench/netsim/Tun.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <utility>
#include <vector>

namespace culvert::netsim {
namespace {

constexpr int kBatch = 64;
constexpr std::size_t kOffloadSlots = 8'192, kPlainSlots = 131'072;
constexpr std::size_t kSlotSlack = 64;

volatile std::sig_atomic_t ending = 0, telling = 0;

Nanoseconds now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

/// From one device to the other.
struct Direction {
  Direction(Tun& source, Tun& sink, Path&& way) : from(source), to(sink), path(std::move(way)) {}

  /// Reads a batch; false: there was less than that.
  bool take(std::uint8_t* scrap) {
    for (int i = 0; i < kBatch; ++i) {
      Path::Packet packet;
      std::uint8_t* const room = path.room();
      if (!from.read(room ? room : scrap, path.slotBytes(), packet)) return false;
      room ? path.offer(packet, now()) : path.refuse();
    }
    return true;
  }

  void give() {
    Nanoseconds time = now();
    int left = kBatch;
    for (Path::Slot slot = path.due(time); slot.data && left > 0; slot = path.due(time), --left) {
      if (!to.write(slot.data, slot.size)) ++notTaken;
      path.pop();
    }
  }

  void tell(const char* name) const {
    const PathCounts& counts = path.counts();
    std::printf(
        "\"%s\": {\"packets\": %llu, \"bytes\": %llu, \"reads\": %llu, \"delivered\": %llu, "
        "\"lost\": %llu, \"hole\": %llu, \"queue_full\": %llu, \"no_room\": %llu, "
        "\"duplicated\": %llu, \"reordered\": %llu, \"not_taken\": %llu, \"longest_queue_ms\": "
        "%.2f}",
        name, ull(counts.packets), ull(counts.bytes), ull(counts.reads), ull(counts.delivered),
        ull(counts.lost), ull(counts.hole), ull(counts.queueFull), ull(counts.noRoom),
        ull(counts.duplicated), ull(counts.reordered), ull(notTaken),
        static_cast<double>(counts.longestQueue) / static_cast<double>(kMillisecond));
  }
  static unsigned long long ull(std::uint64_t value) { return value; }

  Tun& from;
  Tun& to;
  Path path;
  std::uint64_t notTaken = 0;
};

void tell(const std::array<Direction, 2>& ways, const Options& options) {
  std::printf("{\"seed\": %llu, ", static_cast<unsigned long long>(options.seed));
  ways[0].tell("there");
  std::printf(", ");
  ways[1].tell("back");
  std::printf("}\n");
  std::fflush(stdout);
}

Tun::Settings deviceOf(const Options& options, std::size_t side) {
  return {.nameSpace = options.nameSpaces[side],
          .device = options.devices[side],
          .addresses = options.addresses[side],
          .mtu = options.mtu[side],
          .offload = options.usesOffload()};
}

Path pathOf(const Options& options, std::size_t side) {
  const bool offload = options.usesOffload();
  const std::size_t plain = static_cast<std::size_t>(options.mtu[side]) + kSlotSlack;
  return Path(options.paths[side], options.seed * 2 + side, offload ? kOffloadSlots : kPlainSlots,
              offload ? Tun::kMostBytes : plain);
}

void run(const Options& options) {
  Tun a(deviceOf(options, 0)), b(deviceOf(options, 1));
  std::array<Direction, 2> ways{Direction(a, b, pathOf(options, 0)),
                                Direction(b, a, pathOf(options, 1))};
  std::vector<std::uint8_t> scrap(Tun::kMostBytes);

  sigset_t blocked, open;
  sigemptyset(&blocked);
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&blocked, number);
  ::sigprocmask(SIG_BLOCK, &blocked, &open);
  std::signal(SIGTERM, [](int) { ending = 1; });
  std::signal(SIGINT, [](int) { ending = 1; });
  std::signal(SIGUSR1, [](int) { telling = 1; });
  ::prctl(PR_SET_TIMERSLACK, 1L);

  std::printf("ready %s %s offload=%s seed=%llu\n", a.device().c_str(), b.device().c_str(),
              options.usesOffload() ? "on" : "off", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);

  std::array<pollfd, 2> polled{pollfd{a.descriptor(), POLLIN, 0},
                               pollfd{b.descriptor(), POLLIN, 0}};
  std::array<bool, 2> more{false, false};
  while (!ending) {
    Nanoseconds wait = more[0] || more[1] ? 0 : -1;
    for (const Direction& way : ways) {
      const Nanoseconds next = way.path.next();
      if (next < 0) continue;
      const Nanoseconds left = std::max<Nanoseconds>(0, next - now());
      if (wait < 0 || left < wait) wait = left;
    }
    const timespec limit{wait / 1'000'000'000, wait % 1'000'000'000};
    if (::ppoll(polled.data(), polled.size(), wait < 0 ? nullptr : &limit, &open) < 0) {
      polled[0].revents = polled[1].revents = 0;  // a signal
    }
    if (telling) {
      telling = 0;
      tell(ways, options);
    }
    for (std::size_t side : {0u, 1u}) {
      if (polled[side].revents != 0 || more[side]) more[side] = ways[side].take(scrap.data());
      ways[side].give();
    }
  }
  tell(ways, options);
}

}  // namespace
}  // namespace culvert::netsim

int main(int count, char** arguments) {
  using namespace culvert::netsim;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (words.empty() || words[0] == "--help") {
      std::fputs(usage(), stdout);
      return words.empty() ? 2 : 0;
    }
    run(parseOptions(words));
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "culvert-netsim: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "culvert-netsim: %s\n", error.what());
    return 1;
  }
}
