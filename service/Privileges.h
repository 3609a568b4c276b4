// As few rights as possible (PRIV-1, KEY-3).
#pragma once

#include <optional>
#include <string>

namespace culvert::service {

/// No core files, not to be traced by others, and no program started from here gains rights. Before
/// the first thread; again after dropping rights, which undoes a part of it.
void hardenProcess();

[[nodiscard]] bool isAdministrator();

/// An account, found while names can still be looked up.
struct Account {
  std::string name;
  unsigned user = 0, group = 0;
};
/// Throws std::runtime_error when there is no such account.
Account findAccount(const std::string& name);

/// Becomes `account` for good: groups, real, effective and saved ids; all threads.  Throws
/// std::runtime_error when that fails or could be undone.
void become(const Account& account);

/// Where replay histories live: `wanted`, else $STATE_DIRECTORY, else /var/lib/culvert for the
/// administrator, else ~/.local/state/culvert.  Made if it is not there, private, and given to
/// `owner`.  Empty when there is no such folder to be had; `why` tells the reason.
std::string openStateDirectory(const std::string& wanted, const std::optional<Account>& owner,
                               std::string& why);

/// The folder of the running program; empty when the system does not tell.
std::string programDirectory();

}  // namespace culvert::service
