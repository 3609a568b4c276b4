#!/usr/bin/env python3
"""Runs a command and reports every process, network namespace and mount it leaves behind.

    watch.py REPORT COMMAND [ARG...]

The exit status is the command's.  REPORT gets one line per thing left; the processes are ended.  Orphans of the
command cannot hide: as their subreaper (prctl) we become the parent of each, however it detached itself.
"""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 5  # a process that was told to end may still be on its way out
PREFIX = "cv"  # of every namespace the tests name


def children():
    """{pid: command line} of our living children."""
    found = {}
    for pid in pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if state != "Z":
            found[int(pid)] = line.strip() or "(no command line)"
    return found


def reap():
    """Collects the children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def namespaces():
    folder = pathlib.Path("/run/netns")
    return {entry.name for entry in folder.glob(PREFIX + "*")} if folder.is_dir() else set()


def mounts():
    return {line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()}


def main():
    report, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("watch.py: cannot become a subreaper: " + os.strerror(ctypes.get_errno()))
    before = namespaces(), mounts()
    child = subprocess.Popen(command)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: child.send_signal(number))
    status = child.wait()

    deadline = time.monotonic() + GRACE_SECONDS
    reap()
    while children() and time.monotonic() < deadline:
        time.sleep(0.05)
        reap()
    left = []
    while found := children():  # their own children become ours, so until none is left
        for pid, line in found.items():
            left.append(f"process {pid}: {line[:300]}")
            with contextlib.suppress(PermissionError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + GRACE_SECONDS
        while set(children()) & set(found) and time.monotonic() < deadline:
            time.sleep(0.02)
            reap()
        if set(children()) & set(found):
            break  # they are another user's; reported all the same
        reap()
    left += [f"namespace {name}" for name in sorted(namespaces() - before[0])]
    left += [f"mount {where}" for where in sorted(mounts() - before[1])]
    report.write_text("".join(line + "\n" for line in left))
    sys.exit(status if status >= 0 else 128 - status)


main()
