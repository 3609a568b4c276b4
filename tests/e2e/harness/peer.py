"""Scripted ends of a tunnel: a bridge and a portal that do what a test tells them, frame by frame."""

import socket
import threading
import time

from . import mux, vmess
from .waiting import wait_until


class Link:
    """One tunnel connection seen as Mux.Cool frames, both roles.  A thread collects what arrives.

    `answer_probes`: a Keep with data for an id nobody uses is answered with End, as every V2Ray does.
    """

    def __init__(self, sock, writer, read, answer_probes=True):
        self.sock, self._writer, self._read = sock, writer, read
        self.answer_probes = answer_probes
        self.frames = []
        self.times = []
        self.known = set()
        self.over = None  # "end", "rst" or the error that ended the link
        self.over_at = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        parser = mux.Parser()
        try:
            while (data := self._read()) is not None:
                for frame in parser.feed(data):
                    if frame.status == mux.NEW:
                        self.known.add(frame.id)
                    self.frames.append(frame)
                    self.times.append(time.monotonic())
                    if (self.answer_probes and frame.status == mux.KEEP and frame.data is not None
                            and frame.id not in self.known):
                        self.send(mux.end(frame.id))
            self.over = "end"
        except (ConnectionResetError, BrokenPipeError):
            self.over = "rst"
        except Exception as problem:
            self.over = self.over or f"{type(problem).__name__}: {problem}"
        self.over_at = time.monotonic()

    def send(self, *frames):
        self.send_bytes(b"".join(frame.encode() for frame in frames))

    def send_bytes(self, data):
        """Any bytes, as body of the tunnel."""
        with self._lock:
            self.sock.sendall(self._writer.data(data))

    def open(self, number, host, port, data=None, network=mux.NET_TCP, trailing=b""):
        self.known.add(number)
        self.send(mux.new(number, host, port, data, network, trailing))

    def of(self, number):
        return [frame for frame in list(self.frames) if frame.id == number]

    def data_of(self, number):
        return b"".join(frame.data or b"" for frame in self.of(number) if frame.status in (mux.NEW, mux.KEEP))

    def wait(self, condition, timeout=10, what="a frame", since=0):
        """The first frame from index `since` on that satisfies the condition."""

        def look():
            for frame in list(self.frames)[since:]:
                if condition(frame):
                    return frame
            return None

        try:
            return wait_until(look, timeout, what)
        except AssertionError as late:
            raise AssertionError(f"{late}; link {self.over or 'up'}, frames: {self.frames[-10:]}") from None

    def wait_end(self, number, timeout=10):
        return self.wait(lambda f: f.id == number and f.status == mux.END, timeout, f"End of session {number}")

    def wait_over(self, timeout=10):
        """Waits for the end of the whole link and says how it ended."""
        return wait_until(lambda: self.over, timeout, "the link ends")

    def alive_after(self, timeout=5):
        """Asks an echo probe and waits for the answer: the link works in both directions."""
        number = 0xE000 + int(time.monotonic() * 1000) % 0xFFF
        self.send(mux.keep(number, b"?"))
        self.wait_end(number, timeout)

    def close(self):
        self.sock.close()

    def reset(self):
        from .traffic import reset_now

        reset_now(self.sock)


class ScriptedBridge(Link):
    """Dials a portal and registers as its bridge."""

    def __init__(self, host, portal, user, domain="private.cloud.com", answer_probes=True, sec=vmess.NONE,
                 opt=vmess.STREAM | vmess.MASK, port=0, timeout=None):
        request = vmess.Request(user, domain, port, vmess.TCP, sec, opt)
        self.client = vmess.Client(host, portal, request)
        self.client.sock.settimeout(timeout)
        host.world.closers.append(self.client.sock.close)
        super().__init__(self.client.sock, self.client.writer, self.client.read, answer_probes)

    def probes(self):
        """The portal's echo probes so far."""
        return [f for f in list(self.frames) if f.status == mux.KEEP and f.data is not None and f.id >= 0xF000]

    def controls(self):
        """The control sessions the portal has opened, in order."""
        return [frame for frame in list(self.frames) if frame.is_control()]

    def wait_control(self, count=1, timeout=10):
        wait_until(lambda: len(self.controls()) >= count, timeout, f"control session number {count}")
        return self.controls()[count - 1]


class ScriptedPortal:
    """Listens for bridges of one user and keeps every link that registers."""

    def __init__(self, host, port, user, answer_probes=True):
        self.user, self.answer_probes = user, answer_probes
        self.links = []
        self.requests = []
        self.refused = []
        self.listener = host.socket(socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("0.0.0.0", port))
        self.listener.listen(64)
        host.world.closers.append(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._welcome, args=(sock,), daemon=True).start()

    def _welcome(self, sock):
        source = vmess.Source(sock)
        try:
            request = vmess.open_header(self.user, source)
        except Exception as problem:
            self.refused.append(str(problem))
            sock.close()
            return
        reader = vmess.Reader(request, "request")
        sock.sendall(vmess.seal_response(request))
        self.requests.append(request)
        self.links.append(
            Link(sock, vmess.Writer(request, "response"), lambda: reader.read(source), self.answer_probes))

    def wait_link(self, number=0, timeout=10):
        """The bridge's link of this number, in order of arrival."""
        try:
            wait_until(lambda: len(self.links) > number, timeout, f"link {number} of the bridge")
        except AssertionError as late:
            raise AssertionError(f"{late}; refused: {self.refused}") from None
        return self.links[number]

    def live(self):
        return [link for link in self.links if not link.over]

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for link in self.links:
            link.close()
