"""Long-lived processes on a host: started in its namespace, logged to a file, ended by pid."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from .waiting import Late, wait_until

ENTER = pathlib.Path(__file__).resolve().parent.parent / "tools" / "enter.sh"
OWNER = "CULVERT_E2E_OWNER"
SANITIZER = re.compile(
    r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|runtime error: |terminate called|"
    r"Assertion .* failed|DEADLYSIGNAL"
)
PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "ASAN_SYMBOLIZER_PATH")
TICKS = os.sysconf("SC_CLK_TCK")


def environment(home, extra=None):
    """A small environment: nothing of the tester's own settings reaches the programs."""
    env = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        OWNER: str(os.getpid()),
    }
    env.update({name: os.environ[name] for name in PASSED_ON if name in os.environ})
    env.update(extra or {})
    return env


def enter(host, argv, nofile=None):
    """The command line that runs `argv` on a host."""
    return [str(ENTER), str(host.path), str(host.etc), str(nofile or "-"), *map(str, argv)]


class Process:
    """One process.  `graceful` ones must end with status 0 when asked by SIGTERM."""

    def __init__(self, host, argv, name, env=None, nofile=None, graceful=False, cwd=None):
        # The kernel ends the child together with the thread that started it.
        assert threading.current_thread() is threading.main_thread()
        self.host = host
        self.name = name
        self.graceful = graceful
        self.expected_end = False
        self.asked = None
        number = len(list(host.world.directory.glob("*.log")))
        self.log = host.world.directory / f"{number:02d}-{name}.log"
        self.started = time.monotonic()
        with open(self.log, "wb") as out:
            self.popen = subprocess.Popen(
                enter(host, argv, nofile),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment(host.world.directory, env),
                cwd=cwd or host.world.directory,
                start_new_session=True,
            )
        self.pid = self.popen.pid

    # looking

    def alive(self):
        return self.popen.poll() is None

    def state(self):
        code = self.popen.poll()
        return "running" if code is None else f"ended with {code}"

    def log_text(self, since=0):
        with open(self.log, "rb") as file:
            file.seek(since)
            return file.read().decode("utf-8", "replace")

    def log_size(self):
        return self.log.stat().st_size

    def wait_log(self, pattern, timeout=10, since=0):
        """Waits for a line that matches and returns the match."""
        expression = re.compile(pattern, re.MULTILINE)

        def look():
            found = expression.search(self.log_text(since))
            if not found and not self.alive():
                raise Late(f"{self.name} {self.state()} before it wrote {pattern!r}:\n{self.log_text()[-2000:]}")
            return found

        return wait_until(look, timeout, f"{self.name} writes {pattern!r}", 0.02)

    def wait_listening(self, port, timeout=10, udp=False):
        """Waits until the host listens on the port; a process that ended meanwhile is told at once."""

        def look():
            if not self.alive():
                raise Late(f"{self.name} {self.state()} before it listened on {port}:\n{self.log_text()[-3000:]}")
            return self.host.listens(port, udp)

        wait_until(look, timeout, f"{self.name} listens on {port}")

    def _proc(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_text()

    def memory(self, field="VmRSS"):
        """Resident memory in MiB; VmHWM is the peak since start."""
        return int(re.search(rf"{field}:\s+(\d+)", self._proc("status")).group(1)) / 1024

    def cpu_seconds(self):
        fields = self._proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def stacks(self):
        result = subprocess.run(
            ["gdb", "-p", str(self.pid), "-batch", "-ex", "thread apply all bt 12"],
            capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
        )
        return result.stdout[-8000:]

    # acting

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        """kill -9, and waits until the kernel has closed its sockets."""
        self.expected_end = True
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(10)

    def wait(self, timeout):
        """Waits for the end and returns the exit status."""
        self.expected_end = True
        return self.popen.wait(timeout)

    def terminate(self, timeout=15):
        """SIGTERM and wait; returns the exit status."""
        self.expected_end = True
        if self.alive():
            self.signal(signal.SIGTERM)
        return self.popen.wait(timeout)

    def ask_to_end(self):
        """First half of finish(): asks, does not wait, so that several end at the same time."""
        if self.alive():
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM if self.graceful else signal.SIGKILL)
            self.asked = time.monotonic()

    def finish(self):
        """Ends the process and returns the complaints about it."""
        complaints = []
        code = self.popen.poll()
        if self.asked is None and code is not None and not self.expected_end:
            complaints.append(f"{self.name} ended by itself with {code}")
        if code is None:
            try:
                code = self.popen.wait(0.3)
            except subprocess.TimeoutExpired:
                if self.graceful:
                    self.signal(signal.SIGTERM)  # the second one: reset what is left
                try:
                    code = self.popen.wait(20)
                except subprocess.TimeoutExpired:
                    complaints.append(f"{self.name} did not end 20 s after two SIGTERM")
                    self.popen.kill()
                    code = self.popen.wait(10)
        if self.asked is not None and self.graceful and code != 0:
            complaints.append(f"{self.name} ended with {code} after SIGTERM")
        found = SANITIZER.search(self.log_text())
        if found:
            complaints.append(f"{self.name} reports: {self.log_text()[found.start():][:3000]}")
        return complaints


def owned_by(pid):
    """Processes (not zombies) that a test run with this pid started, directly or through a daemon."""
    mark = f"{OWNER}={pid}\0".encode()
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark in (entry / "environ").read_bytes() + b"\0":
                found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
        except OSError:
            continue
    return found


def sweep_orphans():
    """Ends what earlier runs left behind that were themselves killed: only processes with our mark."""
    mark = re.compile(rb"(?:^|\0)" + OWNER.encode() + rb"=(\d+)\0")
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            found = mark.search((entry / "environ").read_bytes() + b"\0")
            if found and not os.path.exists(f"/proc/{found.group(1).decode()}"):
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue
