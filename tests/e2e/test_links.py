"""Links are reset, or everything is silent for a while: visitors hardly notice."""

import time

from harness import checks, faults, programs
from harness.limits import judge
from harness.traffic import ENDLESS
from harness.tunnel import Tunnel
from harness.waiting import let_pass


def test_one_link_reset_F_RST(world):
    """One of two links is reset under probes: none fails; each stream is either untouched or aborted."""
    tunnel = Tunnel(world)
    streams = [tunnel.flow(down=ENDLESS, rate=500_000) for _ in range(6)]
    for stream in streams:
        stream.wait_received(50_000)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with prober.fault() as at:
            faults.reset_link(world.nas, tunnel.links()[0])
        prober.wait_recovery(at, 30)
    print(prober.describe(prober.failed()))
    judge("F-RST.one.failed", len(prober.failed()))
    for stream in streams:
        if stream.ending:
            assert stream.ending.kind == "ABORTED", stream.ending
            judge("F-RST.aborted", stream.ending.at - at, "one")
        else:
            stream.wait_received(stream.received + 100_000)
    tunnel.wait_links(2)


def test_links_reset_one_after_the_other_F_RST(world):
    """Each time two links are there, one is reset: visitors never lose both."""
    tunnel = Tunnel(world)
    with tunnel.prober() as prober:
        prober.wait_count(5)
        for _ in range(4):
            links = tunnel.wait_links(2)
            with prober.fault():
                faults.reset_link(world.nas, links[-1])
            let_pass(0.5, "probes use the other link")
    print(prober.describe(prober.failed()))
    judge("F-RST.one.failed", len(prober.failed()), "repeated")


def test_all_links_reset_F_RST(world):
    checks.reset_all(Tunnel(world))


def test_all_links_reset_at_the_portal_F_RST(world):
    """The same, the portal's kernel being the one that resets."""
    tunnel = Tunnel(world)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with prober.fault() as at:
            assert faults.reset_links(world.vps, tunnel.setup.tunnel_port) > 0
        prober.wait_recovery(at, 30)
    print(prober.describe(prober.failed()))
    judge("F-RST.all.failed", len(prober.failed()), "portal")
    judge("F-RST.all.slowest", prober.slowest(at), "portal")


def test_two_bridges_of_one_identity_PORT_4(world):
    """A second process with the same id: both stay, both serve, and nobody fails."""
    tunnel = Tunnel(world)
    with tunnel.prober(0.05) as prober:
        second = programs.start("culvert", "bridge", world.nas, tunnel.setup, world.directory / "second", tag="2")
        tunnel.wait_links(4)
        links = set(tunnel.links())
        prober.wait_count(len(prober.done) + 60)
        assert set(tunnel.links()) == links, "one throws the other's links out"
        tunnel.bridge.kill()
        prober.wait_count(len(prober.done) + 40)
    assert second.alive()
    # Those that were under way on a link of the killed one end with it.
    assert len(prober.failed()) <= 2, prober.describe(prober.failed())


def test_hole_of_3_seconds_F_HOLE(world):
    """Everything between NAS and VPS is silent for 3 s: no stream ends, no visitor fails."""
    tunnel = Tunnel(world)
    streams = [tunnel.flow(down=ENDLESS, rate=200_000) for _ in range(4)]
    for stream in streams:
        stream.wait_received(50_000)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with faults.silence_all(world.nas):
            let_pass(3, "the hole")
        back = time.monotonic()
        outage = prober.wait_recovery(back, 40)
    print(prober.describe(prober.failed()))
    judge("F-HOLE.failed", len(prober.failed()))
    judge("F-HOLE.outage", outage)
    before = [stream.received for stream in streams]
    aborted = [stream.ending for stream in streams if stream.ending]
    judge("F-HOLE.aborted", len(aborted))
    for stream, count in zip(streams, before):
        stream.wait_received(count + 50_000, 20)
