"""Either side is killed and comes back; the order of starting does not matter; targets come and go."""

import time

from harness import checks, faults, traffic
from harness.limits import judge, limit
from harness.target import Target
from harness.tunnel import Tunnel
from harness.waiting import let_pass


def test_portal_killed_F_PORTAL(world):
    checks.portal_restart(Tunnel(world), gap=2)


def test_bridge_killed_F_BRIDGE(world):
    checks.bridge_restart(Tunnel(world), gap=1)


def test_bridge_killed_again_and_again_F_BRIDGE(world):
    """Five times in a row with hardly a gap: the pauses of the dialler do not grow on a healthy portal."""
    tunnel = Tunnel(world)
    with tunnel.prober() as prober:
        for _ in range(5):
            with prober.fault():
                tunnel.bridge.kill()
            tunnel.start_bridge()
            began = tunnel.bridge.started
            prober.wait_recovery(began, 30, row=5)
            first = min(p.end for p in prober.between() if p.ok and p.end > began)
            judge("F-BRIDGE.first", first - began, "again")
    print(prober.describe(prober.failed()))
    judge("F-BRIDGE.failed", len(prober.failed()), "again")


def test_bridge_frozen_and_thawed(world):
    """SIGSTOP for 4 s: what waited is served, what ran goes on or is aborted, nothing is damaged."""
    tunnel = Tunnel(world)
    stream = tunnel.flow(down=8 << 20, rate=1_000_000)
    stream.wait_received(1 << 20)
    checks.freeze(tunnel.bridge, 4)
    traffic.wait_served(world.visitor, tunnel.address(), limit("F-HOLE.outage"))
    ending = stream.join(60)
    assert ending.kind in ("COMPLETE", "ABORTED"), ending


def test_bridge_first_F_ORDER(world):
    """The bridge is there before its portal."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_bridge()
    let_pass(1.5, "the bridge finds nobody for a while")
    tunnel.start_portal()
    listening = time.monotonic()
    traffic.wait_served(world.visitor, tunnel.address(), 30)
    judge("F-ORDER.first", time.monotonic() - listening, "bridge_first")


def test_network_last_F_ORDER(world):
    """Both run before the network between them works."""
    tunnel = Tunnel(world, start=False)
    world.nas.ip("link", "set", "uplink", "down")
    tunnel.start_portal()
    tunnel.start_bridge()
    let_pass(2, "the bridge has no network for a while")
    world.nas.ip("link", "set", "uplink", "up")
    up = time.monotonic()
    traffic.wait_served(world.visitor, tunnel.address(), 30)
    judge("F-ORDER.first", time.monotonic() - up, "network_last")


def test_name_appears_last_F_ORDER(world):
    """The portal's name is not known at first: resolved at every dial."""
    tunnel = Tunnel(world, start=False)
    world.nas.set_hosts({})
    tunnel.start_portal()
    tunnel.start_bridge()
    let_pass(1.5, "the bridge cannot resolve the name for a while")
    world.nas.set_hosts({"serveraddr.com": world.server_address})
    traffic.wait_served(world.visitor, tunnel.address(), 30)


def test_target_refuses_and_returns_F_ORDER(world):
    """A refused target is a reset to the visitor at once; once it is back the next visitor is served."""
    tunnel = Tunnel(world)
    how, seconds = traffic.refusal(world.visitor, tunnel.down_address(), 15)
    assert how == "rst", how
    judge("F-ORDER.refused", seconds)
    late = Target(world.nas, port=7099, greet=None)
    assert late.process.alive()
    traffic.probe_once(world.visitor, tunnel.down_address())


def test_silent_target_F_ORDER(world):
    """A target whose packets vanish: the visitor is reset after the dial time, others are served meanwhile."""
    tunnel = Tunnel(world)
    with faults.filtered(world.nas, [("input", "tcp dport 7099 drop")]):
        with tunnel.prober() as prober:
            how, seconds = traffic.refusal(world.visitor, tunnel.down_address(), limit("F-ORDER.silent") + 5)
        assert how == "rst", how
        judge("F-ORDER.silent", seconds)
        assert not prober.failed(), prober.describe(prober.failed())
    how, _ = traffic.refusal(world.visitor, tunnel.down_address(), 15)
    assert how == "rst"


def test_visitors_wait_for_the_first_bridge_LIM_11(world):
    """Fifty visitors are there before the bridge: parked, then served, none lost."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_portal()
    flows = [tunnel.download(10_000) for _ in range(50)]
    let_pass(1.0, "the visitors wait")
    assert not any(flow.ending for flow in flows), "a parked visitor was turned away"
    tunnel.start_bridge()
    for flow in flows:
        assert flow.finish(20).kind == "COMPLETE", flow.ending


def test_parked_visitor_is_reset_in_the_end_LIM_11(world):
    """No bridge comes: the visitor is reset, not left hanging and not told a clean end."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_portal()
    how, seconds = traffic.refusal(world.visitor, tunnel.address(), limit("LIM-11.parked") + 5)
    assert how == "rst", how
    assert seconds > 5, "a parked visitor waits for a bridge"
    judge("LIM-11.parked", seconds)


def test_parked_visitors_that_left_cost_nothing(world):
    """Visitors that gave up while parked are not dialled for, and those that stayed are served."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_portal()
    gone = [tunnel.download(1000) for _ in range(20)]
    for flow in gone:
        flow.reset()
    stays = tunnel.download(1000)
    tunnel.start_bridge()
    assert stays.finish(20).kind == "COMPLETE"


def test_kill_minus_nine_leaves_nothing_in_the_way_F_KILL9(world):
    """Killed in the middle of work, three times: the next start needs no cleaning up."""
    tunnel = Tunnel(world)
    for _ in range(3):
        tunnel.download(traffic.ENDLESS).wait_received(1 << 20)
        tunnel.portal.kill()
        tunnel.bridge.kill()
        tunnel.start_portal()
        tunnel.start_bridge()
        tunnel.wait_up(30)
