// `culvert run`: from a configuration file to a program that serves until it is told to stop.
#pragma once

#include "app/Core.h"
#include "app/Instance.h"
#include "config/Model.h"
#include "net/PocoSockets.h"
#include "net/ReactorPool.h"
#include "service/CommandLine.h"
#include "service/Daemon.h"
#include "service/Logging.h"
#include "service/PidFile.h"
#include "service/Privileges.h"
#include "service/Signals.h"

#include <memory>
#include <optional>
#include <string>

namespace culvert::service {

class Runner {
 public:
  explicit Runner(const CommandLine& line);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  /// Returns the exit status.
  int run();

 private:
  /// What cannot go on, with its exit status; the text is for standard error.
  struct Failure {
    int status;
    std::string text;
  };

  config::Model loadChecked();
  void prepare(const config::Model& model);
  void serve(config::Model model);
  void announce();
  void dropRights();
  int live();
  void reload();
  int end();

  const CommandLine line_;
  const std::string file_, statePath_;  ///< absolute: a daemon changes its folder
  std::optional<Account> account_;
  std::string stateDirectory_, stateWhy_;
  std::size_t connectionLimit_ = 0;
  unsigned generation_ = 1;

  Signals signals_;  // before anything that starts a thread
  Daemon daemon_;
  PidFile pidFile_;
  std::unique_ptr<Logging> logging_;
  std::unique_ptr<ReactorPool> pool_;
  std::unique_ptr<PocoSockets> sockets_;
  std::unique_ptr<app::Core> core_;
  std::unique_ptr<app::Instance> instance_;
};

}  // namespace culvert::service
