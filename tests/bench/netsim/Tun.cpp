#include "bench/netsim/Tun.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace culvert::netsim {
namespace {

constexpr int kTransmitQueue = 20'000;  // packets the kernel keeps while we are busy
constexpr std::size_t kIpHeadBytes = 20, kIp6HeadBytes = 40;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::system_category(), what);
}

struct Descriptor {
  explicit Descriptor(int value, const std::string& what) : fd(value) {
    if (fd < 0) fail(what);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(fd); }
  const int fd;
};

std::string fileOf(const std::string& nameSpace) {
  if (nameSpace.starts_with("pid:")) return "/proc/" + nameSpace.substr(4) + "/ns/net";
  return nameSpace.find('/') == std::string::npos ? "/run/netns/" + nameSpace : nameSpace;
}

/// This thread is in another network namespace while it lives.
class Visit {
 public:
  explicit Visit(const std::string& nameSpace)
      : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "own namespace") {
    const std::string file = fileOf(nameSpace);
    const Descriptor there(::open(file.c_str(), O_RDONLY | O_CLOEXEC), file);
    if (::setns(there.fd, CLONE_NEWNET) != 0) fail("entering " + file);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() { (void)::setns(home_.fd, CLONE_NEWNET); }

 private:
  Descriptor home_;
};

ifreq requestFor(const std::string& device) {
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

void addAddress(const std::string& device, const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) throw std::invalid_argument("no prefix length in " + text);
  const std::string address = text.substr(0, slash);
  const unsigned prefix = static_cast<unsigned>(std::stoul(text.substr(slash + 1)));
  ifreq request = requestFor(device);
  if (address.find(':') != std::string::npos) {
    const Descriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    if (::ioctl(socket.fd, SIOCGIFINDEX, &request) != 0) fail("index of " + device);
    in6_ifreq v6{};
    v6.ifr6_prefixlen = prefix;
    v6.ifr6_ifindex = request.ifr_ifindex;
    if (::inet_pton(AF_INET6, address.c_str(), &v6.ifr6_addr) != 1 ||
        ::ioctl(socket.fd, SIOCSIFADDR, &v6) != 0) {
      fail("address " + text);
    }
    return;
  }
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) != 1) fail("address " + text);
  std::memcpy(&request.ifr_addr, &v4, sizeof v4);
  if (::ioctl(socket.fd, SIOCSIFADDR, &request) != 0) fail("address " + text);
  v4.sin_addr.s_addr = prefix == 0 ? 0 : htonl(0xFFFFFFFFu << (32 - prefix));
  std::memcpy(&request.ifr_netmask, &v4, sizeof v4);
  if (::ioctl(socket.fd, SIOCSIFNETMASK, &request) != 0) fail("prefix of " + text);
}

/// Bytes of the IP and transport heads in front of the payload that is cut.
std::size_t headBytes(const std::uint8_t* packet, std::size_t size) {
  const bool isV6 = size > 0 && packet[0] >> 4 == 6;
  const std::size_t ip = isV6 ? kIp6HeadBytes : size > 0 ? (packet[0] & 15u) * 4u : kIpHeadBytes;
  return size > ip + 12 ? ip + (packet[ip + 12] >> 4) * 4u : size;
}

}  // namespace

Tun::Tun(const Settings& settings) : offload_(settings.offload) {
  const Visit visit(settings.nameSpace);
  fd_ = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd_ < 0) fail("/dev/net/tun");
  try {
    configure(settings);
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

Tun::~Tun() {
  ::close(fd_);
}

void Tun::configure(const Settings& settings) {
  ifreq request = requestFor(settings.device);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (offload_) request.ifr_flags |= IFF_VNET_HDR;
  if (::ioctl(fd_, TUNSETIFF, &request) != 0) fail("making a TUN device");
  device_ = request.ifr_name;
  const unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  if (offload_ && ::ioctl(fd_, TUNSETOFFLOAD, offloads) != 0) fail("offloads of " + device_);

  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  request = requestFor(device_);
  request.ifr_mtu = settings.mtu;
  if (::ioctl(socket.fd, SIOCSIFMTU, &request) != 0) fail("MTU of " + device_);
  request = requestFor(device_);
  request.ifr_qlen = kTransmitQueue;
  if (::ioctl(socket.fd, SIOCSIFTXQLEN, &request) != 0) fail("queue of " + device_);
  for (const std::string& address : settings.addresses) addAddress(device_, address);
  request = requestFor(device_);
  if (::ioctl(socket.fd, SIOCGIFFLAGS, &request) != 0) fail("flags of " + device_);
  request.ifr_flags |= IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.fd, SIOCSIFFLAGS, &request) != 0) fail("setting up " + device_);
}

bool Tun::read(std::uint8_t* room, std::size_t size, Path::Packet& packet) {
  const ssize_t count = ::read(fd_, room, size);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    fail("reading " + device_);
  }
  packet.size = static_cast<std::size_t>(count);
  packet.wireBytes = packet.largest = packet.size;
  packet.wirePackets = 1;
  if (!offload_) return true;
  OffloadHead head{};
  std::memcpy(&head, room, sizeof head);
  const std::uint8_t* const ip = room + sizeof head;
  const std::size_t whole = packet.size - sizeof head;
  packet.wireBytes = packet.largest = whole;
  if (head.gsoType == 0 || head.gsoBytes == 0) return true;
  const std::size_t heads = headBytes(ip, whole);
  packet.wirePackets =
      std::max<std::size_t>(1, (whole - heads + head.gsoBytes - 1) / head.gsoBytes);
  packet.wireBytes = whole + (packet.wirePackets - 1) * heads;
  packet.largest = std::min(whole, heads + head.gsoBytes);
  return true;
}

bool Tun::write(const std::uint8_t* data, std::size_t size) noexcept {
  return ::write(fd_, data, size) == static_cast<ssize_t>(size);
}

}  // namespace culvert::netsim
