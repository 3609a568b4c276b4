#include "reverse/Names.h"

#include <algorithm>

namespace culvert::reverse {

bool isControl(const Destination& target) {
  return target.network == Network::Udp && target.port == 0 && target.isDomain() &&
         std::find(kControlNames.begin(), kControlNames.end(), target.domain()) !=
             kControlNames.end();
}

bool isDomain(const Destination& target, std::string_view domain) {
  return target.isDomain() && normalizedDomain(target.domain()) == normalizedDomain(domain);
}

}  // namespace culvert::reverse
