#include "service/SystemLog.h"

#include <Poco/SyslogChannel.h>

namespace culvert::service {

Poco::AutoPtr<Poco::Channel> makeSystemLog(const std::string& name) {
  return new Poco::SyslogChannel(name, Poco::SyslogChannel::SYSLOG_PID,
                                 Poco::SyslogChannel::SYSLOG_DAEMON);
}

}  // namespace culvert::service
