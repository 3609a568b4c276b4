"""Three hosts in private network namespaces: visitor -- vps -- nas.

    visitor 10.81.1.2 / fd81:1::2 ---- 10.81.1.1 / fd81:1::1  vps
    nas     10.81.2.2 / fd81:2::2 ---- 10.81.2.1 / fd81:2::1  vps

The visitor and the NAS do not know each other; the NAS knows the VPS by the name serveraddr.com from its
own hosts file.  Sockets of the tests are made inside a namespace by switching the calling thread for the
moment of socket(); a socket stays where it was made.
"""

import contextlib
import ctypes
import itertools
import os
import pathlib
import socket
import subprocess

from .procs import Process
from .waiting import wait_until

CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
CONNECTED = ("01", "04", "05", "08")  # established, or closed by one side only (kernel's tcp_states.h)
RUN_NETNS = pathlib.Path("/run/netns")

_libc = ctypes.CDLL(None, use_errno=True)
_counter = itertools.count(1)


def _check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def become_private():
    """Gives this process its own mounts, with an empty /run/netns: what the tests make dies with it."""
    RUN_NETNS.mkdir(exist_ok=True)
    _check(_libc.unshare(CLONE_NEWNS), "unshare")
    _check(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount private")
    _check(_libc.mount(b"cvnetns", str(RUN_NETNS).encode(), b"tmpfs", 0, None), "mount tmpfs")


def namespaces():
    """The network namespaces that exist now in this process's private view."""
    return sorted(path.name for path in RUN_NETNS.iterdir()) if RUN_NETNS.exists() else []


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Host:
    """One host: a namespace with its own /etc/hosts."""

    def __init__(self, world, role):
        self.world = world
        self.role = role
        self.name = f"cv{os.getpid()}-{next(_counter)}-{role}"
        self.path = RUN_NETNS / self.name
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self.etc = world.directory / f"etc-{role}"
        self.etc.mkdir()
        (self.etc / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.set_hosts({})

    def set_hosts(self, names):
        """Replaces the host's name table; the file keeps its inode, so running programs see it."""
        lines = [f"{address} {name}\n" for name, address in names.items()]
        base = "" if self.world.ipv6_only else "127.0.0.1 localhost\n"
        (self.etc / "hosts").write_text(base + "::1 localhost ip6-localhost\n" + "".join(lines))

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is in this namespace inside the block; so is what it spawns there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc.setns(self.fd, CLONE_NEWNET), "setns")
            try:
                yield self
            finally:
                _check(_libc.setns(home, CLONE_NEWNET), "setns back")
        finally:
            os.close(home)

    def stay(self):
        """Moves the calling thread into this namespace for good."""
        _check(_libc.setns(self.fd, CLONE_NEWNET), "setns")

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        with self.entered():
            return socket.socket(family, kind)

    def connect(self, address, timeout=5, source=None, rcvbuf=None):
        """A TCP connection from this host; `address` is (ip, port)."""
        sock = self.socket(family_of(address[0]))
        try:
            if rcvbuf:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
            if source:
                sock.bind((source, 0))
            sock.settimeout(timeout)
            sock.connect(address)
        except BaseException:
            sock.close()
            raise
        return sock

    def run(self, *argv, check=True, text=None, timeout=60):
        """Runs a short command in this namespace and returns its completed process."""
        with self.entered():
            result = subprocess.run([str(a) for a in argv], input=text, capture_output=True, text=True, timeout=timeout)
        if check and result.returncode != 0:
            raise RuntimeError(f"{argv}: {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def spawn(self, argv, name, **options):
        """Starts a long-lived process on this host; it is ended with the world."""
        process = Process(self, argv, name, **options)
        self.world.processes.append(process)
        return process

    def ip(self, *argv):
        return self.run("ip", *argv)

    def connections(self, port=None, states=CONNECTED):
        """TCP connections of this host as ((ip, port), (ip, port)), local first; by a port at either end."""
        found = []
        with self.entered():
            for name, is_v6 in (("tcp", False), ("tcp6", True)):
                table = pathlib.Path(f"/proc/thread-self/net/{name}")
                if not table.exists():
                    continue
                for line in table.read_text().splitlines()[1:]:
                    fields = line.split()
                    if fields[3] not in states:
                        continue
                    local, remote = (_end(text, is_v6) for text in fields[1:3])
                    if port in (None, local[1], remote[1]):
                        found.append((local, remote))
        return found

    def listens(self, port, udp=False):
        """Whether anything on this host listens on the port."""
        with self.entered():
            for name in ("udp", "udp6") if udp else ("tcp", "tcp6"):
                table = pathlib.Path(f"/proc/thread-self/net/{name}")
                if not table.exists():
                    continue
                for line in table.read_text().splitlines()[1:]:
                    fields = line.split()
                    if int(fields[1].rsplit(":", 1)[1], 16) == port and (udp or fields[3] == "0A"):
                        return True
        return False

    def wait_listening(self, port, timeout=10, udp=False):
        wait_until(lambda: self.listens(port, udp), timeout, f"{self.role}: a listener on port {port}")

    def close(self):
        os.close(self.fd)
        subprocess.run(["ip", "netns", "del", self.name], check=True)


def _end(text, is_v6):
    raw, port = text.split(":")
    packed = bytes.fromhex(raw)
    packed = b"".join(packed[i : i + 4][::-1] for i in range(0, len(packed), 4))
    address = socket.inet_ntop(socket.AF_INET6 if is_v6 else socket.AF_INET, packed)
    if address.startswith("::ffff:") and "." in address:
        address = address[7:]
    return address, int(port, 16)


class World:
    """The three hosts and everything that runs on them."""

    def __init__(self, directory, ipv6_only=False):
        self.directory = pathlib.Path(directory)
        self.ipv6_only = ipv6_only
        self.processes = []
        self.closers = []  # called first when the world ends: sockets and threads of the tests
        self.hosts = []
        try:
            self.visitor, self.vps, self.nas = (self._host(r) for r in ("visitor", "vps", "nas"))
            self._join(self.visitor, 1)
            self._join(self.nas, 2)
        except BaseException:
            self.close()
            raise
        self.vps_address = "fd81:1::1" if ipv6_only else "10.81.1.1"  # as the visitor sees it
        self.vps_address6 = "fd81:1::1"
        self.server_address = "fd81:2::1" if ipv6_only else "10.81.2.1"  # as the NAS sees it
        self.nas.set_hosts({"serveraddr.com": self.server_address})

    def _host(self, role):
        host = Host(self, role)
        self.hosts.append(host)
        host.ip("link", "set", "lo", "up")
        if self.ipv6_only:
            host.ip("-4", "addr", "flush", "dev", "lo")
        return host

    def _join(self, host, number):
        near = f"to-{host.role}"
        host.ip("link", "add", "uplink", "type", "veth", "peer", "name", near, "netns", self.vps.name)
        for here, device, end in ((host, "uplink", 2), (self.vps, near, 1)):
            if not self.ipv6_only:
                here.ip("addr", "add", f"10.81.{number}.{end}/24", "dev", device)
            here.ip("addr", "add", f"fd81:{number}::{end}/64", "dev", device, "nodad")
            here.ip("link", "set", device, "up")

    def extra_visitor_addresses(self, count):
        """Adds addresses to the visitor and returns them all."""
        added = [f"10.81.1.{10 + i}" for i in range(count)]
        batch = "".join(f"addr add {a}/24 dev uplink\n" for a in added)
        self.visitor.run("ip", "-batch", "-", text=batch)
        return added

    def dump(self, tail=200):
        """Everything a reader of a failure wants: logs, sockets, filter rules."""
        parts = []
        for process in self.processes:
            parts.append(f"--- {process.name} (pid {process.pid}, {process.state()})")
            parts.append("\n".join(process.log_text().splitlines()[-tail:]))
        for host in self.hosts:
            for argv in (("ss", "-Htan"), ("nft", "list", "ruleset")):
                result = host.run(*argv, check=False)
                lines = result.stdout.splitlines()
                parts.append(f"--- {host.role}: {' '.join(argv)} ({len(lines)} lines)")
                parts.append("\n".join(lines[:60]))
        return "\n".join(parts)

    def stacks(self):
        """Stacks of all live processes, for a test that ran out of time."""
        parts = []
        for process in self.processes:
            if process.alive():
                parts.append(f"--- stacks of {process.name}\n{process.stacks()}")
        return "\n".join(parts)

    def close(self):
        """Ends everything; returns the complaints about processes that did not end as they should."""
        complaints = []
        for closer in reversed(self.closers):
            closer()
        self.closers.clear()
        for process in reversed(self.processes):
            process.ask_to_end()
        for process in reversed(self.processes):
            complaints += process.finish()
        for host in self.hosts:
            host.close()
        self.hosts.clear()
        return complaints
