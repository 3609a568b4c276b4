"""Every limit the tests judge by, in one table, and the figures of the run.

The musts are those of the release gates.  A shared machine is noisy, so times are allowed twice the must
and ratios half of it; counts and sizes are taken as they are.  CULVERT_E2E_SLOWDOWN multiplies the times
again; it is 3 for an instrumented program (a sanitizer), of which conftest selects the `asan` cases only.
"""

import dataclasses
import mmap
import os

def _instrumented():
    """Whether the program under test carries a sanitizer."""
    path = os.environ.get("CULVERT_BIN", "")
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        return any(image.find(mark) >= 0 for mark in (b"__asan_init", b"__tsan_init", b"__ubsan_handle"))


INSTRUMENTED = _instrumented()
SLOWDOWN = float(os.environ.get("CULVERT_E2E_SLOWDOWN", "3" if INSTRUMENTED else "1"))
NOISE = 2.0


@dataclasses.dataclass(frozen=True)
class Limit:
    must: float
    unit: str
    kind: str  # "time": at most; "most": at most, not scaled; "least": at least, ratios

    def value(self):
        if self.kind == "time":
            return self.must * NOISE * SLOWDOWN
        if self.kind == "least":
            return self.must / NOISE / (1 if SLOWDOWN == 1 else 2)
        return self.must

    def holds(self, figure):
        return figure >= self.value() if self.kind == "least" else figure <= self.value()


def _time(must):
    return Limit(must, "s", "time")


def _count(must):
    return Limit(must, "count", "most")


def _mib(must):
    return Limit(must, "MiB", "most")


LIMITS = {
    # links and their loss
    "F-RST.one.failed": _count(0),
    "F-RST.all.failed": _count(0),
    "F-RST.all.slowest": _time(1.5),
    "F-RST.aborted": _time(1.0),
    "F-TUPLE.one.window": _time(6.0),
    "F-TUPLE.all.outage": _time(8.0),
    "F-TUPLE.aborted": _time(12.0),
    "F-HALF.outage": _time(8.0),
    "F-HOLE.failed": _count(0),
    "F-HOLE.aborted": _count(0),
    "F-HOLE.outage": _time(4.0),
    "F-PORTAL.first": _time(1.5),
    "F-PORTAL.failed": _count(0),
    "F-BRIDGE.first": _time(1.0),
    "F-BRIDGE.failed": _count(0),
    "F-POWER.failed": _count(0),
    "F-POWER.settle": _time(1.0),
    "F-ORDER.first": _time(1.5),
    "F-ORDER.refused": _time(1.0),
    "F-ORDER.silent": _time(10.0),
    "F-DNS.outage": _time(8.0 + 4.0),
    "F-DNS.dead_first": _time(2.0),
    "F-DNSHANG.reset": _time(10.0),
    "F-SLEEP.outage": _time(5.0),
    "F-SLEEP.cpu": _time(0.2),
    "F-CLOCK.again": _time(4.0),
    # a V2Ray at one end
    "MIXED.portal.aborted": _time(12.0),
    "MIXED.portal.power": _time(12.0),
    "MIXED.bridge.newlink": _time(8.0),
    "MIXED.slow.p99": _time(0.050),
    "MIXED.slow.newvisitors": _time(5.0),
    # ends of streams
    "F-CUT.forbidden": _count(0),
    "F-CUT.end": _time(1.0),
    "F-FIN.lost": _count(0),
    "F-FIN.forwarded": _time(0.1),
    "F-CANCEL.end": _time(1.0),
    "F-CANCEL.held": _time(4.0),  # looked for once a second; what is queued has a second at each end
    "F-CANCEL.read": _mib(1.0 * NOISE),
    # fairness
    "F-SLOW.failed": _count(0),
    "F-SLOW.p99": _time(0.050),
    "F-SLOW.speed": Limit(0.80, "ratio", "least"),
    "F-SLOW.memory": _mib(64 * 0.5 + 8),
    "F-NOREAD.failed": _count(0),
    "F-NOREAD.p99": _time(0.1),
    "F-NOREAD.memory": _mib(256 * 1.2),
    "F-NOREAD.released": _time(2.0),
    # long and lossy paths
    "F-LOSS.speed": Limit(0.70, "ratio", "least"),
    "LONG.download": _time(2.0),
    # resources
    "F-DISK.failed": _count(0),
    "F-DISK.resumed": _time(5.0),
    "F-FD.newcomer": _time(2.0),
    "F-FD.cpu": Limit(5.0 * NOISE, "percent", "most"),
    "F-FD.recovered": _time(1.0),
    "F-FD.lines": _count(12),
    "F-START.serving": _time(0.3),
    "F-START.memory": _mib(12.0),
    "BURST.lost": _count(0),
    "BURST.slowest": _time(5.0),
    "LIM-11.parked": _time(10.0),
    "REACH-8.refused": _time(1.0),
    # change
    "F-TERM.drain": _time(10.0),
    "F-TERM.second": _time(1.0),
    "F-RELOAD.failed": _count(0),
    "F-RELOAD.added": _time(1.0),
    "F-RELOAD.removed": _time(2.0),
    "CFG-1.refused": _time(1.0),
    "KEY-6.closed": _time(2.0),
    # data
    "F-BIG.memory": _mib(8.0),
    "F-BIG.pause": _time(1.0),
    "F-UDP.damaged": _count(0),
    "F-UDP.lost": _count(0),
    "F-UDP.loss1000": Limit(0.1 * NOISE, "percent", "most"),
    "F-UDP.duplicates": _count(0),
    # strangers
    "AUTH-1.bytes": _count(0),
    "AUTH-3.spread": Limit(0.25 * NOISE * 2, "s", "most"),  # between the first and the last of all cases
    "AUTH-4.fin": _time(0.1),
    "DRAIN.failed": _count(0),
}

figures = []  # (name, value, unit) of this run, printed by conftest


def figure(name, value, unit):
    """Records one figure of the run."""
    figures.append((name, value, unit))


def limit(key):
    """The limit as it is judged in this run, in the unit of the table."""
    return LIMITS[key].value()


def judge(key, value, of=""):
    """Records a figure and asserts that it keeps its limit."""
    entry = LIMITS[key]
    name = key.replace("-", "_") + (f".{of}" if of else "")
    figure(name, value, entry.unit)
    relation = ">=" if entry.kind == "least" else "<="
    assert entry.holds(value), f"{name}: {value:.4g} {entry.unit}, must be {relation} {entry.value():.4g}"
