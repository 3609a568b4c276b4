#include "service/Runner.h"

#include "base/Log.h"
#include "net/FdLimit.h"
#include "net/QueueBudget.h"
#include "proxy/Flow.h"
#include "service/Checked.h"
#include "service/Memory.h"
#include "service/StartUpMemory.h"
#include "service/Version.h"
#include "service/Watchdog.h"
#include "service/WipingHeap.h"

#include <chrono>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace culvert::service {
namespace {

using namespace std::chrono_literals;

constexpr Log log{"service"};
constexpr std::chrono::seconds kDrain{10};     ///< F-TERM
constexpr std::chrono::seconds kLastCall{30};  ///< from the signal to the watchdog

/// One line of the log for each problem and its hint (LOG-1); the quoted source lines stay out.
void logProblems(const config::Problems& problems, bool error) {
  std::istringstream lines(problems.text());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t text = line.find_first_not_of(' ');
    if (text == std::string::npos) continue;
    const bool isQuote = text > 0 && !line.substr(text).starts_with("hint:") &&
                         !line.substr(text).starts_with("note:");
    if (isQuote) continue;
    if (error) {
      log.error(line.substr(text));
    } else {
      log.warning(line.substr(text));
    }
  }
}

}  // namespace

Runner::Runner(const CommandLine& line)
    : line_(line),
      file_(absolutePath(line.file)),
      statePath_(line.state.empty() ? "" : absolutePath(line.state)) {}

Runner::~Runner() = default;

int Runner::run() {
  try {
    {
      const WipingHeap wiping;
      config::Model model = loadChecked();
      if (line_.daemon) daemon_.detach();
      prepare(model);
      serve(std::move(model));
    }
    announce();
    dropRights();
    daemon_.reportReady();
    return live();
  } catch (const Failure& failure) {
    if (logging_) logging_->flush();
    std::cerr << failure.text;
    daemon_.reportFailure(failure.status, "");
    return failure.status;
  }
}

config::Model Runner::loadChecked() {
  Checked checked;
  try {
    // Everything is built once before anything is forked, opened or bound: what is wrong shows here
    // (CFG-1).
    checked = check(file_);
  } catch (const std::system_error& error) {
    throw Failure{kUnreadable, "culvert: " + line_.file + ": " + error.code().message() + "\n"};
  }
  if (const int status = checked.status(line_.strict); status != kGood) {
    throw Failure{status, checked.problems.text()};
  }
  if (line_.daemon && checked.model.log.access == "stdout") {
    throw Failure{kErrors, "culvert: log.access: stdout leads nowhere with --daemon\n"};
  }
  std::cerr << checked.problems.text();
  return std::move(checked.model);
}

void Runner::prepare(const config::Model& model) {
  hardenProcess();
  try {
    if (!line_.user.empty()) account_ = findAccount(line_.user);
    if (!line_.pidFile.empty()) pidFile_.lock(line_.pidFile);
    logging_ = std::make_unique<Logging>(
        model.log, line_.daemon ? Logging::Fallback::SystemLog : Logging::Fallback::StandardError);
  } catch (const std::runtime_error& error) {
    throw Failure{kCannotOpen, "culvert: " + std::string(error.what()) + "\n"};
  }
  stateDirectory_ = openStateDirectory(statePath_, account_, stateWhy_);
  connectionLimit_ = raiseDescriptorLimit();
  QueueBudget::setLimit(queueLimit(memoryLimit()));
}

void Runner::serve(config::Model model) {
  const std::size_t threads =
      model.threads > 0 ? static_cast<std::size_t>(model.threads) : ReactorPool::defaultSize();
  pool_ = std::make_unique<ReactorPool>(threads);
  sockets_ = std::make_unique<PocoSockets>(*pool_);
  app::Environment environment{{}, *sockets_, stateDirectory_, geoDirectories(file_)};
  for (std::size_t i = 0; i < pool_->size(); ++i) environment.loops.push_back(&pool_->at(i));
  core_ = std::make_unique<app::Core>(std::move(environment));

  config::Problems problems;
  instance_ = std::make_unique<app::Instance>(std::move(model), *core_, problems);
  if (problems.errors() > 0) throw Failure{kErrors, problems.text()};
  logging_->start();
  pool_->start();
  try {
    instance_->start();
  } catch (const app::StartError& error) {
    end();
    throw Failure{kCannotOpen, error.problems.text()};
  }
  try {
    pidFile_.write();
  } catch (const std::runtime_error& error) {
    end();
    throw Failure{kCannotOpen, "culvert: " + std::string(error.what()) + "\n"};
  }
}

void Runner::announce() {
  log.info("culvert ", versionText(), " started with ", escaped(file_), ": ", pool_->size(),
           pool_->size() == 1 ? " thread, at most " : " threads, at most ", connectionLimit_,
           " connections");
  for (const std::string& line : instance_->summary()) log.info(line);
  if (stateDirectory_.empty()) {
    log.warning("no folder for replay histories (", escaped(stateWhy_),
                "): a restart forgets them; see --state");
  }
  dropStartUpMemory();
}

void Runner::dropRights() {
  if (!account_) {
    if (isAdministrator())
      log.warning("running as the administrator; --user=NAME gives these rights up");
    return;
  }
  try {
    become(*account_);
  } catch (const std::runtime_error& error) {
    end();
    throw Failure{kCannotOpen, "culvert: --user: " + std::string(error.what()) + "\n"};
  }
}

int Runner::live() {
  for (;;) {
    const std::optional<Signal> signal = signals_.wait();
    if (signal == Signal::Stop) return end();
    if (signal == Signal::Reload) reload();
  }
}

void Runner::reload() {
  const WipingHeap wiping;
  logging_->reopen();
  try {
    config::Loaded loaded = config::load(file_);
    std::unique_ptr<app::Instance> next;
    if (loaded.problems.errors() == 0) {
      next =
          std::make_unique<app::Instance>(loaded.model, *core_, loaded.problems, instance_.get());
    }
    const bool refused =
        loaded.problems.errors() > 0 || (line_.strict && loaded.problems.warnings() > 0);
    logProblems(loaded.problems, refused);
    if (refused) throw std::runtime_error(escaped(file_) + " has errors");
    next->start();
    if (loaded.model.threads != instance_->model().threads) {
      log.warning("threads: takes effect at the next start");
    }
    instance_ = std::move(next);
    logging_->apply(instance_->model().log);
    log.info("reloaded ", escaped(file_), ": generation ", ++generation_);
    for (const std::string& line : instance_->summary()) log.info(line);
  } catch (const app::StartError& error) {
    logProblems(error.problems, true);
    log.error("reload failed: a port cannot be opened; generation ", generation_, " keeps running");
  } catch (const std::system_error& error) {
    log.error("reload failed: ", escaped(file_), ": ", error.code(), "; generation ", generation_,
              " keeps running");
  } catch (const std::exception& error) {
    log.error("reload failed: ", escaped(error.what()), "; generation ", generation_,
              " keeps running");
  }
}

/// Drains for a while when serving, then ends what is left.
int Runner::end() {
  Watchdog watchdog;
  watchdog.start(kLastCall);
  const bool served = core_->dispatcher.plan() != nullptr;
  if (served) {
    instance_->drain();
    const auto until = Clock::now() + kDrain;
    if (proxy::FlowRecord::underWay() > 0) {
      log.info("stopping; ", proxy::FlowRecord::underWay(), " flows have ", kDrain, " to end");
    }
    while (proxy::FlowRecord::underWay() > 0 && Clock::now() < until) {
      if (signals_.wait(50ms) == Signal::Stop) break;
    }
    instance_->stop();
  }
  pool_->stop();
  pool_->join();
  instance_.reset();
  core_.reset();
  sockets_.reset();
  if (served) log.info("stopped");
  logging_->flush();
  logging_.reset();
  return kGood;
}

}  // namespace culvert::service
