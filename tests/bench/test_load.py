"""culvert-bench against itself on loopback: every load, straight to the services and through a raw relay.

Nothing here depends on how fast the machine is.  The program is named by CULVERT_BENCH.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import unittest

PROGRAM = os.environ.get("CULVERT_BENCH", "build/release/bin/culvert-bench")
LIMIT_SECONDS = 50
SHORT = ("--seconds", "0.2")
SOURCE_BYTES = 5_000_000


def start(*words):
    return subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def stop(process):
    """Ends a service and returns (status, what it complained about)."""
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, errors


def run(*words, expected=0):
    """(what was reported, what was complained about)."""
    done = subprocess.run([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT_SECONDS, check=False)
    if done.returncode != expected:
        raise AssertionError(f"{words}: status {done.returncode}, not {expected}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout else None, done.stderr


class Loads(unittest.TestCase):
    """Every load, at the services themselves; `Relayed` repeats them."""

    @classmethod
    def setUpClass(cls):
        cls.server = start("serve", "echo=127.0.0.1:0", "sink=127.0.0.1:0", "source=127.0.0.1:0", "http=127.0.0.1:0",
                           f"source:{SOURCE_BYTES}=127.0.0.1:0")
        word, *places = cls.server.stdout.readline().split()
        assert word == "ready", word
        cls.echo, cls.sink, cls.source, cls.http, cls.file = (place.split("=")[1] for place in places)

    @classmethod
    def tearDownClass(cls):
        status, errors = stop(cls.server)
        assert (status, errors) == (0, ""), (status, errors)

    def expect_latencies(self, figures, visitors):
        self.assertGreaterEqual(figures["count"], visitors)
        self.assertEqual(figures["failed"], 0)
        self.assertGreaterEqual(figures["seconds"], 0.2)
        self.assertAlmostEqual(figures["rate"], figures["count"] / figures["seconds"], delta=figures["rate"] / 1e3)
        for prefix in ("", "answer_"):
            ladder = [figures[f"{prefix}{step}_us"] for step in ("p50", "p90", "p99", "max")]
            self.assertGreater(ladder[0], 0)
            self.assertEqual(ladder, sorted(ladder))
        self.assertLessEqual(figures["answer_p50_us"], figures["p50_us"])
        self.assertGreater(figures["cpu_s"], 0)
        self.assertLess(figures["cpu_s"], figures["seconds"] * 1.1)  # one thread

    def test_bulk(self):
        for direction, place in (("up", self.sink), ("down", self.source)):
            for streams in (1, 8):
                with self.subTest(direction=direction, streams=streams):
                    figures, _ = run("bulk", "--to", place, "--direction", direction, "--streams", streams,
                                     "--warmup", "0.1", *SHORT)
                    self.assertGreater(figures["bytes"], 0)
                    self.assertEqual(len(figures["per_stream"]), streams)
                    self.assertAlmostEqual(sum(figures["per_stream"]) / figures["bytes"], 1, places=4)
                    self.assertAlmostEqual(figures["gib_per_s"] * figures["seconds"] * 2**30 / figures["bytes"], 1,
                                           places=4)
                    self.assertGreaterEqual(figures["seconds"], 0.2)
                    self.assertGreaterEqual(figures["jain"], 1 / streams - 1e-6)
                    self.assertLessEqual(figures["jain"], 1)

    def test_fetch(self):
        for direction, place in (("down", self.source), ("down", self.file), ("up", self.sink)):
            with self.subTest(direction=direction, place=place):
                figures, _ = run("fetch", "--to", place, "--bytes", SOURCE_BYTES, "--streams", 3, "--direction", direction)
                self.assertEqual(len(figures["seconds"]), 3)
                self.assertEqual(len(figures["first_byte_ms"]), 3)
                for whole, first in zip(figures["seconds"], figures["first_byte_ms"]):
                    self.assertGreater(first, 0)
                    self.assertLessEqual(first / 1e3, whole * 1.001)
                self.assertGreater(figures["mib_per_s"], 0)

    def test_fetch_of_more_than_there_is_fails(self):
        figures, errors = run("fetch", "--to", self.file, "--bytes", SOURCE_BYTES + 1, expected=1)
        self.assertIsNone(figures)
        self.assertIn(f"closed by the peer after {SOURCE_BYTES} bytes", errors)

    def test_echo(self):
        for streams, size in ((1, 64), (16, 64), (2, 100_000), (2, 1)):
            with self.subTest(streams=streams, size=size):
                self.expect_latencies(run("echo", "--to", self.echo, "--streams", streams, "--size", size, *SHORT)[0],
                                      streams)

    def test_connect(self):
        self.expect_latencies(run("connect", "--to", self.echo, "--parallel", 16, *SHORT)[0], 1)

    def test_churn_has_exactly_so_many_visitors(self):
        for count in (1, 500):
            figures, _ = run("churn", "--to", self.echo, "--count", count, "--parallel", 64)
            self.assertEqual((figures["count"], figures["failed"]), (count, 0))

    def test_http(self):
        for options in ((), ("--close",)):
            with self.subTest(options=options):
                self.expect_latencies(run("http", "--to", self.http, "--parallel", 4, *SHORT, *options)[0], 1)

    def test_idle_and_sleep_hold_until_their_input_ends(self):
        for words, report in ((("idle", "--to", self.echo, "--visitors", 200), {"opened": 200}),
                              (("sleep", "--to", self.source, "--visitors", 4), {"sleeping": 4, "with_bytes": 4})):
            with self.subTest(words=words):
                process = start(*words)
                self.assertEqual(json.loads(process.stdout.readline()), report)
                self.assertIsNone(process.poll())
                out, errors = process.communicate(timeout=LIMIT_SECONDS)  # closes its input
                self.assertEqual((process.returncode, out, errors), (0, "", ""))


class Relayed(Loads):
    """The same, each service behind a raw relay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.relay = start("relay", *(f"127.0.0.1:0={to}" for to in (cls.echo, cls.sink, cls.source, cls.http, cls.file)))
        word, *edges = cls.relay.stdout.readline().split()
        assert word == "ready", word
        cls.echo, cls.sink, cls.source, cls.http, cls.file = (edge.split("=")[0] for edge in edges)

    @classmethod
    def tearDownClass(cls):
        status, errors = stop(cls.relay)
        super().tearDownClass()
        assert (status, errors) == (0, ""), (status, errors)


class Services(unittest.TestCase):
    def serve(self, *offers):
        server = start("serve", *offers)
        self.addCleanup(stop, server)
        return [int(place.rpartition(":")[2]) for place in server.stdout.readline().split()[1:]]

    def test_the_sink_answers_the_end_with_the_count(self):
        (port,) = self.serve("sink=127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"x" * 123_457)
            sender.shutdown(socket.SHUT_WR)
            self.assertEqual(sender.makefile("rb").read(), struct.pack(">Q", 123_457))

    def test_a_limited_source_sends_exactly_so_much(self):
        (port,) = self.serve("source:1000001=127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", port)) as reader:
            self.assertEqual(len(reader.makefile("rb").read()), 1_000_001)

    def test_the_echo_returns_what_it_gets_and_then_the_end(self):
        (port,) = self.serve("echo=127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", port)) as speaker:
            speaker.sendall(bytes(range(256)) * 100)
            speaker.shutdown(socket.SHUT_WR)
            self.assertEqual(speaker.makefile("rb").read(), bytes(range(256)) * 100)

    def test_the_web_server_answers_pieces_and_requests_in_a_row(self):
        (port,) = self.serve("http=127.0.0.1:0")
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port)) as reader:
            reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                reader.sendall(bytes([byte]))
            reader.sendall(request + last)
            answers = reader.makefile("rb").read()
        self.assertEqual(answers.count(b"HTTP/1.1 200 OK\r\n"), 3)
        self.assertEqual(answers.count(b"x" * 1024), 3)


class Failures(unittest.TestCase):
    """Each names what went wrong and where."""

    @classmethod
    def setUpClass(cls):
        # A port that nobody listens at: bound, and so given to nobody else.
        cls.holder = socket.socket()
        cls.holder.bind(("127.0.0.1", 0))
        cls.nobody = "127.0.0.1:%d" % cls.holder.getsockname()[1]

    @classmethod
    def tearDownClass(cls):
        cls.holder.close()

    def test_nobody_listens(self):
        for words in (("bulk", "--direction", "up", *SHORT), ("fetch", "--bytes", 1), ("idle", "--visitors", 1),
                      ("sleep", "--visitors", 1), ("churn", "--count", 3)):
            with self.subTest(words=words):
                figures, errors = run(words[0], "--to", self.nobody, *words[1:], expected=1)
                self.assertIsNone(figures)
                self.assertIn(f"{self.nobody}: Connection refused", errors)

    def test_the_relays_target_is_gone(self):
        relay = start("relay", f"127.0.0.1:0={self.nobody}")
        place = relay.stdout.readline().split()[1].split("=")[0]
        _, errors = run("churn", "--to", place, "--count", 3, expected=1)
        self.assertIn("first failure: ", errors)
        status, complaint = stop(relay)
        self.assertEqual(status, 0)
        self.assertIn(f"connect to {self.nobody}: Connection refused", complaint)

    def test_the_answer_is_wrong(self):
        server = start("serve", "http=127.0.0.1:0", "source:64=127.0.0.1:0")
        self.addCleanup(stop, server)
        place = server.stdout.readline().split()[2].split("=")[1]
        _, errors = run("churn", "--to", place, "--count", 3, expected=1)
        self.assertIn("the answer is wrong", errors)

    def test_the_visitor_is_dropped_while_it_waits(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        process = start("idle", "--to", "127.0.0.1:%d" % listener.getsockname()[1], "--visitors", 1)
        connection, _ = listener.accept()
        connection.sendall(connection.recv(1))
        self.assertEqual(json.loads(process.stdout.readline()), {"opened": 1})
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(connection.recv(1), b"")  # it has seen that, and closed
        connection.close()
        _, errors = process.communicate(timeout=LIMIT_SECONDS)
        self.assertEqual(process.returncode, 1)
        self.assertIn("1 visitors were lost while they waited; the first: after the answer: closed by the peer", errors)

    def test_the_address_is_taken(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        place = "127.0.0.1:%d" % listener.getsockname()[1]
        _, errors = run("serve", f"echo={place}", expected=1)
        self.assertIn(f"bind to {place}: Address already in use", errors)

    def test_the_command_line_is_wrong(self):
        for words, why in ((("tickle",), "unknown command"), (("echo", *SHORT), "--to is missing"),
                           (("bulk", "--to", "localhost:1", *SHORT), "expected an IPv4 address and a port"),
                           (("bulk", "--to", "127.0.0.1:1", "--direction", "left"), "expected up or down"),
                           (("echo", "--to", "127.0.0.1:1", "--seconds", "1", "--fast"), "--fast"),
                           (("serve", "ftp=127.0.0.1:0"), "expected echo, sink"), (("relay", "127.0.0.1:0"), "FROM=TO")):
            with self.subTest(words=words):
                self.assertIn(why, run(*words, expected=64)[1])

    def test_the_cipher_costs_something(self):
        figures, _ = run("crypto", "--bytes", 1 << 20)
        self.assertGreater(figures["seal_s_per_gib"], 0)
        self.assertGreater(figures["open_s_per_gib"], 0)


if __name__ == "__main__":
    unittest.main()
