"""What processes cost: CPU, memory and wake-ups, read from the kernel."""

import bisect
import os
import pathlib
import threading
import time

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.02


def tree(pids):
    """`pids` and all their living descendants: ssh's server forks one process per connection."""
    found, queue = [], list(pids)
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            queue += [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            pass
    return found


def cpu_seconds(pids):
    """User and system time of all threads, the ended ones included, to the nanosecond.

    The number is the kernel's clock id of a process: CPUCLOCK_SCHED of that pid, as clock_getcpuclockid(3) makes it.
    """
    total = 0.0
    for pid in pids:
        try:
            total += time.clock_gettime((~pid << 3) | 2)
        except OSError:
            pass  # ended
    return total


def _status(path, names):
    values = {}
    try:
        for line in pathlib.Path(path).read_text().splitlines():
            key, _, value = line.partition(":")
            if key in names:
                values[key] = int(value.split()[0])
    except OSError:
        pass  # ended
    return values


def rss_bytes(pids):
    """Resident memory, summed."""
    return sum(_status(f"/proc/{pid}/status", ("VmRSS",)).get("VmRSS", 0) for pid in pids) * 1024


def reset_peak(pids):
    """Forgets the highest resident memory so far."""
    for pid in pids:
        try:
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
        except OSError:
            pass  # ended, or not permitted: then the peak counts from the start


def peak_bytes(pids):
    """The highest resident memory of each since reset_peak, summed."""
    return sum(_status(f"/proc/{pid}/status", ("VmHWM",)).get("VmHWM", 0) for pid in pids) * 1024


def wakeups(pid):
    """How often the threads of a process went to sleep by themselves, and so were woken."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        total += _status(task / "status", ("voluntary_ctxt_switches",)).get("voluntary_ctxt_switches", 0)
    return total


def interpolate(times, values, at):
    """The value of a sampled, steady quantity at a time between two samples."""
    right = bisect.bisect_left(times, at)
    if right == 0:
        return values[0]
    if right == len(times):
        return values[-1]
    before, after = times[right - 1], times[right]
    share = (at - before) / (after - before)
    return values[right - 1] + share * (values[right] - values[right - 1])


class CpuRecorder:
    """Samples the CPU time of a set of processes, so that it can be read for any window afterwards.

    A load program measures after a warm-up of its own; the window is known when it reports.
    """

    def __init__(self, pids):
        self._roots = list(pids)
        self._times, self._values = [], []
        self._end = threading.Event()
        self._sample()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _sample(self):
        self._values.append(cpu_seconds(self._pids()))
        self._times.append(time.monotonic())

    def _pids(self):
        return tree(self._roots)

    def _run(self):
        while not self._end.wait(SAMPLE_SECONDS):
            self._sample()

    def stop(self):
        self._end.set()
        self._thread.join()
        self._sample()

    def between(self, begin, end):
        """CPU seconds used in the window, in time.monotonic()."""
        return interpolate(self._times, self._values, end) - interpolate(self._times, self._values, begin)
