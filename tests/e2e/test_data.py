"""What is sent is what arrives: big, small, bursty, datagrams."""

import random
import time

import pytest

from harness import checks, limits, traffic
from harness.limits import figure, judge
from harness.tunnel import Tunnel
from harness.waiting import wait_until

BIG = 1280 << 20  # past the wrap of the 16-bit chunk counter at 16 KiB a chunk


def _memory_growth(tunnel, before):
    return max(p.memory("VmHWM") - b for p, b in zip((tunnel.portal, tunnel.bridge), before))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("direction", ["down", "up"])
def test_big_transfer_F_BIG(world, direction):
    """1.25 GiB on one stream: byte-exact, little memory, no long pause."""
    tunnel = Tunnel(world)
    tunnel.download(4 << 20).finish()
    tunnel.upload(4 << 20).finish()
    before = [p.memory() for p in (tunnel.portal, tunnel.bridge)]
    flow = tunnel.download(BIG) if direction == "down" else tunnel.upload(BIG)
    began = flow.target.wait_flow(flow.name, lambda e: True, 10, "arrives")["opened_at"]
    ending = flow.finish(200)
    assert ending.kind == "COMPLETE", ending
    if direction == "up":
        entry = tunnel.target.flow(flow.name)
        assert entry["up_ok"] and entry["up"] == BIG, entry
    figure(f"F_BIG.{direction}.speed", BIG / (1 << 20) / (ending.at - began), "MiB/s")
    if direction == "down":
        judge("F-BIG.pause", ending.longest_pause)
    judge("F-BIG.memory", _memory_growth(tunnel, before), direction)


def test_all_write_sizes_F_SIZES(world):
    """Writes of 1 to 70 000 bytes in random order and 64 streams at once, echoed byte-exact."""
    tunnel = Tunnel(world)
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    flows = []
    for number in range(64):
        size = chance.choice((1, 2, 1000, 16_383, 16_384, 16_385, 65_535, 70_000, 300_000))
        flows.append(tunnel.flow(up=size, down=size, start="length"))
    for flow in flows:
        assert flow.finish().kind == "COMPLETE", flow.ending
        assert flow.up_ending().kind == "COMPLETE", flow.up_ending()
    with world.visitor.connect(tunnel.address(), 10) as sock:
        sock.sendall(b'{"id": "echo", "echo": true}\n')
        for size in [1, 2, 3] + [chance.randrange(1, 70_000) for _ in range(60)]:
            data = traffic.pattern.take(size, 0, size)
            sock.sendall(data)
            got = b""
            while len(got) < size:
                piece = sock.recv(size - len(got))
                assert piece, f"echo of {size} bytes ended after {len(got)}"
                got += piece
            assert got == data


@pytest.mark.asan
def test_both_ways_at_once(world):
    """8 MiB each way on one stream at the same time, and a transfer each way."""
    tunnel = Tunnel(world)
    checks.transfer(tunnel, 8 << 20)
    flow = tunnel.flow(up=8 << 20, down=8 << 20, start="now")
    assert flow.finish().kind == "COMPLETE"
    assert flow.up_ending().kind == "COMPLETE"


def test_one_byte_dialogue(world):
    """A 1-byte ping-pong: no delay is added by waiting for more."""
    tunnel = Tunnel(world)
    times = []
    with world.visitor.connect(tunnel.address(), 10) as sock:
        sock.setsockopt(6, 1, 1)
        sock.sendall(b'{"id": "pingpong", "echo": true}\n')
        for number in range(300):
            began = time.monotonic()
            sock.sendall(b"x")
            assert sock.recv(1) == b"x"
            times.append(time.monotonic() - began)
    median = sorted(times)[len(times) // 2]
    figure("pingpong.median", median * 1000, "ms")
    assert median < 0.005 * limits.SLOWDOWN, f"{median * 1000:.2f} ms"


@pytest.mark.asan
@pytest.mark.parametrize("family", [4, 6])
def test_datagram_sizes_F_UDP(world, family):
    """0 to 65 507 bytes, whole or not at all."""
    checks.datagrams(Tunnel(world), family=family, of=f"v{family}")


def test_datagrams_at_a_rate_F_UDP(world):
    """1000 a second for 4 s: next to none lost, none damaged, twice or out of order."""
    tunnel = Tunnel(world)
    visitor = tunnel.udp()
    wait_until(lambda: visitor.exchange(b"up?", 1.0) == b"up?", 15, "the UDP flow is up")
    visitor.drain()
    lost, damaged, duplicates, disorder = visitor.stream(4000, 1000, 1000)
    judge("F-UDP.loss1000", 100 * lost / 4000)
    judge("F-UDP.damaged", damaged, "rate")
    judge("F-UDP.duplicates", duplicates, "rate")
    assert disorder == 0, f"{disorder} datagrams out of order"


def test_datagram_flows_do_not_mix_F_UDP(world):
    """Thirty sources at once: each gets its own answers and nothing else."""
    tunnel = Tunnel(world)
    visitors = [tunnel.udp() for _ in range(30)]
    wait_until(lambda: visitors[0].exchange(b"up?", 1.0) == b"up?", 15, "the UDP flow is up")
    visitors[0].drain()
    for round_ in range(5):
        for number, visitor in enumerate(visitors):
            visitor.sock.sendto(f"{round_}/{number}".encode() * 20, visitor.address)
    for number, visitor in enumerate(visitors):
        visitor.sock.settimeout(3)
        got = [visitor.sock.recv(65536) for _ in range(5)]
        assert got == [f"{round_}/{number}".encode() * 20 for round_ in range(5)], (number, got)
    assert not visitors[-1].drain(), "an answer too many"


def test_datagram_flow_survives_a_lost_link_F_UDPMUX(world):
    """The links are reset; the flow goes on, its next datagrams answered."""
    tunnel = Tunnel(world)
    visitor = tunnel.udp()
    wait_until(lambda: visitor.exchange(b"up?", 1.0) == b"up?", 15, "the UDP flow is up")
    checks._reset_link(tunnel)
    wait_until(lambda: visitor.exchange(b"again", 1.0) == b"again", limits.limit("F-TUPLE.all.outage"), "goes on")
