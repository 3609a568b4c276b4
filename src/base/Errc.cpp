#include "base/Errc.h"

#include <string>

namespace culvert {
namespace {

const char* describe(Errc code) {
  switch (code) {
    case Errc::Ok:
      return "ok";
    case Errc::Truncated:
      return "closed in the middle of a message";
    case Errc::BadFrame:
      return "malformed frame";
    case Errc::BadTag:
      return "message authentication failed";
    case Errc::BadAddress:
      return "malformed address";
    case Errc::BadHeader:
      return "malformed header";
    case Errc::Unauthenticated:
      return "not authenticated";
    case Errc::ClockSkew:
      return "clocks differ too much";
    case Errc::Replayed:
      return "replayed";
    case Errc::Reset:
      return "reset by the other end";
    case Errc::Aborted:
      return "aborted";
    case Errc::TimedOut:
      return "timed out";
    case Errc::Idle:
      return "idle for too long";
    case Errc::Overloaded:
      return "limit reached";
    case Errc::PeerOverran:
      return "peer sent more than its window";
    case Errc::LinkLost:
      return "link lost";
    case Errc::NoLink:
      return "no link to a bridge";
    case Errc::NoRoute:
      return "no rule for this target";
    case Errc::Refused:
      return "target not allowed";
    case Errc::NameNotFound:
      return "name not found";
    case Errc::NameFailed:
      return "name look-up failed";
    case Errc::Unreachable:
      return "target unreachable";
    case Errc::Stopped:
      return "stopping";
    case Errc::Unsupported:
      return "not in this version";
  }
  return "unknown error";
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "culvert"; }
  std::string message(int value) const override { return describe(static_cast<Errc>(value)); }
};

}  // namespace

const std::error_category& culvertCategory() noexcept {
  static const Category category;
  return category;
}

}  // namespace culvert
