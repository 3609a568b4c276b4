#!/usr/bin/python3
"""The service at the bridge's side: does with each connection what the connection asks for, and remembers.

A connection that begins with "pi" is a probe and gets "pong!".  Any other begins with one line of JSON:

    id      name of the flow in the journal
    up      bytes the visitor will send after the line; seed_up: their pattern
    down    bytes to send back; seed_down: their pattern
    start   when to send: "now", "length" (all `up` bytes are here), "eof" (the visitor's FIN is here)
    delay   seconds between that moment and the first byte
    rate    bytes per second, 0 as fast as it goes
    end     after the last byte: "fin", "rst" (once all was acknowledged), "hold"
    read    false: never reads
    sndbuf  size of the send buffer
    echo    true: sends back what comes, nothing else

UDP datagrams to the same port come back as they are; "reply N" gets N bytes of pattern.
A second port greets ("220 hello") and then echoes.
The journal is asked for over a Unix socket: one JSON line in, one out.
"""

import argparse
import asyncio
import fcntl
import json
import os
import pathlib
import socket
import struct
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import pattern  # noqa: E402

PIECE = 256 * 1024
journal = {}
totals = {"connections": 0, "probes": 0, "datagrams": 0, "sizes": []}


class Flow:
    def __init__(self, order, sock):
        self.order = order
        self.sock = sock
        self.up_seen = asyncio.Event()  # all `up` bytes are here
        self.up_over = asyncio.Event()  # nothing more comes
        self.entry = {
            "up": 0, "up_ok": True, "up_end": "open", "up_end_at": None, "last_byte_at": None,
            "sent": 0, "down_end": "open", "down_end_at": None, "first_sent_at": None, "opened_at": time.monotonic(),
        }
        journal[order["id"]] = self.entry


async def read_side(flow, loop):
    entry, order = flow.entry, flow.order
    seed, expected = order.get("seed_up", 0), order.get("up", 0)
    if expected == 0:
        flow.up_seen.set()
    try:
        while True:
            data = await loop.sock_recv(flow.sock, PIECE)
            if not data:
                entry["up_end"] = "rst" if entry["down_end"] != "fin" and was_reset(flow.sock) else "fin"
                break
            entry["last_byte_at"] = time.monotonic()
            if order.get("echo"):
                await loop.sock_sendall(flow.sock, data)
            elif not pattern.fits(seed, entry["up"], data):
                entry["up_ok"] = False
            entry["up"] += len(data)
            if entry["up"] >= expected:
                flow.up_seen.set()
    except OSError as error:
        entry["up_end"] = "rst"
        entry["up_error"] = str(error)
    entry["up_end_at"] = time.monotonic()
    flow.up_over.set()


def was_reset(sock):
    """Whether an end of file is in truth a reset whose error send() has taken already.

    True only for a socket whose own write side is open: a FIN leaves it in CLOSE_WAIT, a RST in CLOSE.
    """
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 7


def unacknowledged(sock):
    return struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]


async def write_side(flow, loop):
    entry, order, sock = flow.entry, flow.order, flow.sock
    total, seed, rate = order.get("down", 0), order.get("seed_down", 0), order.get("rate", 0)
    start = order.get("start", "now")
    try:
        if start == "length":
            await flow.up_seen.wait()
        elif start == "eof":
            await flow.up_over.wait()
            if entry["up_end"] == "rst":
                raise ConnectionResetError("reset before the answer")
        if order.get("delay"):
            await asyncio.sleep(order["delay"])
        began = entry["first_sent_at"] = time.monotonic()
        piece = min(PIECE, max(4096, rate // 100)) if rate else PIECE
        while entry["sent"] < total:
            data = pattern.take(seed, entry["sent"], min(piece, total - entry["sent"]))
            await loop.sock_sendall(sock, data)
            entry["sent"] += len(data)
            if rate:
                ahead = began + entry["sent"] / rate - time.monotonic()
                if ahead > 0:
                    await asyncio.sleep(ahead)
        end = order.get("end", "fin")
        if end == "fin":
            sock.shutdown(socket.SHUT_WR)
            entry["down_end"] = "fin"
        elif end == "rst":
            while unacknowledged(sock):
                await asyncio.sleep(0.002)
            entry["down_end"] = "did-rst"
        else:
            entry["down_end"] = "holding"
    except OSError as error:
        entry["down_end"] = "rst"
        entry["down_error"] = str(error)
    entry["down_end_at"] = time.monotonic()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def serve(sock, loop):
    totals["connections"] += 1
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        first = b""
        while len(first) < 2:
            data = await loop.sock_recv(sock, 2 - len(first))
            if not data:
                return
            first += data
        if first == b"pi":
            totals["probes"] += 1
            await loop.sock_sendall(sock, b"pong!")
            while await loop.sock_recv(sock, 100):
                pass
            return
        line = first
        while not line.endswith(b"\n"):  # byte by byte: what follows belongs to the stream
            data = await loop.sock_recv(sock, 1)
            if not data:
                return
            line += data
        flow = Flow(json.loads(line), sock)
        if flow.order.get("sndbuf"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, flow.order["sndbuf"])
        reader = None
        if flow.order.get("read", True):
            reader = asyncio.ensure_future(read_side(flow, loop))
        if not flow.order.get("echo"):
            await write_side(flow, loop)
        entry = flow.entry
        if entry["down_end"] == "did-rst":
            reset(sock)
            if reader:
                reader.cancel()
            return
        if reader:
            await reader
        else:
            await asyncio.Event().wait()
    except (OSError, ValueError):
        pass
    finally:
        sock.close()


async def greet(sock, loop):
    try:
        await loop.sock_sendall(sock, b"220 hello\r\n")
        while data := await loop.sock_recv(sock, PIECE):
            await loop.sock_sendall(sock, data)
    except OSError:
        pass
    finally:
        sock.close()


async def accept(port, handler, loop):
    listener = socket.socket(socket.AF_INET6)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("::", port))
    listener.listen(4096)
    listener.setblocking(False)
    tasks = set()
    while True:
        sock, _ = await loop.sock_accept(listener)
        sock.setblocking(False)
        task = asyncio.ensure_future(handler(sock, loop))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def echo_datagrams(sock):
    """Sends back what is there; not by asyncio's transports, which do not send empty datagrams."""
    try:
        while True:
            data, address = sock.recvfrom(65536)
            totals["datagrams"] += 1
            if len(totals["sizes"]) < 1000:
                totals["sizes"].append(len(data))
            if data.startswith(b"reply "):
                data = pattern.take(0, 0, int(data[6:]))
            sock.sendto(data, address)
    except OSError:
        pass  # nothing more to read, or the sender is gone


async def control(reader, writer):
    while line := await reader.readline():
        question = json.loads(line)
        if question["ask"] == "flow":
            answer = journal.get(question["id"])
        elif question["ask"] == "flows":
            answer = journal
        else:
            answer = totals
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
    writer.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--greet", type=int)
    parser.add_argument("--control", required=True)
    options = parser.parse_args()
    loop = asyncio.get_running_loop()
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    udp.bind(("::", options.port))
    udp.setblocking(False)
    loop.add_reader(udp, echo_datagrams, udp)
    if os.path.exists(options.control):
        os.unlink(options.control)
    await asyncio.start_unix_server(control, options.control)
    waiting = [accept(options.port, serve, loop)]
    if options.greet:
        waiting.append(accept(options.greet, greet, loop))
    await asyncio.gather(*waiting)


if __name__ == "__main__":
    asyncio.run(main())
