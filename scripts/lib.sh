# shellcheck shell=bash
# What the scripts here share: where things are, and how they speak.  Sourced, never run.

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME

# Everything that outlives a checkout: source archives, Poco, the peers.
# shellcheck disable=SC2034  # for those who source this
cache=${XDG_CACHE_HOME:-$HOME/.cache}/culvert

# Objects of one clone serve the next: ccache sees paths relative to the checkout, and the debug information
# names none (-ffile-prefix-map in cmake/Culvert.cmake).
export CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-2G}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Whole seconds since the script began, for progress lines.
elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }

# Runs a command that installs or mounts: as we are when root, else through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    die "this step needs root, and there is no sudo: $*"
  fi
}

# The number of compile jobs: one per core, but never more than the memory carries (about 1.5 GiB each).
jobs_for_this_machine() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1572864) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  if [ "$memory" -lt "$cores" ]; then echo "$memory"; else echo "$cores"; fi
}
