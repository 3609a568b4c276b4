"""Visitors that stop reading disturb nobody."""

import time

import pytest

from harness import checks, limits, traffic
from harness.tunnel import Tunnel
from harness.waiting import wait_until
from harness.traffic import ENDLESS
from harness.limits import judge


@pytest.mark.parametrize("sleepers", [1, 16])
def test_sleeping_downloads_F_SLOW(world, sleepers):
    checks.slow(Tunnel(world), sleepers)


@pytest.mark.asan
def test_sleeping_downloads_small_F_SLOW(world):
    checks.slow(Tunnel(world), 4, seconds=1.5, speed=False, of="small")


def test_targets_that_do_not_read_F_SLOW(world):
    """Uploads to a target that never reads: others are served; the uploads are held, not lost."""
    tunnel = Tunnel(world)
    asleep = [tunnel.flow(up=ENDLESS, down=5, start="length", read=False, patience=0) for _ in range(8)]
    for flow in asleep:
        flow.wait_arrived()

    sent = {}

    def still():
        now = [flow.sent for flow in asleep]
        if sent.get("now") != now:
            sent.update(now=now, quiet=0)
        sent["quiet"] += 1
        return sent["quiet"] > 10

    wait_until(still, 20, "the uploads stand still", 0.05)
    with tunnel.prober(0.02) as prober:
        prober.wait_count(150, 20)
    judge("F-SLOW.failed", len(prober.failed()), "up")
    judge("F-SLOW.p99", prober.percentile(0.99), "up")
    assert not any(flow.ending for flow in asleep), [str(f.ending) for f in asleep if f.ending]


def test_sleepers_leave_F_SLOW(world):
    """Sleepers that leave without ever reading: their memory and descriptors are given back."""
    tunnel = Tunnel(world)
    before = [p.descriptors() for p in (tunnel.portal, tunnel.bridge)]
    asleep = [tunnel.download(ENDLESS, sleeping=True, rcvbuf=65536, patience=0) for _ in range(32)]
    for flow in asleep:
        flow.wait_arrived()
    checks.wait_settled(tunnel, asleep)
    for flow in asleep:
        flow.reset()
    for flow in asleep:
        tunnel.target.wait_flow(flow.name, lambda e: e["down_end"] != "open" or e["up_end"] != "open", 20, "told")
    wait_until(lambda: all(p.descriptors() <= b + 2 for p, b in zip((tunnel.portal, tunnel.bridge), before)), 10,
               f"descriptors back to {before}")


def test_visitors_that_never_read_F_NOREAD(world):
    """250 downloads of 1 GiB that are never read: bounded, others are served, all is given back when they leave."""
    tunnel = Tunnel(world)
    ends = (tunnel.portal, tunnel.bridge)
    memory = [p.memory() for p in ends]
    sources = world.extra_visitor_addresses(4)
    hostile = [tunnel.download(1 << 30, sleeping=True, rcvbuf=65536, patience=0, source=sources[n % 4])
               for n in range(250)]
    for flow in hostile:
        flow.wait_arrived()
    with tunnel.prober(0.02) as prober:
        prober.wait_count(100, 30)
    judge("F-NOREAD.failed", len(prober.failed()))
    judge("F-NOREAD.p99", prober.percentile(0.99))
    if limits.SLOWDOWN == 1:
        judge("F-NOREAD.memory", max(p.memory() - before for p, before in zip(ends, memory)))
    for flow in hostile:
        traffic.reset_now(flow.sock)
    at = time.monotonic()
    wait_until(lambda: not world.vps.connections(tunnel.address()[1]) and not world.nas.connections(7000), 20,
               "every connection of theirs is gone")
    judge("F-NOREAD.released", time.monotonic() - at)
