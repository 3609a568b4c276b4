// The system's own log: syslog on Unix.
#pragma once

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>

#include <string>

namespace culvert::service {

Poco::AutoPtr<Poco::Channel> makeSystemLog(const std::string& name);

}  // namespace culvert::service
