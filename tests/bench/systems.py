"""The systems that are compared, and how each is started.

Each publishes the same four services of one target (echo, sink, source, http) on four ports of its own and has a public
and a private end, which stand for the portal and the bridge.  All run in one network namespace, on loopback.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

KINDS = ("echo", "sink", "source", "http")
TARGET_PORT = 7001  # of the first kind; the others follow
FIRST_PORT = 10000  # of the first system; each has a hundred
READY_SECONDS = 30
STOP_SECONDS = 3
PEERS = ("v2ray5", "xray", "frp", "rathole", "bore", "ssh")
TITLES = {  # what people call them, by their name in the results
    "culvert": "Culvert", "v2ray": "V2Ray 4.34", "floor": "floor", "relay": "raw relay",
    "culvert-plain": "Culvert, no tunnel", "v2ray-plain": "V2Ray, no tunnel", "v2ray5": "V2Ray 5", "xray": "Xray",
    "frp": "frp", "rathole": "rathole, Noise", "bore": "bore, plain", "ssh": "ssh -R",
}
USER_ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
DOMAIN = "private.cloud.com"


def target_port(kind):
    return TARGET_PORT + KINDS.index(kind)


class NotReady(Exception):
    """A system did not carry a byte."""


class System:
    """One system under test."""

    def __init__(self, name, base_port, directory):
        self.name, self.title = name, TITLES[name]
        self.base_port = base_port
        self.directory = pathlib.Path(directory) / name
        self.processes = {}  # role: Popen

    def port(self, kind):
        """The public port of a service."""
        return self.base_port + 1 + KINDS.index(kind)

    def tunnel_port(self):
        return self.base_port

    def address(self, kind):
        return f"127.0.0.1:{self.port(kind)}"

    def pids(self):
        return [process.pid for process in self.processes.values()]

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        self.launch()

    def launch(self):
        raise NotImplementedError

    def spawn(self, role, *argv, env=None):
        log = open(self.directory / f"{role}.log", "wb")
        with log:
            self.processes[role] = subprocess.Popen(
                [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                env={**os.environ, **(env or {})})

    def write(self, name, text):
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def wait_ready(self):
        """Until a byte comes back through the tunnel."""
        deadline = time.monotonic() + READY_SECONDS
        while not echoes(self.port("echo")):
            for role, process in self.processes.items():
                if process.poll() is not None:
                    raise NotReady(f"{self.title}: {role} ended with status {process.returncode}: {self.last_words(role)}")
            if time.monotonic() > deadline:
                raise NotReady(f"{self.title} carries nothing after {READY_SECONDS} s: {self.last_words()}")
            time.sleep(0.05)  # between two tries, not instead of one

    def last_words(self, role=None):
        lines = []
        for name in [role] if role else self.processes:
            with contextlib.suppress(OSError):
                lines += (self.directory / f"{name}.log").read_text(errors="replace").splitlines()[-2:]
        return " / ".join(lines) or "(silent)"

    def stop(self):
        end(self.processes.values())
        self.processes = {}


def end(processes):
    """Ends processes, and whatever they do not end themselves in time."""
    processes = list(processes)
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def echoes(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            probe.settimeout(1)
            probe.sendall(b"?")
            return probe.recv(1) == b"?"
    except OSError:
        return False


# V2Ray's configuration, which Culvert reads too: the tutorial's, with the ports of the four services


def portal_json(system):
    inbounds = [
        {"tag": f"external-{kind}", "port": system.port(kind), "listen": "127.0.0.1", "protocol": "dokodemo-door",
         "settings": {"address": "127.0.0.1", "port": target_port(kind), "network": "tcp"}}
        for kind in KINDS
    ]
    tags = [inbound["tag"] for inbound in inbounds]
    inbounds.append({"tag": "tunnel", "port": system.tunnel_port(), "listen": "127.0.0.1", "protocol": "vmess",
                     "settings": {"clients": [{"id": USER_ID, "alterId": 0}]}})
    return json.dumps({
        "reverse": {"portals": [{"tag": "portal", "domain": DOMAIN}]},
        "inbounds": inbounds,
        "routing": {"rules": [
            {"type": "field", "inboundTag": tags, "outboundTag": "portal"},
            {"type": "field", "inboundTag": ["tunnel"], "domain": [f"full:{DOMAIN}"], "outboundTag": "portal"},
        ]},
    }, indent=2)


def bridge_json(system):
    return json.dumps({
        "reverse": {"bridges": [{"tag": "bridge", "domain": DOMAIN}]},
        "outbounds": [
            {"tag": "tunnel", "protocol": "vmess", "settings": {"vnext": [
                {"address": "127.0.0.1", "port": system.tunnel_port(), "users": [{"id": USER_ID, "alterId": 0}]}]}},
            {"tag": "out", "protocol": "freedom", "settings": {}},
        ],
        "routing": {"rules": [
            {"type": "field", "inboundTag": ["bridge"], "domain": [f"full:{DOMAIN}"], "outboundTag": "tunnel"},
            {"type": "field", "inboundTag": ["bridge"], "outboundTag": "out"},
        ]},
    }, indent=2)


def plain_json(system):
    """No tunnel: the public port leads to the target in one process, without cryptography."""
    return json.dumps({
        "inbounds": [
            {"tag": f"external-{kind}", "port": system.port(kind), "listen": "127.0.0.1", "protocol": "dokodemo-door",
             "settings": {"address": "127.0.0.1", "port": target_port(kind), "network": "tcp"}}
            for kind in KINDS
        ],
        "outbounds": [{"tag": "out", "protocol": "freedom", "settings": {}}],
    }, indent=2)


class V2rayLike(System):
    """A program that takes V2Ray's configuration."""

    def __init__(self, name, base_port, directory, program, arguments):
        super().__init__(name, base_port, directory)
        self.program, self.arguments = program, arguments

    def configurations(self):
        return {"portal": portal_json(self), "bridge": bridge_json(self)}

    def launch(self):
        for role, text in self.configurations().items():
            file = self.write(f"{role}.json", text)
            words = [word.format(file=file, state=self.directory / f"state-{role}") for word in self.arguments]
            (self.directory / f"state-{role}").mkdir(exist_ok=True)
            self.spawn(role, self.program, *words)


class Plain(V2rayLike):
    def configurations(self):
        return {"relay": plain_json(self)}


CULVERT_ARGUMENTS = ("run", "-c", "{file}", "--state={state}")
V2RAY_ARGUMENTS = ("-config", "{file}")
V2RAY5_ARGUMENTS = ("run", "-c", "{file}")


class Floor(System):
    """Raw epoll relays in a row: what the bytes cost without a protocol."""

    def __init__(self, name, base_port, directory, load, relays):
        super().__init__(name, base_port, directory)
        self.load, self.relays = load, relays

    def launch(self):
        for step in range(self.relays):
            last = step == self.relays - 1
            edges = [
                f"127.0.0.1:{self.port(kind) + 10 * step}="
                f"127.0.0.1:{target_port(kind) if last else self.port(kind) + 10 * (step + 1)}"
                for kind in KINDS
            ]
            self.spawn(f"relay{step}", self.load, "relay", *edges)


# What people pick instead


class Frp(System):
    """Its defaults: TLS between the two, one multiplexed connection."""

    def __init__(self, name, base_port, directory, server, client):
        super().__init__(name, base_port, directory)
        self.server, self.client = server, client

    def launch(self):
        self.spawn("portal", self.server, "-c", self.write("frps.toml", "\n".join([
            'bindAddr = "127.0.0.1"', 'proxyBindAddr = "127.0.0.1"', f"bindPort = {self.tunnel_port()}",
            'log.level = "warn"', ""])))
        proxies = "".join(
            f'\n[[proxies]]\nname = "{kind}"\ntype = "tcp"\nlocalIP = "127.0.0.1"\n'
            f"localPort = {target_port(kind)}\nremotePort = {self.port(kind)}\n" for kind in KINDS)
        client = self.write("frpc.toml", "\n".join([
            'serverAddr = "127.0.0.1"', f"serverPort = {self.tunnel_port()}", 'log.level = "warn"',
            "loginFailExit = false", ""]) + proxies)
        await_listener(self.tunnel_port())
        self.spawn("bridge", self.client, "-c", client)


def rathole_keys(program):
    """A private and its public key."""
    words = subprocess.run([program, "--genkey"], capture_output=True, text=True, check=True).stdout.split()
    return [word for word in words if re.fullmatch(r"[A-Za-z0-9+/]{43}=", word)]


class Rathole(System):
    """With its Noise transport."""

    def __init__(self, name, base_port, directory, program):
        super().__init__(name, base_port, directory)
        self.program = program

    def launch(self):
        private, public = rathole_keys(self.program)
        def services(key, port):
            return "".join(f'[{key}.services.{kind}]\n{"bind_addr" if key == "server" else "local_addr"} = '
                           f'"127.0.0.1:{port(kind)}"\n' for kind in KINDS)
        server = self.write("server.toml", (
            f'[server]\nbind_addr = "127.0.0.1:{self.tunnel_port()}"\ndefault_token = "{USER_ID}"\n'
            f'[server.transport]\ntype = "noise"\n[server.transport.noise]\nlocal_private_key = "{private}"\n'
            + services("server", self.port)))
        client = self.write("client.toml", (
            f'[client]\nremote_addr = "127.0.0.1:{self.tunnel_port()}"\ndefault_token = "{USER_ID}"\n'
            f'[client.transport]\ntype = "noise"\n[client.transport.noise]\nremote_public_key = "{public}"\n'
            + services("client", target_port)))
        quiet = {"RUST_LOG": "warn"}
        self.spawn("portal", self.program, "--server", server, env=quiet)
        await_listener(self.tunnel_port())
        self.spawn("bridge", self.program, "--client", client, env=quiet)


class Bore(System):
    """One client per service, a connection per visitor.  Its control port is fixed."""

    CONTROL_PORT = 7835

    def __init__(self, name, base_port, directory, program):
        super().__init__(name, base_port, directory)
        self.program = program

    def launch(self):
        quiet = {"RUST_LOG": "warn"}
        self.spawn("portal", self.program, "server", "--min-port", "1024", env=quiet)
        await_listener(self.CONTROL_PORT)
        for kind in KINDS:
            self.spawn(f"bridge-{kind}", self.program, "local", target_port(kind), "--local-host", "127.0.0.1",
                       "--to", "127.0.0.1", "--port", self.port(kind), env=quiet)


class Ssh(System):
    """OpenSSH's remote forwarding, with a server of our own beside the machine's."""

    def __init__(self, name, base_port, directory, server, client):
        super().__init__(name, base_port, directory)
        self.server, self.client = server, client

    def launch(self):
        for key in ("host", "user"):
            if not (self.directory / key).exists():
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / key], check=True)
        shutil.copy(self.directory / "user.pub", self.directory / "authorized")
        server = self.write("sshd_config", "\n".join([
            f"Port {self.tunnel_port()}", "ListenAddress 127.0.0.1", f"HostKey {self.directory}/host",
            f"AuthorizedKeysFile {self.directory}/authorized", "StrictModes no", "UsePAM no", "PermitRootLogin yes",
            "PasswordAuthentication no", f"PidFile {self.directory}/sshd.pid", "LogLevel ERROR", ""]))
        # Privilege separation wants its folder; /run is private here (see bench.py).
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.spawn("portal", self.server, "-D", "-e", "-f", server)
        await_listener(self.tunnel_port())
        forwards = []
        for kind in KINDS:
            forwards += ["-R", f"127.0.0.1:{self.port(kind)}:127.0.0.1:{target_port(kind)}"]
        self.spawn("bridge", self.client, "-N", "-F", "/dev/null", "-i", self.directory / "user", "-p", self.tunnel_port(),
                   "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                   "-o", "ExitOnForwardFailure=yes", *forwards, "127.0.0.1")


def await_listener(port):
    """For clients that give up, or wait long, when their server is not there yet."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)  # between two tries


class Shelf:
    """Makes systems by name.

    `programs`: what was found, by name: culvert, load (culvert-bench), v2ray and, where asked for, those of the peers.
    """

    def __init__(self, programs, directory):
        self.programs, self.directory = programs, directory

    def has(self, name):
        return all(self.programs.get(program) for program in self._needs(name))

    @staticmethod
    def _needs(name):
        return {"culvert-plain": ["culvert"], "v2ray-plain": ["v2ray"], "floor": ["load"], "relay": ["load"],
                "frp": ["frps", "frpc"], "ssh": ["sshd", "ssh"]}.get(name, [name])

    def make(self, name):
        make, *more = {
            "culvert": (V2rayLike, CULVERT_ARGUMENTS),
            "culvert-plain": (Plain, CULVERT_ARGUMENTS),
            "v2ray": (V2rayLike, V2RAY_ARGUMENTS),
            "v2ray-plain": (Plain, V2RAY_ARGUMENTS),
            "v2ray5": (V2rayLike, V2RAY5_ARGUMENTS),
            "xray": (V2rayLike, V2RAY5_ARGUMENTS),
            "floor": (Floor, 2),
            "relay": (Floor, 1),
            "frp": (Frp,), "rathole": (Rathole,), "bore": (Bore,), "ssh": (Ssh,),
        }[name]
        port = FIRST_PORT + 100 * list(TITLES).index(name)
        programs = [self.programs[program] for program in self._needs(name)]
        return make(name, port, self.directory, *programs, *more)
