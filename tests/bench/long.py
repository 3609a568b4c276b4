#!/usr/bin/env python3
"""Long paths: Culvert, V2Ray, frp, rathole and a direct connection over the same simulated path, in turn.

    long.py [--build DIR] [--quick] [--rounds N] [--only WORD...] [--systems A,B] [--congestion NAME]
            [--json FILE] [--keep]

The VPS (portal, visitor) and the NAS (bridge, service) are two network namespaces joined by culvert-netsim.
A round measures each system once, so that ratios within a round compare what ran in the same seconds.  All run all
the time, but for `beside` and where packets are lost: V2Ray and frp go on sending what nobody wants any more, which on
a slow path takes minutes.  Cases:

    one     30 MB over one connection on a warm tunnel: 8 MB have just come through it
    rest    the same after a pause of 2 s, when TCP has forgotten its window
    four    four downloads of 30 MB together
    beside  a small request every 25 ms beside 1, 8 and again 8 downloads, tunnel at 200 Mbit/s (DP-10) or --rate: the
            plain cable between the hosts, slowed by tc tbf, or with --queue a path that loses packets when it is full

Where packets are lost, one and four are bytes in a fixed time.  Needs root; touches nothing outside.
frp (frps-* and frpc-*) and rathole-* are programs in the folder of peers; left out with a word when they are not there.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import configs, world as worlds  # noqa: E402
from systems import rathole_keys  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

TRAFFIC = HERE / "long_traffic.py"
VPS, NAS = "10.81.9.1", "10.81.9.2"
SERVICE = 7000
PEERS = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "culvert" / "peers"
SETTINGS = [(40, 0), (150, 0), (40, 1), (150, 1)]  # round trip in ms, loss in %
BYTES, WARM_BYTES = 30_000_000, 8_000_000
BESIDE = {"1": 1, "8": 8, "8 again": 8}  # downloads; a tunnel that has carried eight is not as a new one


def say(*words):
    print(*words, flush=True)


# the systems: each has a public port at the VPS that leads to the service


class System:
    def __init__(self, name, port):
        self.name, self.port, self.host = name, port, "127.0.0.1"

    def start(self, world, directory):
        pass


class Direct(System):
    def __init__(self):
        super().__init__("direct", SERVICE)
        self.host = NAS


class Mux(System):
    """Culvert or V2Ray, from the same description."""

    def __init__(self, name, port, tunnel_port, program):
        super().__init__(name, port)
        self.program = program
        self.setup = configs.Setup(
            server=VPS, tunnel_port=tunnel_port, level="warning",
            services=[configs.Published(port, SERVICE)])

    def start(self, world, directory):
        for role, host, text in (("portal", world.vps, self.setup.portal()), ("bridge", world.nas, self.setup.bridge())):
            file = directory / f"{self.name}-{role}.json"
            file.touch(mode=0o600)
            file.write_text(text)
            if "v2ray" in self.name:
                argv, graceful = [self.program, "-config", file], False
            else:
                state = directory / f"state-{self.name}-{role}"
                state.mkdir()
                argv, graceful = [self.program, "run", "-c", file, f"--state={state}"], True
            host.spawn(argv, f"{self.name}-{role}", graceful=graceful)


class Frp(System):
    """As it comes: TLS and one multiplexed connection."""

    def __init__(self, port, tunnel_port, server, client):
        super().__init__("frp", port)
        self.tunnel_port, self.server, self.client = tunnel_port, server, client

    def start(self, world, directory):
        (directory / "frps.toml").write_text(f"bindPort = {self.tunnel_port}\n[log]\nlevel = \"warn\"\n")
        (directory / "frpc.toml").write_text(
            f'serverAddr = "{VPS}"\nserverPort = {self.tunnel_port}\nloginFailExit = false\n[log]\nlevel = "warn"\n'
            f'[[proxies]]\nname = "bench"\ntype = "tcp"\nlocalIP = "127.0.0.1"\nlocalPort = {SERVICE}\n'
            f"remotePort = {self.port}\n")
        world.vps.spawn([self.server, "-c", directory / "frps.toml"], "frps")
        world.nas.spawn([self.client, "-c", directory / "frpc.toml"], "frpc")


class Rathole(System):
    """With its Noise transport; each visitor has a connection of its own between the hosts."""

    def __init__(self, port, tunnel_port, program):
        super().__init__("rathole", port)
        self.tunnel_port, self.program = tunnel_port, program

    def start(self, world, directory):
        private, public = rathole_keys(self.program)
        for end, name, key, service in (
                ("server", "bind_addr", "local_private_key", f'bind_addr = "0.0.0.0:{self.port}"'),
                ("client", "remote_addr", "remote_public_key", f'local_addr = "127.0.0.1:{SERVICE}"')):
            address = f"0.0.0.0:{self.tunnel_port}" if end == "server" else f"{VPS}:{self.tunnel_port}"
            (directory / f"{end}.toml").write_text(
                f'[{end}]\n{name} = "{address}"\ndefault_token = "bench"\n[{end}.transport]\ntype = "noise"\n'
                f'[{end}.transport.noise]\n{key} = "{private if end == "server" else public}"\n'
                f"[{end}.services.bench]\n{service}\n")
        world.vps.spawn([self.program, "--server", directory / "server.toml"], "rathole-server")
        world.nas.spawn([self.program, "--client", directory / "client.toml"], "rathole-client")


def systems_of(options):
    found = [Mux("culvert", 8001, 16801, options.build / "bin" / "culvert")]
    if options.other:
        found.append(Mux("other", 8004, 16804, pathlib.Path(options.other).resolve()))
    if shutil.which("v2ray"):
        found.append(Mux("v2ray", 8002, 16802, shutil.which("v2ray")))
    else:
        say("left out: v2ray (there is no such program)")
    frps, frpc = (sorted(PEERS.glob(f"{name}-*")) for name in ("frps", "frpc"))
    if frps and frpc:
        found.append(Frp(8003, 16803, frps[-1], frpc[-1]))
    else:
        say(f"left out: frp (no frps-* and frpc-* in {PEERS})")
    if rathole := sorted(PEERS.glob("rathole-*")):
        found.append(Rathole(8005, 16805, rathole[-1]))
    else:
        say(f"left out: rathole (no rathole-* in {PEERS})")
    found.append(Direct())
    wanted = options.systems.split(",") if options.systems else None
    return [one for one in found if not wanted or one.name in wanted]


# one setting of the path, with everything running on it


class LongWorld:
    def __init__(self, directory, options, path, systems=None):
        directory.mkdir()
        directory.chmod(0o711)
        self.world = worlds.World(directory)
        self.systems = systems or systems_of(options)
        try:
            self._start(directory, options, path)
        except BaseException:
            self.close()
            raise

    def _start(self, directory, options, path):
        world = self.world
        if options.congestion:
            for host in (world.vps, world.nas):
                host.run("sysctl", "-qw", f"net.ipv4.tcp_congestion_control={options.congestion}")
        if path is None:
            self._shape(options.rate)
        else:
            netsim = world.vps.spawn(
                [options.build / "bin" / "culvert-netsim", world.vps.name, world.nas.name,
                 "--address-a", f"{VPS}/24", "--address-b", f"{NAS}/24", *map(str, path)], "netsim", graceful=True)
            netsim.wait_log("^ready")
        service = world.nas.spawn([sys.executable, TRAFFIC, "serve", SERVICE], "service")
        service.wait_log("^ready")
        for system in self.systems:
            system.start(world, directory)
        for system in self.systems:
            wait_until(lambda s=system: "error" not in self.fetch(s, 1000), 60, f"{system.name} serves")
        time.sleep(6)  # links at rest: everybody has opened what it opens

    def _shape(self, rate):
        """The path is the hosts' own cable, slowed by their kernels: what has to wait does so at its sender."""
        for host, device, address in ((self.world.vps, "to-nas", VPS), (self.world.nas, "uplink", NAS)):
            host.ip("addr", "add", f"{address}/24", "dev", device)
            host.run("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{rate}mbit", "burst",
                     "64kb", "latency", "300ms")

    def traffic(self, system, command, *arguments, timeout=180):
        result = self.world.vps.run(
            sys.executable, TRAFFIC, command, system.host, system.port, *arguments, check=False, timeout=timeout)
        lines = result.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else {"error": result.stderr[-500:]}

    def fetch(self, system, size, streams=1, seconds=None, warm=0):
        arguments = ["--bytes", size, "--streams", streams, "--warm", warm]
        if seconds:
            arguments += ["--seconds", seconds]
        return self.traffic(system, "fetch", *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for complaint in self.world.close():
            say("complaint:", complaint)


# measuring


class Table:
    """Figures by case, system and round."""

    def __init__(self):
        self.rounds = {}

    def add(self, case, system, figures):
        self.rounds.setdefault(case, {}).setdefault(system, []).append(figures)

    def values(self, case, system, key):
        return [one.get(key) for one in self.rounds[case].get(system, [])]

    def ratio(self, case, key, system, others, better=max):
        """Median over the rounds of `system` to the best of `others` in the same round."""
        ratios = []
        for index, value in enumerate(self.values(case, system, key)):
            rivals = [r for r in (self.values(case, o, key)[index] for o in others if o in self.rounds[case]) if r]
            if value and rivals:
                ratios.append(value / better(rivals))
        return statistics.median(ratios) if ratios else None

    def show(self, case, keys):
        for system, rounds in self.rounds[case].items():
            texts = []
            for key, unit in keys:
                values = [one[key] for one in rounds if key in one]
                errors = [one["error"] for one in rounds if "error" in one]
                if values:
                    texts.append(f"{statistics.median(values):8.2f} {unit} ({min(values):.1f}-{max(values):.1f})")
                if errors:
                    texts.append(f"{len(errors)} errors: {errors[0]}")
            say(f"    {system:8}", "  ".join(texts))


def wanted(options, *words):
    """Whether each of these words was asked for, or none of its kind."""
    kinds = [{"one", "rest", "four", "beside"}, {f"{trip}ms" for trip, _ in SETTINGS}, {"loss0", "loss1"}]
    for word in words:
        asked = set(options.only) & next(kind for kind in kinds if word in kind)
        if asked and word not in asked:
            return False
    return True


def number(ratio):
    return "-" if ratio is None else f"{ratio:.2f}"


def measure_paths(options, directory, table):
    for trip, loss in SETTINGS:
        cases = [c for c in ("one", "rest", "four") if wanted(options, c, f"{trip}ms", f"loss{loss}")]
        if loss:
            cases = [c for c in cases if c != "rest"]
        if not cases:
            continue
        path = ["--delay", trip / 2, "--loss", loss, "--seed"]
        say(f"{trip} ms round trip, {loss} % lost")
        if loss:
            for index in range(options.rounds):
                for system in systems_of(options):
                    where, seed = directory / f"{trip}-{loss}-{index}-{system.name}", options.seed + index
                    with LongWorld(where, options, [*path, seed], [system]) as here:
                        for case in cases:
                            figures = measure_case(here, system, case, 4 if options.quick else 8)
                            table.add(f"{case} {trip}ms loss{loss}", system.name, figures)
        else:
            with LongWorld(directory / f"{trip}-0", options, [*path, options.seed]) as here:
                for index in range(options.rounds):
                    for case in cases:
                        for system in rotated(here.systems, index):
                            table.add(f"{case} {trip}ms loss0", system.name, measure_case(here, system, case))
        for case in cases:
            name = f"{case} {trip}ms loss{loss}"
            say(f"  {name}")
            table.show(name, [("mb_per_s", "MB/s"), ("first_byte", "ms first byte")])
            peer = table.ratio(name, "mb_per_s", "culvert", ["v2ray", "frp", "rathole"])
            direct = table.ratio(name, "mb_per_s", "culvert", ["direct"])
            other = table.ratio(name, "mb_per_s", "culvert", ["other"])
            say(f"    culvert / best peer {number(peer)}, / direct {number(direct)}" +
                (f", / other {number(other)}" if other else ""))


def rotated(systems, index):
    at = index % len(systems)
    return systems[at:] + systems[:at]


def measure_case(here, system, case, seconds=None):
    """With `seconds`, what comes in them."""
    if case == "four":
        figures = here.fetch(system, BYTES, streams=4, seconds=seconds)
    elif case == "rest":
        time.sleep(2)  # this pause is the case
        figures = here.fetch(system, BYTES)
    else:
        figures = here.fetch(system, BYTES, seconds=seconds, warm=WARM_BYTES)
    if "first_byte_ms" in figures:
        figures["first_byte"] = max(figures["first_byte_ms"])
    return figures


def measure_beside(options, directory, table):
    if not wanted(options, "beside"):
        return
    say(f"small requests beside downloads, {options.rate} Mbit/s")
    path = None
    if options.queue:
        path = ["--delay", 0.5, "--rate", options.rate, "--queue", options.queue, "--seed", options.seed,
                "--offload", "off"]
    seconds = 4 if options.quick else 8
    for index in range(options.rounds):
        for system in systems_of(options):
            with LongWorld(directory / f"beside-{index}-{system.name}", options, path, [system]) as here:
                for name, downloads in BESIDE.items():
                    figures = here.traffic(system, "beside", "--downloads", downloads, "--seconds", seconds)
                    table.add(f"beside {name}", system.name, figures)
    for name in BESIDE:
        case = f"beside {name}"
        say(f"  {case}")
        table.show(case, [("p50_ms", "ms p50"), ("p99_ms", "ms p99"), ("mb_per_s", "MB/s")])
        ratios = [number(table.ratio(case, key, "culvert", ["v2ray"])) for key in ("p50_ms", "p99_ms", "mb_per_s")]
        say(f"    culvert / v2ray: p50 {ratios[0]}, p99 {ratios[1]}, bulk {ratios[2]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build" / "release")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", nargs="*", default=[], help="one, rest, four, beside, 40ms, 150ms, loss0, loss1")
    parser.add_argument("--systems", help="culvert,v2ray,frp,rathole,direct,other")
    parser.add_argument("--other", help="another Culvert to compare with")
    parser.add_argument("--queue", type=float,
                        help="beside: a path of 1 ms with so many ms of queue before it loses packets, "
                             "instead of a cable that loses none")
    parser.add_argument("--rate", type=int, default=200, help="beside: Mbit/s of the tunnel; default: 200")
    parser.add_argument("--congestion", metavar="NAME",
                        help="the hosts' congestion control, one of net.ipv4.tcp_allowed_congestion_control; "
                             "default: the machine's")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true", help="keep the logs")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.rounds = options.rounds or (3 if options.quick else 5)
    if os.geteuid() != 0:
        sys.exit("long.py: makes network namespaces: run it as root")
    for name in ("culvert", "culvert-netsim"):
        if not (options.build / "bin" / name).exists():
            sys.exit(f"long.py: no {options.build}/bin/{name}; scripts/build release culvert culvert_netsim makes it")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        sys.exit("long.py: /dev/net/tun cannot be opened here")
    worlds.become_private()
    os.umask(0o077)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="cvlong"))
    directory.chmod(0o711)
    table, began = Table(), time.monotonic()
    try:
        measure_paths(options, directory, table)
        measure_beside(options, directory, table)
    finally:
        if options.json:
            options.json.write_text(json.dumps(table.rounds, indent=1) + "\n")
        if options.keep:
            say("logs:", directory)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    say(f"took {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
