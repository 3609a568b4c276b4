// A TUN device in a network namespace: whole IP packets, read and written.
//
// With offload each packet has the kernel's virtio-net head in front, and may be a segment of up to
// 64 KiB that stands for many packets (TSO): the head goes through to the other device unread but
// for the size of the pieces.
#pragma once

#include "bench/netsim/Path.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace culvert::netsim {

/// The head of an uncut packet (struct virtio_net_hdr, whose header C++ cannot read).
struct OffloadHead {
  std::uint8_t flags, gsoType;
  std::uint16_t headBytes, gsoBytes, checksumStart, checksumOffset;
};

/// `nameSpace` is a name in /run/netns, a path of a namespace file, or "pid:N".
class Tun {
 public:
  struct Settings {
    std::string nameSpace;
    std::string device;                  ///< "": the kernel chooses
    std::vector<std::string> addresses;  ///< "10.0.0.1/24", "fd00::1/64"
    int mtu = 1500;
    bool offload = false;
  };
  static constexpr std::size_t kMostBytes = 65'536 + sizeof(OffloadHead);

  /// Makes the device, gives it its addresses and sets it up; throws std::system_error.
  explicit Tun(const Settings& settings);
  Tun(const Tun&) = delete;
  Tun& operator=(const Tun&) = delete;
  ~Tun();

  [[nodiscard]] int descriptor() const noexcept { return fd_; }
  [[nodiscard]] const std::string& device() const noexcept { return device_; }

  /// Reads one packet; false: none is there.
  bool read(std::uint8_t* room, std::size_t size, Path::Packet& packet);
  /// False: the kernel did not take it.
  bool write(const std::uint8_t* data, std::size_t size) noexcept;

 private:
  void configure(const Settings& settings);

  int fd_ = -1;
  bool offload_;
  std::string device_;
};

}  // namespace culvert::netsim
