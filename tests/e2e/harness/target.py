"""The harness's handle on tools/target.py: starts it on a host and asks for its journal."""

import json
import pathlib
import socket
import itertools

from .waiting import wait_until

TOOL = pathlib.Path(__file__).resolve().parent.parent / "tools" / "target.py"
PORT = 7000
GREET_PORT = 7001
_number = itertools.count(1)


class Target:
    """The service beside the bridge: TCP and UDP on PORT, a greeting server on GREET_PORT."""

    def __init__(self, host, port=PORT, greet=GREET_PORT):
        self.host = host
        self.port = port
        self.greet = greet
        self._control = None
        self.path = host.world.directory / f"target-{next(_number)}.sock"
        self.start()

    def start(self):
        argv = [TOOL, "--port", self.port, "--control", self.path]
        if self.greet:
            argv += ["--greet", self.greet]
        self.process = self.host.spawn(argv, f"target-{self.port}")
        self.process.wait_listening(self.greet or self.port)

    def kill(self):
        self._hang_up()
        self.process.kill()

    def _hang_up(self):
        if self._control:
            self._control.close()
            self._control = None

    def ask(self, **question):
        if self._control is None:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(20)
            sock.connect(str(self.path))
            self._control = sock.makefile("rwb")
            sock.close()
        self._control.write(json.dumps(question).encode() + b"\n")
        self._control.flush()
        return json.loads(self._control.readline())

    def flow(self, name):
        """The journal's entry of a flow, or None while it never arrived."""
        return self.ask(ask="flow", id=name)

    def totals(self):
        return self.ask(ask="totals")

    def wait_flow(self, name, condition, timeout, what):
        """Waits until the entry exists and satisfies `condition`; returns it."""

        def look():
            entry = self.flow(name)
            return entry if entry is not None and condition(entry) else None

        return wait_until(look, timeout, f"flow {name}: {what}; now {self.flow(name)}")
