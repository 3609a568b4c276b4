"""A name server on one host, whose answers a test changes while it runs."""

import socket
import struct
import threading

A, AAAA = 1, 28


class Resolver:
    """Answers on 127.0.0.1:53 of a host: `names` maps a name to its IPv4 addresses.

    `silent` takes questions and says nothing; `delay` answers late; `ttl` in seconds.  Unknown names do not exist.
    """

    def __init__(self, host, names=None, ttl=1, delay=0.0, silent=False):
        self.names, self.ttl, self.delay, self.silent = dict(names or {}), ttl, delay, silent
        self.asked = []  # names, in order
        self.sock = host.socket(kind=socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 53))
        host.world.closers.append(self.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, sender = self.sock.recvfrom(4096)
            except OSError:
                return
            if len(question) < 17:
                return
            name, kind, end = _question(question)
            self.asked.append(name)
            if self.silent:
                continue
            answer = self._answer(question, name, kind, end)
            threading.Timer(self.delay, self._send, (answer, sender)).start()

    def _send(self, answer, sender):
        try:
            self.sock.sendto(answer, sender)
        except OSError:
            pass  # the test is over

    def _answer(self, question, name, kind, end):
        addresses = self.names.get(name)
        found = [socket.inet_aton(a) for a in addresses or ()] if kind == A else []
        flags = 0x8180 | (0 if addresses is not None else 3)
        head = question[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0)
        records = b"".join(struct.pack(">HHHIH", 0xC00C, A, 1, self.ttl, 4) + a for a in found)
        return head + question[12:end] + records

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # as it says for a datagram socket, but it wakes the thread
        self.sock.close()


def _question(data):
    """(name, type, offset behind the question)"""
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode().lower())
        at += 1 + data[at]
    return ".".join(labels), struct.unpack_from(">H", data, at + 1)[0], at + 5
