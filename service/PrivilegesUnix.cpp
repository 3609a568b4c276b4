#include "service/Privileges.h"
#include "service/Reason.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <grp.h>
#include <pwd.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>

namespace culvert::service {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + systemReason(errno));
}

}  // namespace

void hardenProcess() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool isAdministrator() {
  return ::geteuid() == 0;
}

Account findAccount(const std::string& name) {
  errno = 0;
  // At start, before there is a second thread.
  const passwd* const entry = ::getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (!entry) {
    throw std::runtime_error("there is no account \"" + name + "\"" +
                             (errno != 0 ? std::string(": ") + systemReason(errno) : ""));
  }
  if (entry->pw_uid == 0) throw std::runtime_error("account \"" + name + "\" is the administrator");
  return {name, entry->pw_uid, entry->pw_gid};
}

void become(const Account& account) {
  if (::geteuid() != 0) {
    if (::geteuid() == account.user) return;
    throw std::runtime_error("only the administrator can become \"" + account.name + "\"");
  }
  if (::setgroups(0, nullptr) != 0) fail("setgroups");
  if (::setresgid(account.group, account.group, account.group) != 0) fail("setresgid");
  if (::setresuid(account.user, account.user, account.user) != 0) fail("setresuid");
  uid_t real = 0, effective = 0, saved = 0;
  if (::getresuid(&real, &effective, &saved) != 0 || real != account.user ||
      effective != account.user || saved != account.user || ::setuid(0) == 0 || ::setgid(0) == 0) {
    throw std::runtime_error("rights were not given up");
  }
  hardenProcess();
}

std::string openStateDirectory(const std::string& wanted, const std::optional<Account>& owner,
                               std::string& why) {
  std::string path = wanted;
  if (path.empty()) {
    // systemd may name several, separated by colons; the first is ours.
    if (const char* given = std::getenv("STATE_DIRECTORY"))
      path = std::string(given).substr(0, std::string(given).find(':'));
  }
  if (path.empty() && ::geteuid() == 0) path = "/var/lib/culvert";
  if (path.empty()) {
    const char* const home = std::getenv("HOME");
    if (!home || *home != '/') {
      why = "HOME is not set";
      return {};
    }
    path = std::string(home) + "/.local/state/culvert";
  }
  std::error_code error;
  path = std::filesystem::absolute(path, error).string();
  const bool existed = std::filesystem::is_directory(path, error);
  if (!existed) {
    const mode_t before = ::umask(077);
    std::filesystem::create_directories(path, error);
    ::umask(before);
    if (error) {
      why = path + ": " + error.message();
      return {};
    }
  }
  if (owner && ::geteuid() == 0) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0 && (found.st_uid == 0 || !existed) &&
        ::chown(path.c_str(), owner->user, owner->group) != 0) {
      why = path + ": " + systemReason(errno);
    }
  }
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    why = path + ": " + systemReason(errno);
    return {};
  }
  return path;
}

std::string programDirectory() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : program.parent_path().string();
}

}  // namespace culvert::service
