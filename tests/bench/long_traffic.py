#!/usr/bin/env python3
"""Traffic over a long path: a service, downloads, and small requests beside them.

    long_traffic.py serve PORT                            "ready", then serves until it is ended
    long_traffic.py fetch HOST PORT --bytes N [--streams K] [--seconds S] [--warm N]
    long_traffic.py beside HOST PORT --downloads K --seconds S

A visitor says what it wants in one line: "get N" or "echo".  One line of JSON at the end.  `fetch` counts from
before connect() to the last byte, or stops after S seconds; --warm N downloads that much just before,
with --seconds at most for 10 s.  `beside` sends a small request every 25 ms over one kept connection while K
downloads run.
"""

import argparse
import json
import socket
import sys
import threading
import time

BLOCK = 256 * 1024
REQUEST, ANSWER = 64, 200
PAUSE = 0.025  # between small requests
WARMING_BYTES, WARMING_SECONDS = 2_000_000, 10
SETTLE = 2.0  # of the downloads, before small requests count


def serve(port):
    listener = socket.create_server(("", port), backlog=256)
    print("ready", flush=True)
    while True:
        threading.Thread(target=_answer, args=(listener.accept()[0],), daemon=True).start()


def _answer(visitor):
    with visitor:
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            what = _line(visitor).split()
            if what[0] == "echo":
                while _exactly(visitor, REQUEST):
                    visitor.sendall(bytes(ANSWER))
                return
            left, block = int(what[1]), memoryview(bytes(BLOCK))
            while left > 0:
                left -= visitor.send(block[: min(left, BLOCK)])
            visitor.shutdown(socket.SHUT_WR)
            visitor.recv(1)
        except (OSError, IndexError):
            return


def _line(sock):
    text = b""
    while not text.endswith(b"\n"):
        piece = sock.recv(1)
        if not piece:
            break
        text += piece
    return text.decode()


def _exactly(sock, count):
    while count > 0:
        piece = sock.recv(count)
        if not piece:
            return False
        count -= len(piece)
    return True


class Download(threading.Thread):
    """One download: `count` bytes have come so far."""

    def __init__(self, address, size, deadline=None):
        super().__init__(daemon=True)
        self.address, self.size, self.deadline = address, size, deadline
        self.count, self.first, self.seconds, self.error = 0, None, None, None

    def run(self):
        began = time.monotonic()
        try:
            with socket.create_connection(self.address, 10) as sock:
                sock.sendall(b"get %d\n" % self.size)
                room = bytearray(BLOCK)
                while self.count < self.size:
                    now = time.monotonic()
                    if self.deadline is not None:
                        if now >= self.deadline:
                            break
                        sock.settimeout(self.deadline - now)
                    else:
                        sock.settimeout(60)
                    try:
                        got = sock.recv_into(room)
                    except TimeoutError:
                        if self.deadline is None:
                            raise
                        break
                    if got == 0:
                        raise OSError(f"cut after {self.count} bytes")
                    self.first = self.first or time.monotonic() - began
                    self.count += got
        except OSError as error:
            self.error = str(error)
        self.seconds = time.monotonic() - began


def fetch(address, size, streams, seconds, warm):
    # Where time is short, piece by piece: one that is stopped halfway goes on in some tunnels, and what follows stands
    # behind it.
    end = time.monotonic() + WARMING_SECONDS
    while warm > 0 and time.monotonic() < end:
        before = Download(address, min(warm, WARMING_BYTES) if seconds else warm)
        before.run()
        if before.error:
            return {"error": f"warming: {before.error}"}
        warm -= before.count
    began = time.monotonic()
    deadline = began + seconds if seconds else None
    downloads = [Download(address, size, deadline) for _ in range(streams)]
    for one in downloads:
        one.start()
    for one in downloads:
        one.join()
    took = time.monotonic() - began
    errors = [one.error for one in downloads if one.error]
    if errors:
        return {"error": errors[0]}
    total = sum(one.count for one in downloads)
    return {
        "bytes": total, "seconds": took, "mb_per_s": total / took / 1e6,
        "each": [round(one.seconds, 4) for one in downloads],
        "first_byte_ms": [round(1000 * (one.first or took), 2) for one in downloads],
    }


def beside(address, count, seconds):
    downloads = [Download(address, 1 << 40, time.monotonic() + SETTLE + seconds) for _ in range(count)]
    for one in downloads:
        one.start()
    time.sleep(SETTLE)  # the queues of the path fill
    times = []
    with socket.create_connection(address, 10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(20)
        sock.sendall(b"echo\n")
        bytes_before, began = sum(one.count for one in downloads), time.monotonic()
        while time.monotonic() - began < seconds - 0.5:
            sent = time.monotonic()
            sock.sendall(bytes(REQUEST))
            if not _exactly(sock, ANSWER):
                return {"error": "the small request was cut"}
            times.append(time.monotonic() - sent)
            time.sleep(max(0, PAUSE - times[-1]))  # the pace of the requests
        moved, took = sum(one.count for one in downloads) - bytes_before, time.monotonic() - began
    for one in downloads:
        one.join()
    times.sort()
    return {
        "p50_ms": 1000 * times[len(times) // 2], "p99_ms": 1000 * times[min(len(times) - 1, len(times) * 99 // 100)],
        "count": len(times), "mb_per_s": moved / took / 1e6,
        "errors": [one.error for one in downloads if one.error],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve").add_argument("port", type=int)
    fetching = commands.add_parser("fetch")
    besides = commands.add_parser("beside")
    for one in (fetching, besides):
        one.add_argument("host")
        one.add_argument("port", type=int)
    fetching.add_argument("--bytes", type=int, required=True)
    fetching.add_argument("--streams", type=int, default=1)
    fetching.add_argument("--seconds", type=float)
    fetching.add_argument("--warm", type=int, default=0)
    besides.add_argument("--downloads", type=int, required=True)
    besides.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    if options.command == "serve":
        serve(options.port)
    address = (options.host, options.port)
    if options.command == "fetch":
        result = fetch(address, options.bytes, options.streams, options.seconds, options.warm)
    else:
        result = beside(address, options.downloads, options.seconds)
    print(json.dumps(result))
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main())
