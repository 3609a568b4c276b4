#include "proxy/Registry.h"
#include "proxy/vmess/Inbound.h"
#include "proxy/vmess/Outbound.h"

namespace culvert::vmess {

void add(proxy::Registry& registry) {
  registry.inbound("vmess", makeInbound);
  registry.outbound("vmess", makeOutbound);
}

}  // namespace culvert::vmess
