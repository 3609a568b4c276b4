"""Links go silent without a word: noticed by asking, replaced, and what ran on them is aborted."""

import time

from harness import faults
from harness.limits import judge, limit
from harness.traffic import ENDLESS
from harness.tunnel import Tunnel
from harness.waiting import let_pass


def _ends_of(stream, since, of):
    """A stream on a silent link is aborted at both ends within the limit."""
    ending = stream.join(limit("F-TUPLE.aborted") + 10)
    assert ending.kind == "ABORTED", f"visitor: {ending}"
    entry = stream.target.wait_flow(
        stream.name, lambda e: "rst" in (e["up_end"], e["down_end"]), limit("F-TUPLE.aborted") + 10, "target aborted")
    target = min(t for t in (entry["up_end_at"], entry["down_end_at"]) if t)
    judge("F-TUPLE.aborted", max(ending.at, target) - since, of)


def test_all_links_silent_F_TUPLE(world):
    """Both directions of every link are dropped, new connections work."""
    tunnel = Tunnel(world)
    stream = tunnel.flow(down=ENDLESS, rate=200_000, patience=limit("F-TUPLE.aborted") + 10)
    stream.wait_received(50_000)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with faults.silence_links(world.nas, tunnel.links()):
            at = time.monotonic()
            judge("F-TUPLE.all.outage", prober.wait_recovery(at, 60))
            _ends_of(stream, at, "all")


def test_one_link_silent_F_TUPLE(world):
    """One of two links is dropped: a probe may fail for a while, then none does; streams elsewhere go on."""
    tunnel = Tunnel(world)
    streams = [tunnel.flow(down=ENDLESS, rate=200_000) for _ in range(6)]
    for stream in streams:
        stream.wait_received(50_000)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with faults.silence_links(world.nas, tunnel.wait_links(2)[:1]):
            at = time.monotonic()
            let_pass(limit("F-TUPLE.one.window") + 4, "probes after the window must all succeed")
    failed = prober.failed()
    print(prober.describe(failed))
    judge("F-TUPLE.one.window", max((p.start - at for p in failed), default=0.0))
    going = [s for s in streams if not s.ending]
    for stream in streams:
        assert not stream.ending or stream.ending.kind == "ABORTED", stream.ending
    for stream in going:
        stream.wait_received(stream.received + 50_000)
    assert going, "every stream was on the silent link, although there were two"


def test_one_direction_silent_F_HALF(world):
    """Only what the NAS sends is dropped: the portal notices too."""
    tunnel = Tunnel(world)
    stream = tunnel.flow(down=ENDLESS, rate=200_000, patience=limit("F-TUPLE.aborted") + 10)
    stream.wait_received(50_000)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with faults.silence_links(world.nas, tunnel.links(), directions=("output",)):
            at = time.monotonic()
            judge("F-HALF.outage", prober.wait_recovery(at, 60))
            _ends_of(stream, at, "half")


def test_nas_loses_power_and_returns_elsewhere_F_POWER(world):
    """The portal never sees an end; the NAS comes back with another address and is served at once."""
    tunnel = Tunnel(world)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with faults.silence_all(world.nas):
            tunnel.bridge.kill()
            address = faults.new_nas_address(world)
        tunnel.start_bridge()
        began = time.monotonic()
        prober.wait_recovery(began, 60)
        links = [remote for _, remote in world.vps.connections(tunnel.setup.tunnel_port)]
        assert any(ip == address for ip, _ in links), links
        first = min(p.end for p in prober.between() if p.ok and p.end > began)
    settled = first + limit("F-POWER.settle")
    failed = prober.failed(settled)
    print(prober.describe(prober.failed(began)))
    judge("F-POWER.failed", len(failed))
