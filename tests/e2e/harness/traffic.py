"""What visitors do: probes, checked transfers, half-closes, sleepers, datagrams, bursts.

Every stream is judged by what its receiver saw (the words are those of the reliability promises):

    COMPLETE   all bytes, then FIN
    ABORTED    a prefix of the bytes, then RST
    TRUNCATED  FIN although bytes are missing
    CORRUPT    bytes that are not a prefix
    STUCK      no progress and no end
"""

import contextlib
import ctypes
import dataclasses
import errno
import itertools
import json
import selectors
import socket
import struct
import sys
import threading
import time

from . import pattern
from .waiting import wait_until
from .world import family_of

PIECE = 256 * 1024
STUCK_AFTER = 20.0
ENDLESS = 1 << 40
_number = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)
sys.setswitchinterval(0.001)  # probes share this process with bulk threads


def was_reset(sock):
    """Whether an end of file is in truth a reset whose error a send() in another thread has taken already.

    True only for a socket whose own write side is open: a FIN leaves it in CLOSE_WAIT, a RST in CLOSE.
    """
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 7


@dataclasses.dataclass
class Ending:
    kind: str
    bytes: int
    expected: int
    at: float  # monotonic time of the end
    longest_pause: float
    error: str = ""

    def __str__(self):
        return f"{self.kind} after {self.bytes} of {self.expected} bytes {self.error}".rstrip()


def set_reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset(sock):
    """Closes with RST."""
    set_reset(sock)
    sock.close()


def reset_now(sock):
    """RST at once, even while a thread waits in recv(): connect() to no address is TCP's "abort"."""
    nobody = struct.pack("H14x", socket.AF_UNSPEC)
    _libc.connect(sock.fileno(), nobody, len(nobody))


class Flow:
    """One visitor's connection to the target, with a receiving and a sending thread.

    `order` is the line of tools/target.py.  The visitor's side: `read=False` here never reads until
    `resume()`; `fin` "after-down" (as most programs do) shuts the write side once the answer has ended, "end"
    right after the last byte, "never" not at all; `up_rate` slows the sending.
    """

    def __init__(self, host, address, target=None, up=0, fin="after-down", sleeping=False, rcvbuf=None, source=None,
                 up_rate=0, connect_timeout=10, patience=None, **order):
        number = next(_number)
        patience = STUCK_AFTER if patience is None else patience  # 0: for ever
        self.name = f"f{number}"
        self.host, self.address, self.target = host, address, target
        self.up, self.fin, self.up_rate, self.patience = up, fin, up_rate, patience
        self.order = {"id": self.name, "up": up, "seed_up": 2 * number, "seed_down": 2 * number + 1, **order}
        self.down = self.order.get("down", 0)
        self.received = 0
        self.sent = 0
        self.ending = None  # of the down direction
        self.send_error = None
        self.fin_sent_at = None
        self.cancelled = False
        self._awake = threading.Event()
        if not sleeping:
            self._awake.set()
        self._down_over = threading.Event()
        self.sock = host.connect(address, connect_timeout, source, rcvbuf)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(0.5)
        host.world.closers.append(self.abandon)
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._receive, self._send)]
        for thread in self.threads:
            thread.start()

    def _receive(self):
        seed, position, pause, last = self.order["seed_down"], 0, 0.0, time.monotonic()
        kind, error = None, ""
        while kind is None:
            if not self._awake.is_set():
                self._awake.wait()
                last = time.monotonic()
            try:
                data = self.sock.recv(PIECE)
            except TimeoutError:
                if self.cancelled:
                    kind = "CANCELLED"
                elif self.patience and time.monotonic() - last > self.patience:
                    kind = "STUCK"
                continue
            except OSError as problem:
                kind, error = ("CANCELLED" if self.cancelled else "ABORTED"), problem.strerror or str(problem)
                continue
            now = time.monotonic()
            pause, last = max(pause, now - last), now
            if not data and not self.fin_sent_at and was_reset(self.sock):
                kind = "CANCELLED" if self.cancelled else "ABORTED"
            elif not data:
                kind = "COMPLETE" if position == self.down else "TRUNCATED"
            elif not pattern.fits(seed, position, data) or position + len(data) > self.down:
                kind = "CORRUPT"
            position += len(data)
            self.received = position
        self.ending = Ending(kind, position, self.down, time.monotonic(), pause, error)
        self._down_over.set()

    def _put(self, data):
        view = memoryview(data)
        last = time.monotonic()
        while view:
            try:
                done = self.sock.send(view)
                view, last = view[done:], time.monotonic()
            except TimeoutError:
                if self.cancelled or (self.patience and time.monotonic() - last > self.patience):
                    raise OSError(errno.ETIMEDOUT, "no progress") from None

    def _send(self):
        seed = self.order["seed_up"]
        try:
            self._put(json.dumps(self.order).encode() + b"\n")
            began = time.monotonic()
            piece = min(PIECE, max(4096, self.up_rate // 100)) if self.up_rate else PIECE
            while self.sent < self.up:
                data = pattern.take(seed, self.sent, min(piece, self.up - self.sent))
                self._put(data)
                self.sent += len(data)
                if self.up_rate:
                    time.sleep(max(0.0, began + self.sent / self.up_rate - time.monotonic()))  # the pace
            if self.fin == "after-down":
                self._down_over.wait()
            if self.fin != "never":
                if self._down_over.is_set() and self.ending.kind != "COMPLETE":
                    return
                self.fin_sent_at = time.monotonic()
                self.sock.shutdown(socket.SHUT_WR)
        except OSError as problem:
            self.send_error = problem.strerror or str(problem)

    def wait_received(self, count, timeout=20):
        wait_until(lambda: self.received >= count or self.ending, timeout, f"{self.name}: {count} bytes received")
        assert self.received >= count, f"{self.name}: {self.ending}"

    def wait_sent(self, count, timeout=20):
        wait_until(lambda: self.sent >= count or self.send_error, timeout, f"{self.name}: {count} bytes sent")

    def wait_arrived(self, timeout=20):
        """Waits until the target knows the flow."""
        return self.target.wait_flow(self.name, lambda entry: True, timeout, "arrives")

    def resume(self):
        """A sleeping visitor goes on reading."""
        self._awake.set()

    def join(self, timeout=60):
        """Waits for the end of the down direction."""
        wait_until(lambda: self.ending, timeout, f"{self.name} ends ({self.received} of {self.down} bytes so far)")
        return self.ending

    def finish(self, timeout=60):
        """Waits for the end of both threads and closes."""
        self.join(timeout)
        self.threads[1].join(timeout)
        assert not self.threads[1].is_alive(), f"{self.name}: still sending"
        self.sock.close()
        return self.ending

    def up_ending(self, timeout=None):
        """How the up direction ended for the target, in the same words."""
        try:
            entry = self.target.wait_flow(self.name, lambda e: e["up_end"] != "open", timeout or STUCK_AFTER, "up ends")
        except AssertionError:
            entry = self.target.flow(self.name)
            if entry is None:
                return Ending("LOST", 0, self.up, time.monotonic(), 0)
            return Ending("STUCK", entry["up"], self.up, time.monotonic(), 0)
        if not entry["up_ok"] or entry["up"] > self.up:
            kind = "CORRUPT"
        elif entry["up_end"] == "rst":
            kind = "ABORTED"
        else:
            kind = "COMPLETE" if entry["up"] == self.up else "TRUNCATED"
        return Ending(kind, entry["up"], self.up, entry["up_end_at"], 0, entry.get("up_error", ""))

    def reset(self):
        """The visitor leaves with RST."""
        self.cancelled = True
        reset_now(self.sock)
        self._quit()

    def leave(self):
        """The visitor closes as it is: FIN now, RST for what still comes."""
        self.cancelled = True
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self._quit()

    def _quit(self):
        self._awake.set()
        for thread in self.threads:
            thread.join(2)
        self.sock.close()

    def abandon(self):
        if self.sock.fileno() >= 0:
            self.reset()


def download(host, address, target, size, **options):
    return Flow(host, address, target, down=size, **options)


def upload(host, address, target, size, **options):
    """The target answers 5 bytes once all has arrived, so the visitor knows too."""
    return Flow(host, address, target, up=size, down=5, start="length", **options)


# probes


@dataclasses.dataclass
class Probe:
    start: float
    end: float = 0.0
    error: str = ""

    @property
    def ok(self):
        return self.end > 0 and not self.error

    @property
    def seconds(self):
        return self.end - self.start


class Prober:
    """Starts a probe every `interval`: a new connection, 2 bytes out, 5 back within 5 s."""

    QUESTION, ANSWER, PATIENCE = b"pi", b"pong!", 5.0

    def __init__(self, host, address, interval=0.1, in_flight=400):
        self.host, self.address, self.interval, self.in_flight = host, address, interval, in_flight
        self.done = []
        self._faults = []  # (begin, end) of each
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure = None
        host.world.closers.append(self.stop)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Starts no more, waits for those under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(self.PATIENCE + 5)
        if self._failure:
            raise self._failure

    def _run(self):
        try:
            self.host.stay()
            self._loop()
        except Exception as problem:  # told to the test by stop()
            self._failure = problem

    def _loop(self):
        selector = selectors.DefaultSelector()
        live = {}
        following = time.monotonic()
        while live or not self._stop.is_set():
            now = time.monotonic()
            if not self._stop.is_set() and now >= following and len(live) < self.in_flight:
                following = max(following + self.interval, now)
                probe = Probe(now)
                sock = socket.socket(family_of(self.address[0]))
                sock.setblocking(False)
                code = sock.connect_ex(self.address)
                if code not in (0, errno.EINPROGRESS):
                    self._end(probe, sock, errno.errorcode[code])
                else:
                    live[sock] = [probe, b""]
                    selector.register(sock, selectors.EVENT_WRITE)
            pause = max(0.0, following - time.monotonic()) if not self._stop.is_set() else 0.05
            for key, events in selector.select(min(pause, 0.05)):
                sock = key.fileobj
                probe, got = live[sock]
                error = ""
                try:
                    if events & selectors.EVENT_WRITE:
                        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                        if code:
                            raise OSError(code, "connect")
                        sock.send(self.QUESTION)
                        selector.modify(sock, selectors.EVENT_READ)
                        continue
                    data = sock.recv(100)
                    got += data
                    live[sock][1] = got
                    if not data:
                        error = f"closed after {len(got)} bytes"
                    elif len(got) < len(self.ANSWER):
                        continue
                    elif got != self.ANSWER:
                        error = f"wrong answer {got!r}"
                except OSError as problem:
                    error = errno.errorcode.get(problem.errno, str(problem))
                selector.unregister(sock)
                del live[sock]
                self._end(probe, sock, error)
            now = time.monotonic()
            for sock in [s for s, (p, _) in live.items() if now - p.start > self.PATIENCE]:
                probe, got = live.pop(sock)
                selector.unregister(sock)
                self._end(probe, sock, f"no answer in {self.PATIENCE:g} s")
        selector.close()

    def _end(self, probe, sock, error):
        sock.close()
        probe.end, probe.error = time.monotonic(), error
        self.done.append(probe)

    # judging

    def between(self, start=0.0, end=float("inf")):
        """Finished probes that started in the interval, by start."""
        return sorted((p for p in list(self.done) if start <= p.start < end), key=lambda p: p.start)

    @contextlib.contextmanager
    def fault(self):
        """The fault is made inside this block: a probe that was under way in that moment had its stream on a lost
        link, and a reset within a second is that stream's proper end, not a visitor turned away."""
        begin = time.monotonic()
        try:
            yield begin
        finally:
            self._faults.append((begin, time.monotonic() + 0.01))

    def _struck(self, probe):
        return any(probe.start < end and begin < probe.end < end + 1 and "no answer" not in probe.error
                   for begin, end in self._faults)

    def failed(self, start=0.0, end=float("inf")):
        return [p for p in self.between(start, end) if not p.ok and not self._struck(p)]

    def slowest(self, start=0.0, end=float("inf")):
        return max((p.seconds for p in self.between(start, end)), default=0.0)

    def percentile(self, share, start=0.0, end=float("inf")):
        times = sorted(p.seconds for p in self.between(start, end))
        assert times, "no probe in this interval"
        return times[min(len(times) - 1, int(share * len(times)))]

    def recovery(self, since, row=20):
        """Start of the first probe after `since` from which `row` in a row succeed, or None."""
        probes = self.between(since)
        run = 0
        for index, probe in enumerate(probes):
            run = run + 1 if probe.ok else 0
            if run == row:
                return probes[index - row + 1].start
        return None

    def wait_recovery(self, since, timeout, row=20):
        """The outage: from `since` to the start of the first of `row` good probes."""
        start = wait_until(lambda: self.recovery(since, row), timeout, "probes succeed again", 0.05)
        return max(0.0, start - since)

    def wait_count(self, count, timeout=10):
        wait_until(lambda: len(self.done) >= count, timeout, f"{count} probes", 0.02)

    def describe(self, probes):
        return "; ".join(f"at {p.start:.2f} after {p.seconds:.2f} s: {p.error}" for p in probes[:5])


def probe_once(host, address, patience=5.0, source=None):
    """One probe; returns its seconds or raises OSError."""
    start = time.monotonic()
    with host.connect(address, patience, source) as sock:
        sock.sendall(Prober.QUESTION)
        got = b""
        while len(got) < 5:
            data = sock.recv(5 - len(got))
            if not data:
                raise ConnectionError(f"closed after {len(got)} bytes")
            got += data
    assert got == Prober.ANSWER, got
    return time.monotonic() - start


def probe_works(host, address, patience=5.0):
    try:
        probe_once(host, address, patience)
        return True
    except OSError:
        return False


def wait_served(host, address, timeout=15):
    """Waits until a probe succeeds; returns the time of that success."""
    wait_until(lambda: probe_works(host, address, min(5.0, timeout)), timeout, f"a probe of {address} succeeds", 0.02)
    return time.monotonic()


def refusal(host, address, patience, data=b"pi"):
    """How a visitor that must not be served ends: ("rst"|"fin"|"refused"|"data"|"open", seconds)."""
    start = time.monotonic()
    try:
        with host.connect(address, patience) as sock:
            sock.settimeout(patience)
            if data:
                sock.sendall(data)
            got = sock.recv(100)
            return ("data" if got else "fin"), time.monotonic() - start
    except TimeoutError:
        return "open", time.monotonic() - start
    except ConnectionRefusedError:
        return "refused", time.monotonic() - start
    except OSError:
        return "rst", time.monotonic() - start


# many at once


def burst(host, address, count, sources, patience=20.0):
    """Opens `count` connections as fast as it goes, each a probe; all stay open until all have answered.

    Returns the list of Probe.
    """
    selector = selectors.DefaultSelector()
    probes, live, socks = [], {}, []
    with host.entered():
        for number in range(count):
            sock = socket.socket(family_of(address[0]))
            sock.setblocking(False)
            sock.bind((sources[number % len(sources)], 0))
            probe = Probe(time.monotonic())
            probes.append(probe)
            socks.append(sock)
            code = sock.connect_ex(address)
            if code not in (0, errno.EINPROGRESS):
                probe.end, probe.error = time.monotonic(), errno.errorcode[code]
                continue
            live[sock] = [probe, b""]
            selector.register(sock, selectors.EVENT_WRITE)
    deadline = time.monotonic() + patience
    while live and time.monotonic() < deadline:
        for key, events in selector.select(0.1):
            sock = key.fileobj
            probe, got = live[sock]
            try:
                if events & selectors.EVENT_WRITE:
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code:
                        raise OSError(code, "connect")
                    sock.send(Prober.QUESTION)
                    selector.modify(sock, selectors.EVENT_READ)
                    continue
                data = sock.recv(100)
                got += data
                live[sock][1] = got
                if data and len(got) < 5:
                    continue
                if got != Prober.ANSWER:
                    probe.error = f"got {got!r}"
            except OSError as problem:
                probe.error = errno.errorcode.get(problem.errno, str(problem))
            probe.end = time.monotonic()
            selector.unregister(sock)
            del live[sock]
    for probe, _ in live.values():
        probe.end, probe.error = time.monotonic(), "no answer"
    selector.close()
    for sock in socks:
        sock.close()
    return probes


def short_connections(host, address, count, workers=8, patience=10.0):
    """`count` probes, `workers` at a time; returns the errors."""
    numbers = iter(range(count))
    lock, errors = threading.Lock(), []

    def work():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                probe_once(host, address, patience)
            except (OSError, AssertionError) as problem:
                errors.append((number, str(problem)))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


# datagrams


class UdpVisitor:
    """One source port that sends datagrams and gets them back."""

    def __init__(self, host, address):
        self.address = address
        self.sock = host.socket(family_of(address[0]), socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        host.world.closers.append(self.sock.close)

    def exchange(self, data, patience=3.0, tries=1):
        """Sends a datagram and returns what comes back first, or None."""
        for _ in range(tries):
            self.sock.sendto(data, self.address)
            self.sock.settimeout(patience / tries)
            try:
                return self.sock.recvfrom(65536)[0]
            except TimeoutError:
                continue
        return None

    def drain(self, quiet=0.3):
        """What still comes until `quiet` seconds of silence."""
        found = []
        self.sock.settimeout(quiet)
        try:
            while True:
                found.append(self.sock.recvfrom(65536)[0])
        except TimeoutError:
            return found

    def stream(self, count, size, rate):
        """`count` datagrams at `rate` per second; returns (lost, damaged, duplicates, out of order)."""
        got, order = {}, []
        ended = threading.Event()

        def receive():
            self.sock.settimeout(0.2)
            while not ended.is_set():
                try:
                    data = self.sock.recvfrom(65536)[0]
                except TimeoutError:
                    continue
                number = struct.unpack(">I", data[:4])[0] if len(data) >= 4 else -1
                order.append(number)
                good = data == self._datagram(number, size)
                got.setdefault(number, []).append(good)

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        began = time.monotonic()
        for number in range(count):
            self.sock.sendto(self._datagram(number, size), self.address)
            ahead = began + (number + 1) / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)  # the pace
        try:
            wait_until(lambda: len(got) >= count, 2.0, "the last datagrams")
        except AssertionError:
            pass  # losses are counted below
        ended.set()
        thread.join()
        lost = count - len([n for n in got if 0 <= n < count])
        damaged = sum(1 for copies in got.values() if not all(copies))
        duplicates = sum(len(copies) - 1 for copies in got.values())
        disorder = sum(1 for a, b in zip(order, order[1:]) if b < a)
        return lost, damaged, duplicates, disorder

    @staticmethod
    def _datagram(number, size):
        return struct.pack(">I", number & 0xFFFFFFFF) + pattern.take(number, 0, max(0, size - 4))
