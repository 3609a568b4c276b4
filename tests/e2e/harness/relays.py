"""Relays between a bridge and its portal that damage or cut up the link."""

import random
import socket
import threading


class Relay:
    """Passes on connections to a port of the same host; `through` may change what passes."""

    def __init__(self, host, port, onward):
        self.host, self.onward = host, onward
        self.listener = host.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("0.0.0.0", port))
        self.listener.listen(64)
        self.socks = []
        host.world.closers.append(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
                other = self.host.connect(self.onward)
            except OSError:
                return
            other.settimeout(None)
            self.socks += [sock, other]
            for source, sink in ((sock, other), (other, sock)):
                sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        try:
            while data := source.recv(65536):
                for piece in self.through(data):
                    sink.sendall(piece)
        except OSError:
            pass
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def through(self, data):
        yield data

    def close(self):
        for sock in [self.listener, *self.socks]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()


class FlippingRelay(Relay):
    """Flips one bit every so many bytes, after the openings."""

    def __init__(self, host, port, onward, every):
        self.every, self.left, self.flips = every, every, 0
        self._lock = threading.Lock()
        super().__init__(host, port, onward)

    def through(self, data):
        with self._lock:
            self.left -= len(data)
            if self.left <= 0:
                self.left = self.every
                self.flips += 1
                data = bytearray(data)
                data[len(data) // 2] ^= 4
        yield bytes(data)


class DribblingRelay(Relay):
    """1 to 7 bytes at a time."""

    def through(self, data):
        chance = random.Random(len(data))
        at = 0
        while at < len(data):
            size = chance.randrange(1, 8)
            yield data[at : at + size]
            at += size
