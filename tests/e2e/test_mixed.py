"""Faults with a V2Ray 4.34 at one end: what its limits leave is kept."""

import time

import pytest

from harness import checks, faults, traffic
from harness.limits import LIMITS, figure, judge, limit
from harness.traffic import ENDLESS
from harness.waiting import let_pass, wait_until
from test_v2ray import PAIRS, pair


def test_silent_link_of_a_v2ray_bridge_F_TUPLE(world):
    """Noticed by echo probes; its streams are aborted.  The V2Ray bridge itself hears nothing for minutes, so a
    second one (as a supervisor would start it) takes over."""
    tunnel = pair(world, PAIRS[0])
    stream = tunnel.flow(down=ENDLESS, rate=200_000, patience=60)
    stream.wait_received(50_000)
    with faults.silence_links(world.nas, tunnel.links()):
        at = time.monotonic()
        ending = stream.join(limit("MIXED.portal.aborted") + 10)
        assert ending.kind == "ABORTED", ending
        judge("MIXED.portal.aborted", ending.at - at)
        tunnel.start_bridge()
        traffic.wait_served(world.visitor, tunnel.address(), 20)
        with tunnel.prober() as prober:
            prober.wait_count(20)
        assert not prober.failed(), prober.describe(prober.failed())


def test_v2ray_bridge_loses_power_F_POWER(world):
    """No end is seen; the bridge returns with another address: after the limit nobody hangs."""
    tunnel = pair(world, PAIRS[0])
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with faults.silence_all(world.nas):
            tunnel.bridge.kill()
            faults.new_nas_address(world)
        tunnel.start_bridge()
        began = time.monotonic()
        prober.wait_recovery(began, 60)
        let_pass(max(0.0, began + LIMITS["MIXED.portal.power"].must + 4 - time.monotonic()), "the dead link is found")
        prober.wait_recovery(time.monotonic(), 30)
    failed = prober.failed(began)
    print(prober.describe(failed))
    judge("MIXED.portal.power", max((p.start - began for p in failed), default=0.0))


def test_all_links_of_a_v2ray_bridge_reset_F_RST(world):
    """V2Ray dials at its next 2 s tick; visitors are parked meanwhile, none fails."""
    tunnel = pair(world, PAIRS[0])
    stream = tunnel.flow(down=ENDLESS, rate=200_000)
    stream.wait_received(50_000)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with prober.fault() as at:
            faults.reset_links(world.nas, tunnel.setup.tunnel_port)
        prober.wait_recovery(at, 40)
    print(prober.describe(prober.failed()))
    judge("F-RST.all.failed", len(prober.failed()), "v2ray-bridge")
    assert stream.join().kind == "ABORTED", stream.ending
    judge("F-RST.aborted", stream.ending.at - at, "v2ray-bridge")


@pytest.mark.parametrize("place", ["link", "portal", "bridge"])
def test_cut_with_a_v2ray_bridge_F_CUT(world, place):
    """The visitor of Culvert's portal never sees a cut download as complete."""
    tunnel = pair(world, PAIRS[0])
    bad, slowest = [], 0.0
    for _ in range(3):
        down = tunnel.flow(down=ENDLESS)
        down.wait_received(1 << 20)
        at = time.monotonic()
        {"link": lambda: faults.reset_links(world.nas, tunnel.setup.tunnel_port),
         "portal": tunnel.portal.kill, "bridge": tunnel.bridge.kill}[place]()
        ending = down.join()
        slowest = max(slowest, ending.at - at)
        if ending.kind != "ABORTED":
            bad.append(str(ending))
        if place == "portal":
            tunnel.start_portal()
        elif place == "bridge":
            tunnel.start_bridge()
        traffic.wait_served(world.visitor, tunnel.address(), 40)
    print(bad)
    judge("F-CUT.forbidden", len(bad), f"v2ray-{place}")
    judge("F-CUT.end", slowest, f"v2ray-{place}")


def test_target_reset_with_a_v2ray_portal_F_CUT(world):
    """Culvert's bridge says End with error; V2Ray then throws away what it has not sent yet, but ends the visitor."""
    tunnel = pair(world, PAIRS[1])
    flow = tunnel.flow(down=500_000, end="rst")
    ending = flow.join(40)
    assert ending.kind in ("ABORTED", "TRUNCATED", "COMPLETE"), ending
    tunnel.probe()


def test_visitor_reset_with_a_v2ray_bridge_F_CANCEL(world):
    """The reset travels as End with error: the target is told soon."""
    tunnel = pair(world, PAIRS[0])
    flow = tunnel.flow(down=ENDLESS, rate=10_000_000, sndbuf=65536)
    flow.wait_received(1 << 20)
    at = time.monotonic()
    flow.reset()
    entry = tunnel.target.wait_flow(
        flow.name, lambda e: e["down_end"] != "open" or e["up_end"] != "open", 20, "target is told")
    ended = min(t for t in (entry["down_end_at"], entry["up_end_at"]) if t)
    # V2Ray's own copy loop may take its 1 s timer on top.
    assert ended - at < limit("F-CANCEL.end") + 2, f"{ended - at:.2f} s"


@pytest.mark.parametrize("sleepers", [1, 8])
def test_sleepers_with_a_v2ray_bridge_F_SLOW(world, sleepers):
    """V2Ray cannot be slowed per stream: sleepers may be aborted, the others are served throughout."""
    tunnel = pair(world, PAIRS[0])
    asleep = [tunnel.download(ENDLESS, sleeping=True, rcvbuf=65536, patience=0) for _ in range(sleepers)]
    for flow in asleep:
        flow.wait_arrived()
    with tunnel.prober(0.02) as prober:
        let_pass(6, "the sleepers sleep")
    print(prober.describe(prober.failed()))
    judge("F-SLOW.failed", len(prober.failed()), f"v2ray-{sleepers}")
    # V2Ray dials a second link at its next 2 s tick at the earliest: the first seconds are shown, not judged.
    start = prober.between()[0].start
    judge("MIXED.slow.p99", prober.percentile(0.99, start + 3), f"v2ray-{sleepers}")


def test_sleeper_alone_with_a_v2ray_bridge_wakes_F_SLOW(world):
    """Nobody else is there: the sleeper's link should be held, and it gets every byte; an abort is allowed."""
    tunnel = pair(world, PAIRS[0])
    flow = tunnel.download(24 << 20, sleeping=True, rcvbuf=65536, patience=0)
    flow.wait_arrived()
    checks.wait_settled(tunnel, [flow])
    flow.patience = 20
    flow.resume()
    ending = flow.join(60)
    figure("MIXED.slow.held", int(ending.kind == "COMPLETE"), "count")
    assert ending.kind in ("COMPLETE", "ABORTED"), ending


def test_links_silent_at_a_v2ray_portal_F_TUPLE(world):
    """Culvert's bridge notices and opens new links; the dead ones are V2Ray's to forget."""
    tunnel = pair(world, PAIRS[1])
    old = set(tunnel.links())
    with faults.silence_links(world.nas, sorted(old)):
        at = time.monotonic()
        wait_until(lambda: set(tunnel.links()) - old, limit("MIXED.bridge.newlink") + 10, "a new link", 0.02)
        judge("MIXED.bridge.newlink", time.monotonic() - at)


def test_sleeper_at_a_v2ray_portal_F_SLOW(world):
    """The V2Ray reader is blocked by one visitor: a sibling link is opened, new visitors are served again."""
    tunnel = pair(world, PAIRS[1])
    flow = tunnel.download(ENDLESS, sleeping=True, rcvbuf=65536, patience=0)
    flow.wait_arrived()
    checks.wait_settled(tunnel, [flow])
    at = time.monotonic()
    traffic.wait_served(world.visitor, tunnel.address(), 30)
    judge("MIXED.slow.newvisitors", time.monotonic() - at)
