// The other end of a connection under test: a plain, blocking socket with a patience of ten
// seconds.
#pragma once

#include "base/Destination.h"
#include "net/SocketAddress.h"
#include "net/SocketCalls.h"

#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace culvert::test {

class PlainSocket {
 public:
  /// How a connection ended for the reader.
  enum class Ending { Fin, Reset, Silence };

  explicit PlainSocket(int descriptor) : descriptor_(check(descriptor, "socket")) {
    const timeval patience{10, 0};
    (void)::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  PlainSocket(PlainSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  PlainSocket& operator=(PlainSocket&& other) noexcept {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    return *this;
  }
  ~PlainSocket() { close(); }

  static PlainSocket connected(const Endpoint& to, std::optional<Ip> from = {}) {
    PlainSocket socket(::socket(to.ip.isV4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (from) socket.bind({*from, 0});
    const os::RawAddress raw = os::toRaw(to);
    check(::connect(socket.descriptor_, raw.get(), raw.size), "connect");
    return socket;
  }
  static PlainSocket listening(const Endpoint& at, int backlog = 128) {
    PlainSocket socket(::socket(at.ip.isV4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    (void)::setsockopt(socket.descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socket.bind(at);
    check(::listen(socket.descriptor_, backlog), "listen");
    return socket;
  }
  static PlainSocket udp(const Endpoint& at) {
    PlainSocket socket(::socket(at.ip.isV4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    socket.bind(at);
    return socket;
  }

  void bind(const Endpoint& at) {
    const os::RawAddress raw = os::toRaw(at);
    check(::bind(descriptor_, raw.get(), raw.size), "bind");
  }
  [[nodiscard]] PlainSocket accept() {
    return PlainSocket(check(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC), "accept"));
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
  [[nodiscard]] Endpoint local() const { return os::localOf(descriptor_); }

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      check(static_cast<int>(count < 0 ? -1 : 0), "send");
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// Exactly `size` bytes, fewer when the connection ended before.
  std::string receive(std::size_t size) {
    std::string text(size, '\0');
    std::size_t done = 0;
    while (done < size) {
      const ssize_t count = ::recv(descriptor_, text.data() + done, size - done, 0);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    text.resize(done);
    return text;
  }
  /// Reads to the end of the connection.
  std::pair<std::string, Ending> receiveAll() {
    std::string all(64 * 1024, '\0'), text;
    for (;;) {
      const ssize_t count = ::recv(descriptor_, all.data(), all.size(), 0);
      if (count > 0) {
        text.append(all.data(), static_cast<std::size_t>(count));
      } else if (count == 0) {
        return {text, Ending::Fin};
      } else if (errno == ECONNRESET) {
        return {text, Ending::Reset};
      } else {
        return {text, Ending::Silence};
      }
    }
  }
  Ending ending() { return receiveAll().second; }
  void end() { check(::shutdown(descriptor_, SHUT_WR), "shutdown"); }
  void reset() {
    const linger value{1, 0};
    (void)::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &value, sizeof value);
    close();
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  void sendTo(std::string_view datagram, const Endpoint& to) {
    const os::RawAddress raw = os::toRaw(to);
    check(static_cast<int>(
              ::sendto(descriptor_, datagram.data(), datagram.size(), 0, raw.get(), raw.size)),
          "sendto");
  }
  /// The next datagram and who sent it; nothing within the patience.
  std::optional<std::pair<std::string, Endpoint>> receiveFrom() {
    std::string text(70'000, '\0');
    os::RawAddress raw;
    const ssize_t count =
        ::recvfrom(descriptor_, text.data(), text.size(), 0, raw.get(), &raw.size);
    if (count < 0) return {};
    text.resize(static_cast<std::size_t>(count));
    return {{text, os::fromRaw(raw)}};
  }

 private:
  static int check(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::system_category(), what);
    return result;
  }
  int descriptor_;
};

}  // namespace culvert::test
