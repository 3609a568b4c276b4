#include "net/Resolver.h"

#include "base/Errc.h"
#include "net/Reactor.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace culvert {
namespace {

constexpr std::chrono::seconds kLimit{5};
constexpr std::chrono::seconds kPatience{1};           ///< before a last good address is taken
constexpr std::chrono::milliseconds kOtherFamily{50};  ///< RFC 8305's resolution delay

bool isDigit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool isHexDigit(char c) noexcept {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool isNameByte(char c) noexcept {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/// A last label that inet_aton and its kin would read as a number.
bool isNumber(std::string_view label) noexcept {
  if (label.size() >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
    return std::all_of(label.begin() + 2, label.end(), isHexDigit);
  }
  return std::all_of(label.begin(), label.end(), isDigit);
}

bool wants(Families families, bool v6) noexcept {
  return families != (v6 ? Families::V4 : Families::V6);
}

}  // namespace

bool isResolvableName(const std::string& name) noexcept {
  constexpr std::size_t kLongestName = 253, kLongestLabel = 63;
  std::string_view rest = name;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  if (rest.empty() || rest.size() > kLongestName) return false;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (label.empty() || label.size() > kLongestLabel) return false;
    if (!std::all_of(label.begin(), label.end(), isNameByte)) return false;
    if (dot == std::string_view::npos) return !isNumber(label);
    rest.remove_prefix(dot + 1);
  }
}

std::vector<Ip> interleaved(const std::vector<Ip>& v6, const std::vector<Ip>& v4,
                            Families families) {
  static const std::vector<Ip> none;
  const bool v4First = families == Families::V4First;
  const std::vector<Ip>& first = v4First ? v4 : wants(families, true) ? v6 : none;
  const std::vector<Ip>& second = v4First ? v6 : wants(families, false) ? v4 : none;
  std::vector<Ip> all;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) all.push_back(first[i]);
    if (i < second.size()) all.push_back(second[i]);
  }
  return all;
}

/// One question to the name servers, shared by all who asked.
class Resolver::Query final {
 public:
  struct Side {
    bool done = false;
    NameServer::Answer::Kind kind = NameServer::Answer::Kind::Failed;
    std::vector<Ip> addresses;
  };

  explicit Query(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const Side& side(bool v6) const noexcept { return sides_[v6]; }
  [[nodiscard]] bool isDone() const noexcept { return sides_[0].done && sides_[1].done; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  void tell();

 private:
  friend class Request;
  friend class Resolver;

  const std::string name_;
  Side sides_[2];
  Request* first_ = nullptr;
};

class Resolver::Request final : public Handle {
 public:
  Request(Resolver& resolver, const std::string& name, Families families, Resolved done)
      : resolver_(resolver),
        families_(families),
        done_(std::move(done)),
        name_(normalizedDomain(name)) {
    if (!isResolvableName(name)) {
      answerLater(Errc::BadAddress, {});
    } else if (!findInHosts() && !findInCache()) {
      ask();
    }
  }

  ~Request() override { leave(); }

  /// Something about the query changed.
  void look() {
    if (!query_) return;
    const Query::Side &v6 = query_->side(true), &v4 = query_->side(false);
    const bool haveAll =
        (v6.done || !wants(families_, true)) && (v4.done || !wants(families_, false));
    const bool haveOne = (wants(families_, true) && !v6.addresses.empty()) ||
                         (wants(families_, false) && !v4.addresses.empty());
    if (haveAll) {
      conclude();
    } else if (haveOne && !other_.isArmed()) {
      resolver_.reactor_.arm(other_, kOtherFamily);
    }
  }

  Request *previous_ = nullptr, *next_ = nullptr;

 private:
  using Kind = NameServer::Answer::Kind;

  bool findInHosts() {
    std::vector<Ip> v6, v4;
    for (const Ip& ip : resolver_.hosts_.find(name_)) (ip.isV4() ? v4 : v6).push_back(ip);
    if (v6.empty() && v4.empty()) return false;
    answerLater({}, interleaved(v6, v4, families_));
    return true;
  }

  void ask() {
    query_ = resolver_.query(name_);
    next_ = query_->first_;
    if (next_) next_->previous_ = this;
    query_->first_ = this;
    resolver_.reactor_.arm(limit_, kLimit);
    if (!lastGood().empty()) resolver_.reactor_.arm(patience_, kPatience);
    look();
  }

  bool findInCache() {
    std::vector<Ip> found[2];
    const Clock::time_point now = Clock::now();
    for (const bool v6 : {false, true}) {
      if (!wants(families_, v6)) continue;
      NameCache::Entry entry = resolver_.cache_.find(name_, v6, now);
      if (!entry.fresh) return false;
      found[v6] = std::move(entry.addresses);
    }
    std::vector<Ip> all = interleaved(found[1], found[0], families_);
    if (all.empty()) return false;
    answerLater({}, std::move(all));
    return true;
  }

  std::vector<Ip> lastGood() {
    const Clock::time_point now = Clock::now();
    return interleaved(resolver_.cache_.find(name_, true, now).addresses,
                       resolver_.cache_.find(name_, false, now).addresses, families_);
  }

  /// The servers have said what they will say, or we wait no longer.
  void conclude() {
    std::vector<Ip> all =
        interleaved(query_->side(true).addresses, query_->side(false).addresses, families_);
    if (!all.empty()) return answerLater({}, std::move(all));
    bool exists = false;
    for (const bool v6 : {false, true}) {
      if (wants(families_, v6) && query_->side(v6).kind != Kind::Nothing) exists = true;
    }
    if (!exists) return answerLater(Errc::NameNotFound, {});
    all = lastGood();
    const std::error_code error =
        all.empty() ? make_error_code(Errc::NameFailed) : std::error_code();
    answerLater(error, std::move(all));
  }

  void answerLater(std::error_code error, std::vector<Ip> addresses) {
    if (!error && addresses.empty()) error = Errc::NameNotFound;
    leave();
    error_ = error;
    addresses_ = std::move(addresses);
    resolver_.reactor_.atTurnEnd(answer_);
  }

  void leave() noexcept {
    limit_.disarm();
    patience_.disarm();
    other_.disarm();
    if (!query_) return;
    (previous_ ? previous_->next_ : query_->first_) = next_;
    if (next_) next_->previous_ = previous_;
    previous_ = next_ = nullptr;
    query_.reset();
  }

  void answer() {
    const Resolved done = std::move(done_);  // may destroy this
    done(error_, std::move(addresses_));
  }

  void giveUp() {
    // The next one to ask gets a question of its own: the servers may be back by then.
    const auto running = resolver_.running_.find(name_);
    if (running != resolver_.running_.end() && running->second == query_)
      resolver_.running_.erase(running);
    conclude();
  }

  Resolver& resolver_;
  const Families families_;
  Resolved done_;
  const std::string name_;
  std::shared_ptr<Query> query_;
  std::error_code error_;
  std::vector<Ip> addresses_;
  TurnEndOf<Request, &Request::answer> answer_{*this};
  DeadlineOf<Request, &Request::giveUp> limit_{*this};
  DeadlineOf<Request, &Request::conclude> patience_{*this};
  DeadlineOf<Request, &Request::conclude> other_{*this};
};

void Resolver::Query::tell() {
  for (Request* request = first_; request;) {
    Request* const next = request->next_;
    request->look();  // may leave
    request = next;
  }
}

Resolver::Resolver(Reactor& reactor, NameCache& cache, const ResolverOptions& options)
    : reactor_(reactor),
      cache_(cache),
      hosts_(options.hostsFile),
      server_(makeNameServer(reactor, options)) {}

Resolver::~Resolver() = default;

HandlePtr Resolver::resolve(const std::string& name, Families families, Resolved done) {
  return std::make_unique<Request>(*this, name, families, std::move(done));
}

std::shared_ptr<Resolver::Query> Resolver::query(const std::string& name) {
  const auto found = running_.find(name);
  if (found != running_.end()) return found->second;
  auto query = std::make_shared<Query>(name);
  running_.emplace(name, query);
  for (const bool v6 : {true, false}) {
    server_->ask(name, v6, [this, query, v6](const NameServer::Answer& answer) {
      Query::Side& side = query->sides_[v6];
      side.done = true;
      side.kind = answer.kind;
      side.addresses = answer.addresses;
      if (answer.kind != NameServer::Answer::Kind::Failed) {
        // That a family has no address is worth knowing as long as the other one's are.
        const bool isFound = answer.kind == NameServer::Answer::Kind::Found;
        cache_.store(query->name(), v6, answer.addresses,
                     isFound ? answer.ttl : NameCache::kLongest, Clock::now());
      }
      if (query->isDone()) {
        const auto running = running_.find(query->name());
        if (running != running_.end() && running->second == query) running_.erase(running);
      }
      query->tell();
    });
  }
  return query;
}

}  // namespace culvert
