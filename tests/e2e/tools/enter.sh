#!/bin/sh
# enter.sh NETNS ETC NOFILE COMMAND...
#
# Becomes COMMAND in a network namespace, with the hosts and resolv.conf files of the folder ETC and at most
# NOFILE open files ("-": as they are).  The pid stays the same, and the kernel ends the command together
# with its parent.
set -eu
netns=$1 etc=$2 nofile=$3
shift 3
# shellcheck disable=SC2016  # the inner shell expands it
exec nsenter --net="$netns" unshare --mount --propagation private setpriv --pdeathsig KILL \
  sh -c '
    set -eu
    etc=$1 nofile=$2
    shift 2
    mount --bind "$etc/hosts" /etc/hosts
    mount --bind "$etc/resolv.conf" /etc/resolv.conf
    [ "$nofile" = - ] || ulimit -n "$nofile"
    exec "$@"' enter "$etc" "$nofile" "$@"
