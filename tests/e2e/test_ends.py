"""Half-closes are preserved, and a visitor that leaves stops the target."""

import time

import pytest

from harness import checks, traffic
from harness.limits import judge
from harness.tunnel import Tunnel
from harness.waiting import wait_until


def test_half_close_matrix_F_FIN(world):
    """Every order of ends, sizes 0 to 1 MB, answers at once and after 0.5 and 3 s, IPv4 and IPv6."""
    checks.half_close(Tunnel(world), sizes=(0, 1, 1_000_000), delays=(0.0, 0.5, 3.0), families=(4, 6))


@pytest.mark.asan
def test_half_close_small_F_FIN(world):
    checks.half_close(Tunnel(world), sizes=(0, 1, 100_000), delays=(0.0, 0.3), of="small")


def test_half_close_100_MB_F_FIN(world):
    """A large request, its end, and a large answer."""
    checks.half_close(Tunnel(world), sizes=(100_000_000,), delays=(0.0,), orders=("visitor", "target"), of="100MB")


def test_half_closed_stream_waits_for_a_late_answer_F_FIN(world):
    """The answer begins 10 s after the visitor's FIN."""
    tunnel = Tunnel(world)
    flow = tunnel.flow(up=1000, down=100_000, start="eof", delay=10, fin="end")
    assert flow.finish(40).kind == "COMPLETE", flow.ending
    assert flow.up_ending().kind == "COMPLETE"


@pytest.mark.parametrize("how", ["reset", "close"])
def test_visitor_leaves_F_CANCEL(world, how):
    checks.cancel(Tunnel(world), how)


def test_visitor_leaves_before_the_target_answers_F_CANCEL(world):
    """Nothing flows at all when the visitor resets: the target is told as quickly."""
    tunnel = Tunnel(world)
    flow = tunnel.flow(down=5, start="now", delay=30, fin="never")
    flow.wait_arrived()
    at = time.monotonic()
    flow.reset()
    entry = tunnel.target.wait_flow(flow.name, lambda e: e["up_end"] != "open", 20, "target is told")
    assert entry["up_end"] == "rst", entry
    judge("F-CANCEL.end", entry["up_end_at"] - at, "idle")


def test_visitor_leaves_while_its_upload_is_held_back_F_CANCEL(world):
    """The target reads nothing, so the visitor is not read either; its reset reaches the target all the same."""
    tunnel = Tunnel(world)
    flow = tunnel.flow(up=traffic.ENDLESS, read=False, patience=0)
    last = [0, time.monotonic()]

    def is_held():
        if flow.sent != last[0]:
            last[:] = flow.sent, time.monotonic()
        return flow.sent > 0 and time.monotonic() - last[1] > 1

    wait_until(is_held, 20, "the upload is held back")
    traffic.reset_now(flow.sock)
    at = time.monotonic()
    wait_until(lambda: not world.nas.connections(7000), 10, "the target's connection is gone")
    judge("F-CANCEL.held", time.monotonic() - at)


def test_abandoned_downloads_release_everything_F_CANCEL(world):
    """Eighty abandoned downloads: descriptors are back where they were, and the next visitor is quick."""
    tunnel = Tunnel(world)
    before = [p.descriptors() for p in (tunnel.portal, tunnel.bridge)]
    for _ in range(4):
        flows = [tunnel.download(traffic.ENDLESS) for _ in range(20)]
        for flow in flows:
            flow.wait_received(100_000)
        for number, flow in enumerate(flows):
            flow.reset() if number % 2 else flow.leave()
    wait_until(lambda: all(p.descriptors() <= b + 2 for p, b in zip((tunnel.portal, tunnel.bridge), before)), 10,
               f"descriptors back to {before}")
    seconds = min(tunnel.probe() for _ in range(5))
    assert seconds < 0.2, f"a probe after the abandoned downloads took {seconds:.3f} s"


def test_server_speaks_first(world):
    """The greeting comes without a byte from the visitor."""
    tunnel = Tunnel(world)
    with world.visitor.connect(tunnel.greet_address()) as sock:
        assert sock.recv(100) == b"220 hello\r\n"
        sock.sendall(b"x")
        assert sock.recv(10) == b"x"
