// The other ends of loopback tests, on plain Poco sockets: a server that echoes and a client that
// compares.
#pragma once

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Timespan.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace culvert::app {

/// A port that nobody used a moment ago.
inline int freePort() {
  Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
  return socket.address().port();
}

inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

class EchoServer {
 public:
  EchoServer()
      : socket_(Poco::Net::SocketAddress("127.0.0.1", 0)), accepter_([this] { accept(); }) {}
  ~EchoServer() {
    stopping_ = true;
    accepter_.join();
    for (std::thread& each : servers_) each.join();
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  int port() const { return socket_.address().port(); }

 private:
  static constexpr long kPollMicroseconds = 20'000;

  void accept() {
    while (!stopping_) {
      if (!socket_.poll(Poco::Timespan(kPollMicroseconds), Poco::Net::Socket::SELECT_READ))
        continue;
      servers_.emplace_back(
          [this, connection = socket_.acceptConnection()]() mutable { serve(connection); });
    }
  }
  void serve(Poco::Net::StreamSocket& connection) {
    std::vector<char> buffer(64 * 1024);
    try {
      while (!stopping_) {
        if (!connection.poll(Poco::Timespan(kPollMicroseconds), Poco::Net::Socket::SELECT_READ))
          continue;
        const int got = connection.receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
        if (got <= 0) break;
        for (int sent = 0; sent < got;)
          sent += connection.sendBytes(buffer.data() + sent, got - sent);
      }
    } catch (const Poco::Exception&) {
      // The peer reset the connection: what some tests are about.
    }
  }

  Poco::Net::ServerSocket socket_;
  std::atomic<bool> stopping_{false};
  std::list<std::thread> servers_;
  std::thread accepter_;
};

class Client {
 public:
  explicit Client(int port)
      : socket_(Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(port))) {
    socket_.setReceiveTimeout(Poco::Timespan(20, 0));
    socket_.setSendTimeout(Poco::Timespan(20, 0));
  }

  /// Sends `text` while receiving, until as much has come back.
  std::string exchange(const std::string& text) {
    std::thread sender([&] {
      try {
        for (std::size_t at = 0; at < text.size();) {
          const std::size_t piece = std::min<std::size_t>(text.size() - at, 256 * 1024);
          at += static_cast<std::size_t>(
              socket_.sendBytes(text.data() + at, static_cast<int>(piece)));
        }
      } catch (const Poco::Exception&) {
        // The receiver notices.
      }
    });
    std::string received;
    std::vector<char> buffer(64 * 1024);
    try {
      while (received.size() < text.size()) {
        const int got = socket_.receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
        if (got <= 0) break;
        received.append(buffer.data(), static_cast<std::size_t>(got));
      }
    } catch (const Poco::Exception& error) {
      received += " (" + error.displayText() + ")";
    }
    sender.join();
    return received;
  }

  /// Waits for the connection's end: whether that is a reset.
  bool isReset() {
    char byte = 0;
    try {
      while (socket_.receiveBytes(&byte, 1) > 0) {
      }
      return false;
    } catch (const Poco::Net::ConnectionResetException&) {
      return true;
    }
  }

 private:
  Poco::Net::StreamSocket socket_;
};

}  // namespace culvert::app
