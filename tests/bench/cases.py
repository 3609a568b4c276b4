"""What is measured and how good it must be: the one table of benchmarks, as data, and how each is run.

A case is a set of measures that share freshly started systems.  A measure yields figures of one system.  A target judges
one figure of Culvert: as a ratio to the same figure of another system in the same round, or as it is.
"""

import contextlib
import dataclasses
import time
from typing import Callable

import generator
import process

GIB = 2.0**30
MORE, LESS = "more is better", "less is better"
IDLE_SETTLE_SECONDS = 2


@dataclasses.dataclass(eq=False)
class Stage:
    """One started system, and what a measure needs to load it."""

    system: object
    program: str  # culvert-bench
    seconds: float  # of a window
    warmup: float
    idle_seconds: float
    visitors: int
    crypto: Callable  # seal and open of a GiB on this machine, in seconds

    def load(self, word, kind, *words):
        """One load for the length of a window, after a warm-up."""
        return generator.run(self.program, word, "--to", self.system.address(kind), *words, "--seconds", self.seconds,
                             "--warmup", self.warmup, seconds=self.seconds + self.warmup, watch=self.system.pids())

    def hold(self, word, kind, *words):
        return generator.held(self.program, word, "--to", self.system.address(kind), *words, seconds=300)


# How each is measured


def bulk(direction, streams):
    def measure(stage):
        process.reset_peak(process.tree(stage.system.pids()))
        kind = "source" if direction == "down" else "sink"
        result, cpu = stage.load("bulk", kind, "--direction", direction, "--streams", streams)
        if not result["bytes"]:
            raise generator.LoadError(f"{stage.system.title} carried no byte")
        per_gib = cpu(result["seconds"]) / (result["bytes"] / GIB)
        if stage.system.name == "floor":
            per_gib += stage.crypto()
        return {
            "gib_per_s": result["gib_per_s"], "cpu_per_gib": per_gib, "jain": result["jain"],
            "peak_mib": process.peak_bytes(process.tree(stage.system.pids())) / 2**20,
            "load_cores": result["cpu_s"] / result["seconds"],
        }

    return measure


def _exchanges(stage, word, kind, *words):
    result, cpu = stage.load(word, kind, *words)
    if not result["count"]:
        raise generator.LoadError(f"{stage.system.title} answered nothing")
    if result.get("failed", 0) > result["count"] / 100:
        raise generator.LoadError(f"{stage.system.title} failed {result['failed']} of {result['count']}")
    return {
        "rate": result["rate"], "p50_us": result["p50_us"], "p99_us": result["p99_us"],
        "cpu_us": cpu(result["seconds"]) / result["count"] * 1e6, "failed": result.get("failed", 0),
        "load_cores": result["cpu_s"] / result["seconds"],
    }


def echo(streams):
    return lambda stage: _exchanges(stage, "echo", "echo", "--streams", streams, "--size", 64)


def connect(stage):
    return _exchanges(stage, "connect", "echo", "--parallel", 16)


def http(*options):
    return lambda stage: _exchanges(stage, "http", "http", "--parallel", 16, *options)


def idle(stages):
    """All systems at once: they only wait, and so do not disturb each other."""
    before = {stage: {role: _rss(p) for role, p in stage.system.processes.items()} for stage in stages}
    with contextlib.ExitStack() as held:
        for stage in stages:
            held.enter_context(stage.hold("idle", "echo", "--visitors", stage.visitors))
        time.sleep(IDLE_SETTLE_SECONDS)  # what opening left to do is not idleness
        begun = time.monotonic()
        cpu = {stage: process.cpu_seconds(process.tree(stage.system.pids())) for stage in stages}
        woken = {stage: [process.wakeups(pid) for pid in stage.system.pids()] for stage in stages}
        time.sleep(stages[0].idle_seconds)
        lasted = time.monotonic() - begun
        figures = {}
        for stage in stages:
            system = stage.system
            grown = {role: _rss(p) - before[stage][role] for role, p in system.processes.items()}
            figures[system.name] = {
                "bytes_each": sum(grown.values()) / stage.visitors,
                "bytes_each_worst": max(grown.values()) / stage.visitors,
                "cpu_ms_per_s": (process.cpu_seconds(process.tree(system.pids())) - cpu[stage]) / lasted * 1e3,
                "wakeups_per_s": max(
                    (process.wakeups(pid) - earlier) / lasted for pid, earlier in zip(system.pids(), woken[stage])),
                "bridge_mib": before[stage].get("bridge", 0) / 2**20,
                "visitors": stage.visitors,
            }
    return figures


def _rss(popen):
    return process.rss_bytes(process.tree([popen.pid]))


def sleepers(*counts):
    """A download alone, then beside more and more visitors who never read, and alone again when they have gone."""

    def measure(stage):
        def rate():
            try:
                return stage.load("bulk", "source", "--direction", "down", "--streams", 1)[0]["gib_per_s"]
            except generator.LoadError:
                return 0.0  # the download did not even begin

        figures = {"alone": rate()}
        asleep = 0
        with contextlib.ExitStack() as held:
            for count in counts if stage.system.name == "culvert" else counts[:1]:
                held.enter_context(stage.hold("sleep", "source", "--visitors", count - asleep))
                asleep = count
                figures[f"beside{count}"] = rate()
        figures["alone again"] = rate()
        alone = (figures["alone"] + figures["alone again"]) / 2
        if not alone:
            raise generator.LoadError(f"{stage.system.title} carried no byte")
        kept = {f"kept{name[6:]}": value / alone for name, value in figures.items() if name.startswith("beside")}
        return {**figures, **kept}

    return measure


# The cases


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    systems: tuple  # the base of every ratio among them
    measures: dict  # name: function of a Stage, or of all Stages where `together`
    peers: bool = False  # whether the peers take part
    together: bool = False
    visitors: int = 0


CASES = [
    Case("stream1", "1 stream", ("culvert", "v2ray", "floor"), {"down": bulk("down", 1), "up": bulk("up", 1)}, peers=True),
    Case("stream64", "64 streams", ("culvert", "v2ray", "floor"), {"down": bulk("down", 64), "up": bulk("up", 64)},
         peers=True),
    Case("echo", "echo of 64 bytes", ("culvert", "v2ray", "floor"), {"one": echo(1), "many": echo(64)}, peers=True),
    Case("connect", "connect, echo, close", ("culvert", "v2ray", "floor"), {"connect": connect}, peers=True),
    Case("http", "HTTP of 1 KiB", ("culvert", "v2ray", "floor"), {"kept": http(), "each": http("--close")}),
    Case("idle", "idle visitors", ("culvert", "v2ray"), {"idle": idle}, together=True, visitors=9000),
    Case("sleepers", "a download beside sleepers", ("culvert", "v2ray"), {"sleepers": sleepers(1, 4, 16, 64)}),
    Case("plain", "relay without a tunnel", ("culvert-plain", "v2ray-plain", "relay"),
         {"down": bulk("down", 1), "up": bulk("up", 1)}),
    Case("peers-idle", "1000 idle visitors", ("culvert", "v2ray"), {"idle": idle}, peers=True, together=True, visitors=1000),
]
QUICK_IDLE_VISITORS = 1000
QUICK_SLEEPERS = sleepers(1)


# The targets


@dataclasses.dataclass(frozen=True)
class Target:
    id: str
    title: str
    case: str
    measure: str
    figure: str
    unit: str
    better: str
    must: float
    goal: float
    base: str = ""  # the system of the ratio; without one the figure is judged as it is
    quick: bool = False  # part of --quick, and so a gate
    of: str = "culvert"

    def meets(self, value, bound):
        return value >= bound if self.better == MORE else value <= bound


def _bulk_targets():
    lines = []
    for case, title, ident, must, goal in (("stream1", "1 stream", "DP-1", 1.5, 2.5), ("stream64", "64 streams", "DP-2", 2.0, 2.8)):
        for way in ("down", "up"):
            lines.append(Target(ident, f"{title} {way}", case, way, "gib_per_s", "GiB/s", MORE, must, goal, "v2ray",
                                quick=(case, way) == ("stream1", "down")))
    for base, ident, must, goal in (("v2ray", "DP-3", 0.55, 0.40), ("floor", "DP-4", 1.5, 1.25)):
        for case, title in (("stream1", "1 stream"), ("stream64", "64 streams")):
            for way in ("down", "up"):
                lines.append(Target(ident, f"CPU, {title} {way}", case, way, "cpu_per_gib", "s/GiB", LESS, must, goal, base,
                                    quick=base == "v2ray" and (case, way) == ("stream1", "down")))
    return lines


TARGETS = _bulk_targets() + [
    Target("DP-5", "echo, 1 stream: p50", "echo", "one", "p50_us", "us", LESS, 0.75, 0.55, "v2ray"),
    Target("DP-5", "echo, 1 stream: p99", "echo", "one", "p99_us", "us", LESS, 0.75, 0.5, "v2ray"),
    Target("DP-5", "echo, 1 stream: p50", "echo", "one", "p50_us", "us", LESS, 1.6, 1.6, "floor"),
    Target("DP-6", "echo, 64 streams: rate", "echo", "many", "rate", "/s", MORE, 1.7, 2.2, "v2ray", quick=True),
    Target("DP-6", "echo, 64 streams: p99", "echo", "many", "p99_us", "us", LESS, 0.6, 0.35, "v2ray", quick=True),
    Target("DP-6", "echo, 64 streams: CPU", "echo", "many", "cpu_us", "us each", LESS, 0.45, 0.33, "v2ray", quick=True),
    Target("DP-7", "connect-echo-close: rate", "connect", "connect", "rate", "/s", MORE, 1.7, 2.5, "v2ray", quick=True),
    Target("DP-7", "connect-echo-close: p99", "connect", "connect", "p99_us", "us", LESS, 0.5, 0.3, "v2ray", quick=True),
    Target("DP-7", "connect-echo-close: CPU", "connect", "connect", "cpu_us", "us each", LESS, 0.40, 0.25, "v2ray", quick=True),
    Target("DP-7", "connect-echo-close: CPU", "connect", "connect", "cpu_us", "us each", LESS, 1.6, 1.6, "floor"),
    Target("DP-8", "HTTP, kept alive: p50", "http", "kept", "p50_us", "us", LESS, 0.65, 0.45, "v2ray"),
    Target("DP-8", "HTTP, a connection each: rate", "http", "each", "rate", "/s", MORE, 1.4, 1.8, "v2ray"),
    Target("DP-9", "idle visitor: memory, both ends", "idle", "idle", "bytes_each", "bytes", LESS, 0.13, 0.06, "v2ray", quick=True),
    # The CPU is no gate: beside the 1000 visitors of a quick run V2Ray, which asks no link for life, uses less than beside
    # 9000, while ours hardly depends on them.
    Target("DP-9", "idle visitors: CPU", "idle", "idle", "cpu_ms_per_s", "ms/s", LESS, 1.0, 1.0, "v2ray"),
    Target("DP-9", "idle visitors: wake-ups, worse end", "idle", "idle", "wakeups_per_s", "/s", LESS, 5, 5, quick=True),
    Target("DP-9", "idle visitor: memory, worse end", "idle", "idle", "bytes_each_worst", "bytes", LESS, 4096, 2048),
    Target("DP-9", "bridge without visitors: memory", "idle", "idle", "bridge_mib", "MiB", LESS, 8, 8, quick=True),
    Target("DP-11", "download beside 1 sleeper", "sleepers", "sleepers", "kept1", "of alone", MORE, 0.8, 0.95, quick=True),
    Target("DP-11", "download beside 4 sleepers", "sleepers", "sleepers", "kept4", "of alone", MORE, 0.8, 0.95),
    Target("DP-11", "download beside 16 sleepers", "sleepers", "sleepers", "kept16", "of alone", MORE, 0.8, 0.95),
    Target("DP-11", "download beside 64 sleepers", "sleepers", "sleepers", "kept64", "of alone", MORE, 0.8, 0.95),
    Target("DP-12", "64 downloads: fairness", "stream64", "down", "jain", "Jain", MORE, 0.93, 0.98),
    Target("DP-13", "64 streams down: peak memory", "stream64", "down", "peak_mib", "MiB", LESS, 0.25, 0.12, "v2ray"),
    Target("DP-13", "64 streams up: peak memory", "stream64", "up", "peak_mib", "MiB", LESS, 0.25, 0.12, "v2ray"),
    Target("DP-14", "relay without tunnel: CPU down", "plain", "down", "cpu_per_gib", "s/GiB", LESS, 1.3, 1.15, "relay",
           of="culvert-plain"),
    Target("DP-14", "relay without tunnel: CPU up", "plain", "up", "cpu_per_gib", "s/GiB", LESS, 1.3, 1.15, "relay",
           of="culvert-plain"),
]
GATE_SLACK = 1.3  # a busy CI machine may miss a must by this factor


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A figure in which the peers are set beside V2Ray."""

    title: str
    case: str
    measure: str
    figure: str
    unit: str
    better: str


COMPARISONS = [
    Comparison("download, 1 stream", "stream1", "down", "gib_per_s", "GiB/s", MORE),
    Comparison("upload, 1 stream", "stream1", "up", "gib_per_s", "GiB/s", MORE),
    Comparison("download, 64 streams", "stream64", "down", "gib_per_s", "GiB/s", MORE),
    Comparison("CPU per GiB, 64 streams down", "stream64", "down", "cpu_per_gib", "s/GiB", LESS),
    Comparison("echo, 1 stream: p50", "echo", "one", "p50_us", "us", LESS),
    Comparison("connections per second", "connect", "connect", "rate", "/s", MORE),
    Comparison("memory per idle visitor", "peers-idle", "idle", "bytes_each", "bytes", LESS),
]


def measures_of(case, targets, comparisons):
    """The measures of a case that somebody looks at, in its order."""
    wanted = {line.measure for line in [*targets, *comparisons] if line.case == case.name}
    return [name for name in case.measures if name in wanted]
