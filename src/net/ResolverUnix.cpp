// The one door to c-ares.
#include "base/Log.h"
#include "net/HostsFile.h"
#include "net/NameServer.h"
#include "net/Reactor.h"
#include "net/Watch.h"

#include <ares.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/time.h>
#include <system_error>
#include <utility>

namespace culvert {
namespace {

constexpr Log log{"net"};
constexpr int kTryMilliseconds = 1000;
constexpr int kTries = 3;

void startLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (const int status = ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS) {
      throw std::system_error(std::make_error_code(std::errc::not_enough_memory),
                              ares_strerror(status));
    }
  });
}

/// One set of name servers and the sockets to them.
class Channel {
 public:
  Channel(Reactor& reactor, const ResolverOptions& options) : reactor_(reactor) {
    ares_options settings{};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
               ARES_OPT_RESOLVCONF | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
    settings.timeout = kTryMilliseconds;
    settings.tries = kTries;
    char lookups[] = "b";  // name servers only: the hosts file is read elsewhere
    settings.lookups = lookups;
    settings.sock_state_cb = &Channel::onSocketState;
    settings.sock_state_cb_data = this;
    std::string path = options.resolverFile;
    settings.resolvconf_path = path.data();
    settings.udp_port = settings.tcp_port = options.serverPort;
#ifdef ARES_OPT_QUERY_CACHE
    settings.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    check(ares_init_options(&channel_, &settings, mask));
    if (options.servers.empty()) return;
    std::string list;
    for (const Endpoint& server : options.servers)
      list += (list.empty() ? "" : ",") + toString(server);
    check(ares_set_servers_ports_csv(channel_, list.c_str()));
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    isEnding_ = true;
    ares_destroy(channel_);  // calls back for every open question and socket
  }

  void ask(const std::string& name, bool v6, NameServer::Asked asked) {
    auto* const question = new Question{this, std::move(asked)};
    ++open_;
    ares_addrinfo_hints hints{};
    hints.ai_family = v6 ? AF_INET6 : AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Channel::onAnswer, question);
    settle();
  }

  [[nodiscard]] bool isIdle() const noexcept {
    return open_ == 0;
  }
  /// Whether the servers said nothing to a whole question.
  [[nodiscard]] bool wasSilent() const noexcept {
    return wasSilent_;
  }

 private:
  struct Question {
    Channel* channel;
    NameServer::Asked asked;
  };

  /// A socket of c-ares, which closes it by itself.
  class Line final : public Watcher {
   public:
    Line(Channel& channel, os::Descriptor socket)
        : channel_(channel), socket_(socket), watch_(channel.reactor_, *this, socket) {}
    ~Line() {
      if (watch_.isOpen()) (void)watch_.release();
    }
    void want(bool read, bool write) {
      watch_.want({.read = read, .write = write, .errors = read || write});
    }
    /// Lets go of the descriptor, which c-ares is about to close.
    void leave() { (void)watch_.release(); }

    void onReadable() override { channel_.process(socket_, ARES_SOCKET_BAD); }
    void onWritable() override { channel_.process(ARES_SOCKET_BAD, socket_); }
    void onWatchFailed(std::error_code) noexcept override {}  // the question runs into its time-out

   private:
    Channel& channel_;
    const os::Descriptor socket_;
    Watch watch_;
  };

  static void check(int status) {
    if (status == ARES_SUCCESS) return;
    throw std::system_error(std::make_error_code(std::errc::io_error), ares_strerror(status));
  }

  static void onSocketState(void* self, ares_socket_t socket, int readable, int writable) {
    static_cast<Channel*>(self)->setLine(socket, readable != 0, writable != 0);
  }

  void setLine(os::Descriptor socket, bool read, bool write) {
    auto line = lines_.find(socket);
    if (!read && !write) {
      if (line == lines_.end()) return;
      // It may be the one that is calling us: destroyed at the turn's end.
      line->second->leave();
      gone_.push_back(std::move(line->second));
      lines_.erase(line);
      reactor_.atTurnEnd(sweep_);
      return;
    }
    if (line == lines_.end()) {
      line = lines_.emplace(socket, std::make_unique<Line>(*this, socket)).first;
    }
    line->second->want(read, write);
  }

  static void onAnswer(void* argument, int status, int, ares_addrinfo* result) {
    const std::unique_ptr<Question> question(static_cast<Question*>(argument));
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owned(result,
                                                                             &ares_freeaddrinfo);
    Channel& channel = *question->channel;
    --channel.open_;
    if (channel.isEnding_) return;
    NameServer::Answer answer = read(status, result);
    channel.wasSilent_ = status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED;
    question->asked(answer);
  }

  static NameServer::Answer read(int status, const ares_addrinfo* result) {
    using Kind = NameServer::Answer::Kind;
    NameServer::Answer answer{Kind::Failed, {}, {}};
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA) answer.kind = Kind::Nothing;
    if (status != ARES_SUCCESS || !result) return answer;
    int ttl = INT32_MAX;
    for (const ares_addrinfo_node* node = result->nodes; node; node = node->ai_next) {
      Bytes bytes;
      if (node->ai_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
        bytes = {reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), 4};
      } else if (node->ai_family == AF_INET6) {
        bytes = {reinterpret_cast<const sockaddr_in6*>(node->ai_addr)->sin6_addr.s6_addr, 16};
      } else {
        continue;
      }
      answer.addresses.push_back(Ip::fromBytes(bytes));
      ttl = std::min(ttl, node->ai_ttl);
    }
    answer.kind = answer.addresses.empty() ? Kind::Nothing : Kind::Found;
    answer.ttl = std::chrono::seconds(answer.addresses.empty() ? 0 : std::max(ttl, 0));
    return answer;
  }

  void process(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel_, readable, writable);
    settle();
  }

  void onTimeout() {
    process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }

  /// Comes back when the next try is due.
  void settle() {
    timeval next{};
    if (!ares_timeout(channel_, nullptr, &next)) return timeout_.disarm();
    reactor_.arm(timeout_,
                 std::chrono::seconds(next.tv_sec) + std::chrono::microseconds(next.tv_usec));
  }

  void sweep() {
    gone_.clear();
  }

  Reactor& reactor_;
  ares_channel channel_ = nullptr;
  std::size_t open_ = 0;
  bool isEnding_ = false, wasSilent_ = false;
  std::map<os::Descriptor, std::unique_ptr<Line>> lines_;
  std::vector<std::unique_ptr<Line>> gone_;
  TurnEndOf<Channel, &Channel::sweep> sweep_{*this};
  DeadlineOf<Channel, &Channel::onTimeout> timeout_{*this};
};

class CaresNameServer final : public NameServer {
 public:
  CaresNameServer(Reactor& reactor, const ResolverOptions& options)
      : reactor_(reactor), options_(options), file_(options.resolverFile) {
    startLibrary();
  }

  void ask(const std::string& name, bool v6, Asked asked) override {
    Channel* channel = nullptr;
    try {
      channel = &current();
    } catch (const std::system_error& problem) {
      log.warning("name servers cannot be asked: ", problem.what());
      return asked({Answer::Kind::Failed, {}, {}});
    }
    channel->ask(name, v6, std::move(asked));
  }

 private:
  /// The channel for a new question: another one when the servers changed, or did not answer (the
  /// way to them may have), while the old one finishes what it was asked.
  Channel& current() {
    std::erase_if(old_, [](const auto& channel) { return channel->isIdle(); });
    const bool changed = file_.hasChanged();
    if (channel_ && (changed || channel_->wasSilent())) old_.push_back(std::move(channel_));
    if (!channel_) channel_ = std::make_unique<Channel>(reactor_, options_);
    return *channel_;
  }

  Reactor& reactor_;
  const ResolverOptions options_;
  FileStamp file_;
  std::unique_ptr<Channel> channel_;
  std::vector<std::unique_ptr<Channel>> old_;
};

}  // namespace

std::unique_ptr<NameServer> makeNameServer(Reactor& reactor, const ResolverOptions& options) {
  return std::make_unique<CaresNameServer>(reactor, options);
}

}  // namespace culvert
