#include "proxy/Outbound.h"

#include <utility>

namespace culvert::proxy {

Loop& Outbound::home(const Session&, Loop& here) {
  return here;
}

void refuse(StreamPtr visitor, FlowRecordPtr record, std::error_code why) {
  if (record) record->fail(why);
  // A stream that has not ended is reset by its destruction.
  visitor.reset();
}

}  // namespace culvert::proxy
