"""V2Ray 4.34 at the other end: Culvert as the portal of a V2Ray bridge, and as the bridge of a V2Ray portal."""

import time

import pytest

from harness import checks, traffic
from harness.configs import Setup
from harness.limits import figure, judge
from harness.tunnel import Tunnel
from harness.waiting import let_pass, wait_until

PAIRS = [("culvert", "v2ray"), ("v2ray", "culvert")]
PAIR_IDS = ["culvert-portal", "culvert-bridge"]
MIB = 1 << 20


def pair(world, ends, alter_id=0, form="json", **options):
    return Tunnel(world, ends[0], ends[1], Setup(form=form, alter_id=alter_id), **options)


def exchanges(tunnel):
    """Twenty users at once, 1 byte to 200 kB, echo intact; datagrams; the greeting; a refused target."""
    sizes = (1, 2, 100, 1000, 1966, 2048, 8192, 8193, 16_000, 200_000) * 2
    flows = [tunnel.flow(up=size, down=size, start="length") for size in sizes]
    for flow in flows:
        assert flow.finish(30).kind == "COMPLETE", flow.ending
        entry = tunnel.target.flow(flow.name)
        assert entry["up"] == flow.up and entry["up_ok"]
    visitor = tunnel.udp()
    wait_until(lambda: visitor.exchange(b"up?", 1.0) == b"up?", 15, "the UDP flow is up")
    visitor.drain(0.1)
    for size in (1, 2, 100, 1000, 1400, 1900):
        data = traffic.pattern.take(size, 0, size)
        assert visitor.exchange(data, 3) == data, f"datagram of {size}"
    with tunnel.world.visitor.connect(tunnel.greet_address()) as sock:
        assert sock.recv(100) == b"220 hello\r\n"
    how, _ = traffic.refusal(tunnel.world.visitor, tunnel.down_address(), 10)
    assert how in ("rst", "fin"), how


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("alter_id", [0, 64])
@pytest.mark.parametrize("ends", PAIRS, ids=PAIR_IDS)
def test_matrix(world, ends, alter_id, form):
    exchanges(pair(world, ends, alter_id, form))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("alter_id,ends", [(64, PAIRS[0]), (0, PAIRS[1])], ids=["culvert-portal-64", "culvert-bridge-0"])
def test_300_MiB_each_way(world, ends, alter_id):
    """One stream down, one stream up, past the wrap of V2Ray's chunk counter at 128 MiB.

    One after the other: beside another session a receiver that lags behind V2Ray may be aborted.
    """
    tunnel = pair(world, ends, alter_id)
    for direction, begin in (("down", tunnel.download), ("up", tunnel.upload)):
        began = time.monotonic()
        flow = begin(300 * MIB)
        assert flow.finish(90).kind == "COMPLETE", f"{direction}: {flow.ending}"
        figure(f"v2ray.300MiB.{'-'.join(ends)}.{direction}", 300 / (time.monotonic() - began), "MiB/s")
    entry = tunnel.target.flow(flow.name)
    assert entry["up"] == 300 * MIB and entry["up_ok"], entry


@pytest.mark.parametrize("ends", PAIRS, ids=PAIR_IDS)
def test_1000_short_connections_across_drain(world, ends):
    """V2Ray drains a link after 256 sessions: none of 1000 fails."""
    tunnel = pair(world, ends, 64 if ends[0] == "culvert" else 0)
    errors = traffic.short_connections(world.visitor, tunnel.address(), 1000)
    print(errors[:5])
    judge("DRAIN.failed", len(errors), PAIR_IDS[PAIRS.index(ends)])
    checks.transfer(tunnel, MIB)


def test_drain_while_a_long_stream_runs(world):
    """A stream that began before the DRAIN of a V2Ray portal lives on, beside 600 short visitors."""
    tunnel = pair(world, PAIRS[1])
    stream = tunnel.flow(down=traffic.ENDLESS, rate=200_000)
    stream.wait_received(10_000)
    errors = traffic.short_connections(world.visitor, tunnel.address(), 600)
    assert not errors, errors[:5]
    assert not stream.ending
    stream.wait_received(stream.received + 100_000)


def test_v2ray_bridge_restarted(world):
    """Culvert's portal forgets the dead links at once: nobody fails for a gap of 1 s."""
    tunnel = pair(world, PAIRS[0])
    with tunnel.prober() as prober:
        prober.wait_count(5)
        with prober.fault():
            tunnel.bridge.kill()
        let_pass(1, "the bridge stays away for a while")
        tunnel.start_bridge()
        prober.wait_recovery(tunnel.bridge.started, 40)
    print(prober.describe(prober.failed()))
    judge("F-BRIDGE.failed", len(prober.failed()), "v2ray")
    exchanges(tunnel)


def test_culvert_portal_restarted_under_v2ray_bridge(world):
    """V2Ray dials again within 4 s: visitors that arrive meanwhile are parked."""
    tunnel = pair(world, PAIRS[0])
    with tunnel.prober() as prober:
        prober.wait_count(5)
        tunnel.portal.kill()
        tunnel.start_portal()
        listening = time.monotonic()
        outage = prober.wait_recovery(listening, 40)
    figure("v2ray.portal_restart.outage", outage, "s")
    exchanges(tunnel)


def test_v2ray_portal_restarted_under_culvert_bridge(world):
    tunnel = pair(world, PAIRS[1])
    with tunnel.prober() as prober:
        prober.wait_count(5)
        tunnel.portal.kill()
        let_pass(1, "the portal stays away for a while")
        tunnel.start_portal()
        listening = time.monotonic()
        prober.wait_recovery(listening, 40)
        first = min(p.end for p in prober.between() if p.ok and p.end > listening)
    judge("F-PORTAL.first", first - listening, "v2ray")
    exchanges(tunnel)


@pytest.mark.timeout(120)
def test_culvert_bridge_restarted_under_v2ray_portal(world):
    """V2Ray 4.34 picks dead links until its 30 s sweep; after it everything works."""
    tunnel = pair(world, PAIRS[1])
    tunnel.bridge.kill()
    tunnel.start_bridge()
    traffic.wait_served(world.visitor, tunnel.address(), 45)
    wait_until(lambda: len(tunnel.links()) >= 1, 5, "a link")
    with tunnel.prober() as prober:
        prober.wait_recovery(time.monotonic(), 60)


def _links_unharmed(tunnel, act):
    before = set(tunnel.links())
    act()
    assert before <= set(tunnel.links()), "a link was lost"


@pytest.mark.parametrize("ends", PAIRS, ids=PAIR_IDS)
def test_big_datagrams_never_kill_a_link_F_UDP(world, ends):
    """More than 2048 bytes: not delivered, not cut, the link and the flow go on; in both directions."""
    tunnel = pair(world, ends)
    visitor = tunnel.udp()
    wait_until(lambda: visitor.exchange(b"up?", 1.0) == b"up?", 15, "the UDP flow is up")
    visitor.drain(0.1)
    stream = tunnel.flow(down=traffic.ENDLESS, rate=200_000)
    stream.wait_received(10_000)

    def act():
        for size in (2049, 3000, 9000, 65_507):
            answer = visitor.exchange(traffic.pattern.take(1, 0, size), 0.5)
            if ends[0] == "culvert":
                assert answer is None, f"a datagram of {size} bytes was answered by {len(answer)} bytes"
            answer = visitor.exchange(b"reply %d" % size, 0.5)
            if ends[1] == "culvert":
                assert answer is None, f"an answer of {size} bytes arrived as {len(answer)}"
            visitor.drain(0.1)
        data = traffic.pattern.take(1, 0, 1500)
        assert visitor.exchange(data, 3) == data

    _links_unharmed(tunnel, act)
    assert not stream.ending
    stream.wait_received(stream.received + 50_000)


def test_half_close_answer_is_delivered_F_FIN(world):
    """Culvert's portal holds the visitor's FIN back from a V2Ray bridge: late answers arrive whole."""
    tunnel = pair(world, PAIRS[0])
    flows = [tunnel.flow(up=1000, down=size, start="length", delay=delay, fin="end")
             for size in (1, 100_000, 1_000_000) for delay in (0.0, 0.5, 3.0)]
    lost = [str(f.join(30)) for f in flows if f.join(30).kind != "COMPLETE"]
    print(lost)
    judge("F-FIN.lost", len(lost), "v2ray")


def test_target_ends_first_with_v2ray(world):
    """Close-delimited answers, the common case, both pairs of ends."""
    for ends in PAIRS[:1]:
        tunnel = pair(world, ends)
        flows = [tunnel.flow(down=size, end="fin") for size in (1, 100, 100_000, 3_000_000)]
        for flow in flows:
            assert flow.finish(30).kind == "COMPLETE", flow.ending


def test_several_links_at_a_v2ray_portal(world):
    """More than sixteen held sessions raise the number of links, as V2Ray's own bridge does."""
    tunnel = pair(world, PAIRS[1])
    flows = [tunnel.flow(down=traffic.ENDLESS, rate=20_000) for _ in range(40)]
    for flow in flows:
        flow.wait_received(1000)
    tunnel.wait_links(2)
    for flow, count in [(flow, flow.received) for flow in flows]:
        flow.wait_received(count + 5000)
