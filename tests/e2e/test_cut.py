"""A cut transfer never looks finished: five places, both directions, fifty repetitions in all."""

import pytest

from harness import checks
from harness.limits import judge
from harness.traffic import ENDLESS
from harness.tunnel import Tunnel


@pytest.mark.parametrize("place", checks.PLACES)
def test_cut_F_CUT(world, place):
    """Ten repetitions each; a repetition cuts a download and an upload at once."""
    checks.cut(Tunnel(world), (place,), 10, of=place)


@pytest.mark.asan
def test_cut_once_everywhere_F_CUT(world):
    checks.cut(Tunnel(world), repetitions=1, of="once")


def test_killed_target_ends_its_streams_F_CUT(world):
    """kill -9 of the target: whatever its kernel says is passed on, and nothing hangs."""
    tunnel = Tunnel(world)
    down = tunnel.download(ENDLESS)
    up = tunnel.flow(up=ENDLESS, down=5, start="length")
    down.wait_received(1 << 20)
    up.wait_sent(4 << 20)
    tunnel.target.kill()
    for flow in (down, up):
        assert flow.join().kind in ("ABORTED", "TRUNCATED"), flow.ending
    tunnel.target.start()
    tunnel.probe()


@pytest.mark.parametrize("after", [0, 1000, 1_000_000])
def test_target_resets_after_some_bytes_F_CUT(world, after):
    """All that was sent before the reset arrives, then the reset, even for a visitor that asked for more."""
    tunnel = Tunnel(world)
    for _ in range(5):
        flow = tunnel.flow(down=after, end="rst")
        ending = flow.join()
        assert ending.bytes == after, f"sent before the reset: {after}, {ending}"
        assert ending.kind == "ABORTED", f"a reset after {after} bytes came as {ending}"
        entry = tunnel.target.flow(flow.name)
        judge("F-CUT.end", ending.at - entry["down_end_at"], f"target_after_{after}")


def test_cut_under_many_streams_F_CUT(world):
    """Forty streams of all kinds when every link is reset: all aborted or complete, none hangs."""
    tunnel = Tunnel(world)
    flows = [tunnel.download(ENDLESS, rate=500_000) for _ in range(20)]
    flows += [tunnel.flow(up=ENDLESS, up_rate=300_000, down=5, start="length") for _ in range(20)]
    for flow in flows:
        flow.wait_arrived()
    flows[0].wait_received(100_000)
    checks._reset_link(tunnel)
    for flow in flows[:20]:
        assert flow.join().kind == "ABORTED", flow.ending
    for flow in flows[20:]:
        assert flow.up_ending().kind == "ABORTED", flow.up_ending()
    tunnel.wait_up()
