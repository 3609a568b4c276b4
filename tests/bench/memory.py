#!/usr/bin/python3
"""What Culvert's memory does: a portal and a bridge on the loopback of a network namespace of their own.

    tests/bench/memory.py idle  [--visitors N]   what a visitor that rests costs, and how often both wake up
    tests/bench/memory.py churn [--count N]      what N short visitors leave behind
    tests/bench/memory.py burst [--sleepers N]   whether the memory of filled queues is given back

Prints one line of JSON; status 1 when a figure is beyond its limit.  Needs root, or `unshare -r`.
`--programs DIR` holds the program (build/release/bin).
"""

import argparse
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
TUNNEL, PUBLIC, TARGET, SOURCE_PUBLIC, SOURCE = 16823, 8080, 7000, 8081, 7001
ID = "0d0fd2c6-64f4-4d0e-9b1c-5e8c1f6f3a01"
DESCRIPTORS = 20_000

# The limits, in the units of their figures.
IDLE_VISITOR_BYTES = 2048
IDLE_BRIDGE_MIB = 8
WAKE_UPS_PER_SECOND = 5
CHURN_GROWTH_MIB = 1
KEPT_AFTER_BURST_MIB = 4

PORTAL_YAML = f"""
version: 1
portal:
  listen: 127.0.0.1:{TUNNEL}
  bridges: {{nas: {{id: {ID}}}}}
  publish:
    - {{listen: "127.0.0.1:{PUBLIC}", to: nas/echo}}
    - {{listen: "127.0.0.1:{SOURCE_PUBLIC}", to: nas/source}}
"""
BRIDGE_YAML = f"""
version: 1
bridge:
  server: 127.0.0.1:{TUNNEL}
  name: nas
  id: {ID}
  services: {{echo: "127.0.0.1:{TARGET}", source: "127.0.0.1:{SOURCE}"}}
"""


def say(text):
    print(text, file=sys.stderr, flush=True)


def wait_until(what, condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"memory.py: {what} did not happen within {seconds} s")
        time.sleep(0.05)


class Program:
    """One end, and what the kernel says of it."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr)
        self.proc = pathlib.Path(f"/proc/{self.process.pid}")

    def status(self, field):
        for line in (self.proc / "status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise KeyError(field)

    def rss(self):
        """KiB that are this process's own: pages of files come and go."""
        return self.status("RssAnon")

    def whole_rss(self):
        return self.status("VmRSS")

    def wake_ups(self):
        total = 0
        for task in (self.proc / "task").iterdir():
            for line in (task / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
        return total

    def descriptors(self):
        return len(list((self.proc / "fd").iterdir()))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve():
    """The target: TARGET echoes, SOURCE sends without end.  In a process of its own, until killed."""
    poll = select.epoll()
    listening = {}
    for port in (TARGET, SOURCE):
        sock = socket.create_server(("127.0.0.1", port), backlog=4096)
        sock.setblocking(False)
        listening[sock.fileno()] = (sock, port)
        poll.register(sock, select.EPOLLIN)
    sockets, data = {}, bytes(64 * 1024)
    print("ready", flush=True)

    def close(number):
        poll.unregister(number)
        sockets.pop(number)[0].close()

    while True:
        for number, _ in poll.poll():
            if number in listening:
                sock, port = listening[number]
                try:
                    while True:
                        new = sock.accept()[0]
                        new.setblocking(False)
                        sockets[new.fileno()] = (new, port)
                        poll.register(new, select.EPOLLIN if port == TARGET else select.EPOLLOUT)
                except BlockingIOError:
                    continue
            sock, port = sockets[number]
            try:
                if port == SOURCE:
                    sock.send(data)
                    continue
                got = sock.recv(4096)
                if got:
                    sock.sendall(got)
                else:
                    close(number)
            except BlockingIOError:
                pass
            except OSError:
                close(number)


class Visitors:
    """Connections to a public port from many addresses of the loopback."""

    def __init__(self, port=PUBLIC):
        self.port, self.next, self.open = port, 0, []
        self.poll = select.epoll()

    def _connect(self):
        sock = socket.socket()
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        sock.bind((f"127.0.1.{1 + self.next % 254}", 0))
        self.next += 1
        if self.port == SOURCE_PUBLIC:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", self.port))
        return sock

    def add(self, count, parallel=256):
        """Opens `count` that stay; each has sent a byte and got it back."""
        self._run(count, parallel, self.open.append)

    def pass_by(self, count, parallel=64):
        """`count` that send a byte, get it back, and end."""
        self._run(count, parallel, None)

    def _run(self, count, parallel, keep):
        waiting, begun, done = {}, 0, 0
        until = time.monotonic() + 60 + count / 100
        while done < count:
            while begun < count and len(waiting) < parallel:
                sock = self._connect()
                waiting[sock.fileno()] = [sock, "connect"]
                self.poll.register(sock, select.EPOLLOUT)
                begun += 1
            if time.monotonic() > until:
                sys.exit(f"memory.py: stuck with {done} of {count} visitors")
            for number, _ in self.poll.poll(5):
                entry = waiting[number]
                sock, state = entry
                if state == "connect":
                    sock.send(b"x")
                    entry[1] = "answer"
                    self.poll.modify(sock, select.EPOLLIN)
                elif state == "answer":
                    if sock.recv(16) != b"x":
                        sys.exit("memory.py: a visitor got no answer")
                    if keep:
                        self._leave(waiting, number)
                        keep(sock)
                        done += 1
                    else:
                        sock.shutdown(socket.SHUT_WR)
                        entry[1] = "end"
                elif sock.recv(16) == b"":
                    self._leave(waiting, number)
                    sock.close()
                    done += 1

    def _leave(self, waiting, number):
        self.poll.unregister(number)
        del waiting[number]

    def sleep(self, count):
        """Opens `count` that ask for data without end and never read."""
        for _ in range(count):
            self.open.append(self._connect())

    def close(self):
        for sock in self.open:
            sock.close()
        self.open.clear()


class Pair:
    """A portal, a bridge and a target."""

    def __init__(self, programs, threads):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        self.target = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE)
        self.target.stdout.readline()
        culvert = pathlib.Path(programs) / "culvert"
        made = []
        for name, text in (("portal", PORTAL_YAML), ("bridge", BRIDGE_YAML)):
            (folder / f"{name}.yaml").write_text(text + f"threads: {threads}\nlog: {{level: warning}}\n")
            os.chmod(folder / f"{name}.yaml", 0o600)
            made.append(Program([culvert, "run", "-c", folder / f"{name}.yaml"]))
        self.portal, self.bridge = made
        self.programs = {"portal": self.portal, "bridge": self.bridge}
        wait_until("the first answer", self._answers, 20)

    @staticmethod
    def _answers():
        try:
            with socket.create_connection(("127.0.0.1", PUBLIC), 2) as sock:
                sock.sendall(b"x")
                return sock.recv(1) == b"x"
        except OSError:
            return False

    def rss(self):
        return {name: program.rss() for name, program in self.programs.items()}

    def stop(self):
        for program in self.programs.values():
            program.stop()
        self.target.kill()
        self.target.wait()
        self.folder.cleanup()


def idle(pair, options):
    time.sleep(3)  # the links have settled
    figures = {"idle_bridge_mib": round(pair.bridge.whole_rss() / 1024, 2),
               "idle_portal_mib": round(pair.portal.whole_rss() / 1024, 2)}
    visitors = Visitors()
    visitors.add(options.warm_up)
    before = pair.rss()
    visitors.add(options.visitors)
    time.sleep(2)
    after = pair.rss()
    for name in pair.programs:
        each = (after[name] - before[name]) * 1024 / options.visitors
        figures[f"{name}_bytes_per_visitor"] = round(each)
    wakes = {name: program.wake_ups() for name, program in pair.programs.items()}
    time.sleep(10)
    for name, program in pair.programs.items():
        figures[f"{name}_wake_ups_per_s"] = round((program.wake_ups() - wakes[name]) / 10, 1)
    visitors.close()
    limits = {"idle_bridge_mib": IDLE_BRIDGE_MIB}
    for name in pair.programs:
        limits[f"{name}_bytes_per_visitor"] = IDLE_VISITOR_BYTES
        limits[f"{name}_wake_ups_per_s"] = WAKE_UPS_PER_SECOND
    return figures, limits


def churn(pair, options):
    visitors = Visitors()
    begun = time.monotonic()
    visitors.pass_by(options.count // 10)
    tenth = pair.rss()
    for part in range(1, 10):
        visitors.pass_by(options.count // 10)
        say(f"{(part + 1) * 10} %  portal {pair.portal.rss()} KiB, bridge {pair.bridge.rss()} KiB")
    figures = {"visitors": options.count // 10 * 10,
               "per_s": round(options.count / (time.monotonic() - begun))}
    limits = {}
    for name, kib in pair.rss().items():
        figures[f"{name}_growth_mib"] = round((kib - tenth[name]) / 1024, 2)
        limits[f"{name}_growth_mib"] = CHURN_GROWTH_MIB
    return figures, limits


def burst(pair, options):
    visitors = Visitors()
    visitors.pass_by(2000)
    time.sleep(1)
    before = pair.rss()
    sleepers = Visitors(SOURCE_PUBLIC)
    sleepers.sleep(options.sleepers)
    most = dict(before)
    for _ in range(50):
        time.sleep(0.1)
        most = {name: max(kib, most[name]) for name, kib in pair.rss().items()}
    descriptors = {name: program.descriptors() for name, program in pair.programs.items()}
    sleepers.close()
    wait_until("the sleepers' end",
               lambda: all(p.descriptors() < descriptors[n] - options.sleepers // 2
                           for n, p in pair.programs.items()), 20)
    begun = time.monotonic()

    def fell():
        now = pair.rss()
        return all(now[n] - before[n] < KEPT_AFTER_BURST_MIB * 1024 for n in now) or \
            time.monotonic() - begun > options.patience

    wait_until("the fall", fell, options.patience + 5)
    figures, limits = {"fell_after_s": round(time.monotonic() - begun, 1)}, {}
    for name, kib in pair.rss().items():
        figures[f"{name}_rose_mib"] = round((most[name] - before[name]) / 1024, 2)
        figures[f"{name}_kept_mib"] = round((kib - before[name]) / 1024, 2)
        limits[f"{name}_kept_mib"] = KEPT_AFTER_BURST_MIB
    # One of the two must have been filled, or nothing was shown.
    if max(figures["portal_rose_mib"], figures["bridge_rose_mib"]) < 3 * KEPT_AFTER_BURST_MIB:
        sys.exit(f"memory.py: the queues were not filled: {figures}")
    return figures, limits


def in_own_network(arguments):
    """Runs this again in a network namespace that ends with it."""
    set_up = ("ip link set lo up && sysctl -qw net.ipv4.ip_local_port_range='2000 65000' "
              "net.ipv4.tcp_max_tw_buckets=1000 && exec \"$@\"")
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", set_up, "memory", sys.executable, __file__,
                          *arguments, "--here"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("idle", "churn", "burst", "serve"))
    parser.add_argument("--visitors", type=int, default=9000)
    parser.add_argument("--warm-up", type=int, default=100, help="idle: visitors before the first reading")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--sleepers", type=int, default=200)
    parser.add_argument("--patience", type=float, default=80, help="burst: seconds for the fall")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--programs", default=TOP / "build/release/bin")
    parser.add_argument("--here", action="store_true", help="in the network namespace that is there")
    options = parser.parse_args()
    if options.what == "serve":
        return serve()
    if not options.here:
        return in_own_network(sys.argv[1:])
    import resource
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, DESCRIPTORS), most))
    pair = Pair(options.programs, options.threads)
    try:
        figures, limits = {"idle": idle, "churn": churn, "burst": burst}[options.what](pair, options)
    finally:
        pair.stop()
    beyond = {name: limit for name, limit in limits.items() if figures[name] > limit}
    print(json.dumps({"what": options.what, **figures, "beyond": beyond}))
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
