#!/usr/bin/env python3
"""Measures Culvert beside V2Ray 4.34, the raw floor and, where asked for, what people pick instead.

Started by scripts/bench, which builds what is needed.  The outer process enters a network and process namespace of its
own, in which everything runs and with which everything ends.  Rounds go over all systems before the next begins, in
rotated order, and figures are compared within rounds only.
"""

import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cases
import generator
import picture
import report
import systems

BENCH = pathlib.Path(__file__).resolve().parent
TOP = BENCH.parent.parent
INSIDE = "CULVERT_BENCH_INSIDE"  # holds the scratch folder once we are in the namespaces
WANTED_DESCRIPTORS = 65536
CONGESTION = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
STARTED = time.monotonic()


def options():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures Culvert beside V2Ray 4.34 on loopback, in a namespace of its own.")
    parser.add_argument("--quick", action="store_true", help="the gated figures only, three rounds, under three minutes")
    parser.add_argument("--peers", action="store_true", help="also V2Ray 5, Xray, frp, rathole, bore and ssh -R")
    parser.add_argument("--rounds", type=int, help="default 5, with --quick 3")
    parser.add_argument("--peer-rounds", type=int, default=3, help="in how many of them the peers take part; default 3")
    parser.add_argument("--only", metavar="DP-1,...", help="these targets only")
    parser.add_argument("--json", metavar="FILE", help="write everything measured")
    parser.add_argument("--svg", metavar="FILE", help="draw the comparison")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables as docs/performance.md has them")
    parser.add_argument("--checks", metavar="FILE", help="append one line per gated figure, as scripts/test counts them")
    parser.add_argument("--gate", action="store_true", help="status 1 if a must, relaxed by 1.3, is missed")
    parser.add_argument("--culvert", metavar="PROGRAM", default=str(TOP / "build/release/bin/culvert"),
                        help="another build of Culvert")
    parser.add_argument("--congestion", metavar="NAME", help="the kernel's congestion control, for all systems; "
                        "default: the machine's")
    parser.add_argument("--programs", metavar="FILE", help=argparse.SUPPRESS)  # what scripts/peers printed
    return parser.parse_args()


def progress(text):
    seconds = int(time.monotonic() - STARTED)
    print(f"[{seconds // 60}:{seconds % 60:02d}] {text}", flush=True)


# The outer process


def enter():
    """Runs this program again in namespaces of its own and returns its status.

    Its first process is the init of the process namespace: with it, however it ends, the kernel ends all others.
    """
    words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        words += ["--user", "--map-root-user"]
    with tempfile.TemporaryDirectory(prefix="culvert-bench.") as scratch:
        child = subprocess.Popen([*words, sys.executable, __file__, *sys.argv[1:]], env={**os.environ, INSIDE: scratch},
                                 preexec_fn=die_with_parent)

        def stop(number, _):
            child.kill()
            raise SystemExit(128 + number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        status = child.wait()
        return status if status >= 0 else 128 - status


def die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


# Inside


def prepare_namespace(congestion):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # A bridge connects to one target from one address; room for many thousands, above the fixed ports.
    pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("20000 65000")
    if congestion:
        try:
            CONGESTION.write_text(congestion)
        except OSError as error:
            sys.exit(f"bench: --congestion {congestion}: {error.strerror}; as root one of: "
                     + CONGESTION.with_name("tcp_allowed_congestion_control").read_text().strip())
    # Nothing of the machine's own runtime folder is seen or written.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (WANTED_DESCRIPTORS, max(hard, WANTED_DESCRIPTORS)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def find_programs(chosen):
    """{name: path} of what is there; says what is not."""
    found = {"culvert": chosen.culvert, "load": str(TOP / "build/release/bin/culvert-bench"), "v2ray": shutil.which("v2ray"),
             "sshd": shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin"), "ssh": shutil.which("ssh")}
    if chosen.programs:
        for line in pathlib.Path(chosen.programs).read_text().splitlines():
            name, _, rest = line.partition(" ")
            if name == "skipped":
                print(line)
            else:
                found[name] = rest
    for name in ("culvert", "load"):
        if not os.access(found[name], os.X_OK):
            sys.exit(f"bench: there is no program {found[name]}; scripts/bench builds it")
    return found


class Run:
    """One run: which cases, on which systems, for how long."""

    def __init__(self, chosen, programs, scratch):
        self.chosen, self.programs = chosen, programs
        self.shelf = systems.Shelf(programs, scratch)
        self.rounds = chosen.rounds or (3 if chosen.quick else 5)
        self.peers = [name for name in systems.PEERS if chosen.peers and self.available(name)]
        only = set(chosen.only.split(",")) if chosen.only else None
        if only and (unknown := only - {t.id for t in cases.TARGETS}):
            sys.exit(f"bench: there is no target {', '.join(sorted(unknown))}")
        self.targets = [t for t in cases.TARGETS if (t.id in only if only else t.quick or not chosen.quick)]
        if chosen.quick:
            self.targets = [t for t in self.targets if t.quick]
        looked_at = {t.case for t in self.targets} | ({"peers-idle"} if not only else set())
        self.comparisons = [c for c in cases.COMPARISONS if self.peers and not chosen.quick and c.case in looked_at]
        self.records, self.broken = [], {}
        self._crypto = {}

    def available(self, name):
        if self.shelf.has(name):
            return True
        print(f"skipped {systems.TITLES[name]}: it is not here", flush=True)
        return False

    def go(self):
        services = [f"{kind}=127.0.0.1:{systems.target_port(kind)}" for kind in systems.KINDS]
        target = subprocess.Popen([self.programs["load"], "serve", *services], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        try:
            target.stdout.readline()
            for number in range(1, self.rounds + 1):
                for place, case in enumerate(cases.CASES):
                    if measures := cases.measures_of(case, self.targets, self.comparisons):
                        self.one(number, number + place, case, measures)
        finally:
            systems.end([target])

    def one(self, number, turn, case, measures):
        """One case in one round."""
        names = [name for name in case.systems if self.shelf.has(name) and self.wanted(name)]
        if case.peers and number <= self.chosen.peer_rounds:
            names += self.peers
        names = names[turn % len(names):] + names[:turn % len(names)]
        self.number = number
        for measure in measures:
            taking_part = [name for name in names if name not in self.peers or self.shows_peers(case, measure)]
            found = {}
            # Nothing else runs beside what is measured: V2Ray goes on moving bytes that nobody wants any more.
            for group in [taking_part] if case.together else [[name] for name in taking_part]:
                found |= self.measure(case, measure, group)
            for system, figures in found.items():
                self.records.append(report.Record(number, case.name, measure, system, figures))
            progress(f"round {number} of {self.rounds}: {case.title}, {measure}: {self.summary(case, measure, found)}")

    def shows_peers(self, case, measure):
        return any((c.case, c.measure) == (case.name, measure) for c in self.comparisons)

    def wanted(self, name):
        """The floor is what a reader compares with; a gate does not."""
        return name != "floor" or not self.chosen.quick

    @contextlib.contextmanager
    def started(self, names, case):
        """The stages of those of `names` that start and let a byte through."""
        running = {}
        try:
            for name in names:
                running[name] = self.shelf.make(name)
                try:
                    running[name].start()
                except (OSError, subprocess.SubprocessError, ValueError) as error:
                    self.fail(running, name, case.title, error)
            for name in list(running):
                try:
                    running[name].wait_ready()
                except systems.NotReady as error:
                    self.fail(running, name, case.title, error)
            yield [self.stage(case, system) for system in running.values()]
        finally:
            for system in running.values():
                system.stop()

    def fail(self, running, name, title, error):
        running.pop(name).stop()
        self.broken[name] = f"{title}: {error}"
        progress(f"{systems.TITLES[name]} left out: {title}: {error}")

    def stage(self, case, system):
        quick = self.chosen.quick
        return cases.Stage(
            system=system, program=self.programs["load"], seconds=1.5 if quick else 2.0, warmup=0.5,
            idle_seconds=5 if quick else 10, crypto=self.crypto,
            visitors=min(case.visitors, cases.QUICK_IDLE_VISITORS) if quick else case.visitors)

    def crypto(self):
        """Seconds to seal and open a GiB, measured once per round."""
        if self.number not in self._crypto:
            figures, _ = generator.run(self.programs["load"], "crypto", seconds=30)
            self._crypto[self.number] = figures["seal_s_per_gib"] + figures["open_s_per_gib"]
        return self._crypto[self.number]

    def measure(self, case, measure, names):
        """{system: figures} of systems that are started for it and stopped behind it."""
        run = case.measures[measure]
        if measure == "sleepers" and self.chosen.quick:
            run = cases.QUICK_SLEEPERS
        with self.started(names, case) as stages:
            try:
                if case.together:
                    return run(stages)
                return {stage.system.name: run(stage) for stage in stages}
            except generator.LoadError as error:
                progress(f"{case.title}, {measure}, {', '.join(systems.TITLES[name] for name in names)}: {error}")
                return {}

    def summary(self, case, name, found):
        """The figures a reader waits for: one per system."""
        lines = [*self.targets, *self.comparisons]
        key = next(line.figure for line in lines if (line.case, line.measure) == (case.name, name))
        return ", ".join(f"{systems.TITLES[s]} {report.number(f[key])}" for s, f in found.items() if key in f)


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.splitlines()[0].strip()
    except (OSError, IndexError, subprocess.SubprocessError):
        return ""


def describe(run):
    """Where and what: all a reader needs to judge the figures."""
    cpu = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), "unknown")
    programs = run.programs
    versions = {"culvert": first_line(programs["culvert"], "version"), "v2ray": first_line(programs["v2ray"], "--version")
                if programs["v2ray"] else "", "openssl": first_line("openssl", "version")}
    for name in run.peers:
        path = programs.get({"frp": "frps"}.get(name, name))
        versions[name] = pathlib.Path(path).name if path else ""
    if "ssh" in run.peers:
        versions["ssh"] = subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr.strip()
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": first_line("git", "-C", str(TOP), "describe", "--always", "--dirty", "--exclude=*"),
        "machine": {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "kernel": os.uname().release,
                    "congestion": CONGESTION.read_text().strip(),
                    "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20},
        "versions": versions,
        "rounds_wanted": run.rounds, "quick": run.chosen.quick,
        "crypto_s_per_gib": run._crypto,
    }


def publish(run):
    """Prints, writes and draws; returns the verdicts."""
    about = describe(run)
    verdicts = [report.judge(target, run.records) for target in run.targets]
    rows = report.target_rows(verdicts)
    machine = about["machine"]
    headline = (f"commit {about['commit']}, {run.rounds} rounds, {machine['cores']} cores of {machine['cpu']}, "
                f"Linux {machine['kernel']} with {machine['congestion']}, {about['versions']['v2ray'] or 'no V2Ray'}")
    print(f"\n{headline}\n\n{report.table(rows)}")
    shown = ["culvert", *run.peers]
    peer_rows = report.peer_rows(run.records, shown, systems.TITLES) if run.comparisons else []
    if len(peer_rows) > 1:
        print(f"\n{report.table(peer_rows)}")
    share, where = report.load_share(run.records)
    if where:
        print(f"\nthe load generator used at most {share:.2f} of a core ({where})")
    for name, why in run.broken.items():
        print(f"left out at least once: {systems.TITLES[name]}: {why}")

    chosen = run.chosen
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(report.document(about, run.records, verdicts), indent=1) + "\n")
    if chosen.markdown:
        text = [headline, "", report.markdown(rows)]
        if len(peer_rows) > 1:
            text += ["", report.markdown(peer_rows)]
        pathlib.Path(chosen.markdown).write_text("\n".join(text) + "\n")
    if chosen.svg:
        pathlib.Path(chosen.svg).write_text(drawing(run, about))
    return verdicts


def drawing(run, about):
    panels = []
    for c in cases.COMPARISONS:
        bars = [(systems.TITLES[s], ratio, s == "culvert") for s in ["culvert", *run.peers]
                if (ratio := report.compare(c, run.records, s))]
        panels.append((c.title, c.better, bars))
    return picture.draw("Times as good as V2Ray 4.34", "Longer is better; the dashed line is V2Ray 4.34. Medians within "
                        f"rounds, loopback, {about['machine']['cores']} cores, commit {about['commit']}.", panels)


def inside(chosen, scratch):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    prepare_namespace(chosen.congestion)
    programs = find_programs(chosen)
    if not programs["v2ray"]:
        print("skipped V2Ray 4.34: there is no program v2ray; nothing has a base to be compared with", flush=True)
    run = Run(chosen, programs, scratch)
    run.go()
    verdicts = publish(run)
    missed = [v for v in verdicts if not v.passes_gate()]
    if chosen.checks:
        with open(chosen.checks, "a") as checks:
            for v in verdicts:
                t = v.target
                against = f", ratio to {report.NAMES[t.base]}" if t.base else f" {t.unit}"
                checks.write("{}\tbench: {} {}{}: {}, must {} relaxed by {}\t\n".format(
                    "failed" if v in missed else "passed", t.id, t.title, against, report.number(v.judged),
                    report.bound(t, t.must), cases.GATE_SLACK))
    if chosen.gate and missed:
        print("gate: missed by " + "; ".join(f"{v.target.id} {v.target.title}" for v in missed))
        return 1
    return 0


def main():
    chosen = options()
    if INSIDE not in os.environ:
        sys.exit(enter())
    try:
        sys.exit(inside(chosen, os.environ[INSIDE]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
