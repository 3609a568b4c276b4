#!/usr/bin/python3
"""A naive reverse tunnel: one TCP connection per visitor, no mux, no crypto.  The harness is proved on it.

Without a fault it keeps the promises the tests check: ends and resets travel, half-closes are preserved,
nobody waits for a sleeper, datagrams stay whole, visitors are parked while the bridge is away.  --fault makes
it break exactly one of them:

    truncate   an abnormal end is passed on as a clean one
    stall      one connection that cannot be written to holds all others
    swallow    the visitor's FIN is not passed on
    cut        datagrams end after 2048 bytes
"""

import argparse
import asyncio
import contextlib
import fcntl
import itertools
import socket
import struct
import termios
import time

PARK = 10.0
HEARTBEAT = 1.0
SILENCE = 3.0


class Faults:
    def __init__(self, name):
        self.truncate = name == "truncate"
        self.stall = name == "stall"
        self.swallow = name == "swallow"
        self.cut = name == "cut"
        self.turn = asyncio.Lock()


def linger(sock, on):
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", on, 0))


def prepare(sock, faults):
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not faults.truncate:
        linger(sock, 1)  # should this process be killed, the kernel says RST


def abort(sock, faults):
    if not faults.truncate:
        linger(sock, 1)
    sock.close()


def was_reset(sock):
    """An end of file may be a reset whose error the other direction's send() has taken: no FIN, state CLOSE."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 7


class SinkGone(OSError):
    """The socket written to has failed; what it sent before may still be waiting to be read."""


async def put(sink, data):
    try:
        await asyncio.get_running_loop().sock_sendall(sink, data)
    except OSError as problem:
        raise SinkGone from problem


async def copy(source, sink, faults, pass_fin, shut, to_visitor=False):
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(source, 65536):
        if faults.stall and to_visitor:
            async with faults.turn:
                await put(sink, data)
        else:
            await put(sink, data)
    if source not in shut and was_reset(source) and not faults.truncate:
        raise ConnectionResetError
    if pass_fin:
        shut.add(sink)
        sink.shutdown(socket.SHUT_WR)


async def delivered(sock):
    """Waits at most a second until the peer has acknowledged everything: a reset would throw it away."""
    deadline = time.monotonic() + 1
    with contextlib.suppress(OSError):
        while not was_reset(sock) and struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.002)


async def join(visitor, other, faults, fin_from_visitor=True):
    """Copies both ways until both directions have ended, or one has failed."""
    shut = set()
    ways = [
        asyncio.ensure_future(copy(visitor, other, faults, fin_from_visitor, shut)),
        asyncio.ensure_future(copy(other, visitor, faults, True, shut, to_visitor=True)),
    ]
    done, running = await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
    problems = [task.exception() for task in done if task.exception()]
    if running and isinstance(problems[0], SinkGone):
        await asyncio.wait(running, timeout=1)
    for task in ways:
        task.cancel()
    await asyncio.gather(*ways, return_exceptions=True)
    for sock in (visitor, other):
        if problems:
            await delivered(sock)
            abort(sock, faults)
        else:
            linger(sock, 0)
            sock.close()


async def read_line(sock):
    loop, line = asyncio.get_running_loop(), b""
    while not line.endswith(b"\n"):
        byte = await loop.sock_recv(sock, 1)
        if not byte:
            raise ConnectionError("closed")
        line += byte
    return line.decode().split()


async def read_datagram(sock):
    loop, head = asyncio.get_running_loop(), b""
    while len(head) < 2:
        part = await loop.sock_recv(sock, 2 - len(head))
        if not part:
            raise ConnectionError("closed")
        head += part
    length, data = struct.unpack(">H", head)[0], b""
    while len(data) < length:
        part = await loop.sock_recv(sock, length - len(data))
        if not part:
            raise ConnectionError("closed")
        data += part
    return data


def listener(kind, port):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if kind == socket.SOCK_DGRAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        sock.listen(4096)
    sock.setblocking(False)
    return sock


class Portal:
    def __init__(self, options, faults):
        self.options, self.faults = options, faults
        self.control = None
        self.control_up = asyncio.Event()
        self.control_turn = asyncio.Lock()  # two sendall() at once on one socket lose one of them
        self.numbers = itertools.count(1)
        self.waiting = {}
        self.tasks = set()

    def run(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def main(self):
        loop = asyncio.get_running_loop()
        for text in self.options.publish:
            network, port, host, target = text.split(",")
            if network == "tcp":
                self.run(self.accept(listener(socket.SOCK_STREAM, int(port)), self.visitor, host, target))
            else:
                self.run(self.datagrams(listener(socket.SOCK_DGRAM, int(port)), host, target))
        tunnel = listener(socket.SOCK_STREAM, self.options.tunnel)
        while True:
            sock, _ = await loop.sock_accept(tunnel)
            prepare(sock, self.faults)
            self.run(self.from_bridge(sock))

    async def accept(self, listening, handler, *more):
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(listening)
            prepare(sock, self.faults)
            self.run(handler(sock, *more))

    async def from_bridge(self, sock):
        loop = asyncio.get_running_loop()
        try:
            words = await asyncio.wait_for(read_line(sock), 10)
            if words[0] == "data":
                future = self.waiting.pop(words[1], None)
                if future is None or future.done():
                    abort(sock, self.faults)
                else:
                    future.set_result(sock)
                return
            if self.control:
                self.control.close()
            self.control = sock
            self.control_up.set()
            while self.control is sock:
                async with self.control_turn:
                    await loop.sock_sendall(sock, b"alive\n")
                await asyncio.wait_for(read_line(sock), SILENCE)
                await asyncio.sleep(HEARTBEAT)
        except (OSError, asyncio.TimeoutError):
            pass
        finally:
            if self.control is sock:
                self.control = None
                self.control_up.clear()
                sock.close()

    async def to_target(self, network, host, port):
        """A connection to the target through the bridge, or None."""
        loop, deadline = asyncio.get_running_loop(), time.monotonic() + PARK
        while time.monotonic() < deadline:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.control_up.wait(), deadline - time.monotonic())
            control, number = self.control, str(next(self.numbers))
            if control is None:
                continue
            future = self.waiting[number] = loop.create_future()
            try:
                async with self.control_turn:
                    await loop.sock_sendall(control, f"new {number} {network} {host} {port}\n".encode())
                while not future.done() and self.control is control and time.monotonic() < deadline:
                    await asyncio.wait([future], timeout=0.2)
                if future.done():
                    return future.result()
            except OSError:
                pass
            finally:
                self.waiting.pop(number, None)
        return None

    async def visitor(self, sock, host, port):
        other = await self.to_target("tcp", host, port)
        if other is None:
            abort(sock, self.faults)
        else:
            await join(sock, other, self.faults, fin_from_visitor=not self.faults.swallow)

    async def datagrams(self, sock, host, port):
        loop, flows = asyncio.get_running_loop(), {}
        ready = asyncio.Event()
        loop.add_reader(sock, ready.set)
        while True:
            await ready.wait()
            ready.clear()
            while True:
                try:
                    data, source = sock.recvfrom(65536)
                except BlockingIOError:
                    break
                if source not in flows:
                    flows[source] = asyncio.Queue(1000)
                    self.run(self.datagram_flow(sock, source, flows, host, port))
                if not flows[source].full():
                    flows[source].put_nowait(data[:2048] if self.faults.cut else data)

    async def datagram_flow(self, sock, source, flows, host, port):
        loop = asyncio.get_running_loop()
        other = await self.to_target("udp", host, port)
        if other is None:
            flows.pop(source, None)
            return

        async def back():
            while True:
                sock.sendto(await read_datagram(other), source)

        task = asyncio.ensure_future(back())
        try:
            while not task.done():
                data = await flows[source].get()
                await loop.sock_sendall(other, struct.pack(">H", len(data)) + data)
        except OSError:
            pass
        finally:
            task.cancel()
            flows.pop(source, None)
            other.close()


class Bridge:
    def __init__(self, options, faults):
        self.options, self.faults = options, faults
        self.tasks = set()

    def run(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def dial(self, host, port, kind=socket.SOCK_STREAM):
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        sock.setblocking(False)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (host, int(port))), 5)
        except BaseException:
            sock.close()
            raise
        if kind == socket.SOCK_STREAM:
            prepare(sock, self.faults)
        return sock

    async def main(self):
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock = await self.dial(self.options.server, self.options.tunnel)
                await loop.sock_sendall(sock, b"control\n")
                while True:
                    words = await asyncio.wait_for(read_line(sock), SILENCE)
                    if words[0] == "alive":
                        await loop.sock_sendall(sock, b"alive\n")
                    else:
                        self.run(self.serve(*words[1:]))
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(0.1)

    async def serve(self, number, network, host, port):
        loop, tunnel = asyncio.get_running_loop(), None
        try:
            tunnel = await self.dial(self.options.server, self.options.tunnel)
            await loop.sock_sendall(tunnel, f"data {number}\n".encode())
            if network == "udp":
                await self.datagrams(tunnel, await self.dial(host, port, socket.SOCK_DGRAM))
            else:
                await join(tunnel, await self.dial(host, port), self.faults)
        except (OSError, asyncio.TimeoutError):
            if tunnel:
                abort(tunnel, self.faults)

    async def datagrams(self, tunnel, sock):
        loop = asyncio.get_running_loop()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

        async def back():
            ready = asyncio.Event()
            loop.add_reader(sock, ready.set)
            while True:
                await ready.wait()
                ready.clear()
                with contextlib.suppress(BlockingIOError):
                    while True:
                        data = sock.recv(65536)
                        await loop.sock_sendall(tunnel, struct.pack(">H", len(data)) + data)

        task = asyncio.ensure_future(back())
        try:
            while not task.done():
                sock.send(await read_datagram(tunnel))
        except OSError:
            pass
        finally:
            task.cancel()
            loop.remove_reader(sock)
            sock.close()
            tunnel.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("portal", "bridge"))
    parser.add_argument("--tunnel", type=int, required=True)
    parser.add_argument("--server")
    parser.add_argument("--publish", action="append", default=[])
    parser.add_argument("--fault", default="")
    options = parser.parse_args()
    faults = Faults(options.fault)
    await (Portal if options.role == "portal" else Bridge)(options, faults).main()


if __name__ == "__main__":
    asyncio.run(main())
