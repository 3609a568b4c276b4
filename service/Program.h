// The program as a Poco application: one command, its exit status.
//
// Poco's own command line, configuration files and --daemon are not used: they act before the
// configuration is checked, and hide what went wrong.
#pragma once

#include "service/CommandLine.h"

#include <Poco/Util/ServerApplication.h>

#include <string>
#include <vector>

namespace culvert::service {

class Program final : public Poco::Util::ServerApplication {
 public:
  /// Returns the exit status; throws nothing.
  int execute(const std::string& name, const std::vector<std::string>& arguments);

 protected:
  int main(const std::vector<std::string>& ignored) override;
  void defineOptions(Poco::Util::OptionSet&) override {}  // not Poco's either

 private:
  CommandLine line_;
};

}  // namespace culvert::service
