"""Names: the portal's moves, its resolver is slow, silent or wrong; a service's name is never answered."""

import time

import pytest

from harness import faults, programs, traffic
from harness.configs import TUNNEL_PORT, Setup, fresh_id
from harness.limits import figure, judge
from harness.resolver import Resolver
from harness.target import Target
from harness.tunnel import Tunnel
from harness.waiting import let_pass, wait_until

NAME = "portal.example.com"
DEAD = "10.81.2.99"  # nobody has it


def named(world, **resolver):
    """The NAS knows the portal by a name of its resolver only; nothing runs yet."""
    world.nas.set_hosts({})
    resolver.setdefault("names", {NAME: [world.server_address]})
    return Resolver(world.nas, **resolver), Tunnel(world, setup=Setup(server=NAME), start=False)


def start(tunnel):
    """Starts both; returns the seconds from the bridge's start to the first success."""
    tunnel.start_portal()
    tunnel.start_bridge()
    traffic.wait_served(tunnel.world.visitor, tunnel.address(), 20)
    return time.monotonic() - tunnel.bridge.started


def test_portal_moves_F_DNS(world):
    """The VPS gets another address: the old one resets, the name leads to the new one."""
    resolver, tunnel = named(world)
    start(tunnel)
    tunnel.wait_links(2)
    world.vps.ip("addr", "add", "10.81.2.9/24", "dev", "to-nas")
    gone = [("input", f"ip daddr {world.server_address} tcp dport {TUNNEL_PORT} reject with tcp reset")]
    with tunnel.prober() as prober:
        prober.wait_count(10)
        at = time.monotonic()
        with faults.filtered(world.vps, gone):
            faults.reset_links(world.nas, TUNNEL_PORT)
            let_pass(1.2, "the bridge is refused at the old address, and the old answer expires")
            resolver.names[NAME] = ["10.81.2.9"]
            judge("F-DNS.outage", prober.wait_recovery(at, 40), "moved")
            assert {remote[0] for _, remote in tunnel.links()} == {"10.81.2.9"}


def test_first_address_is_dead_F_DNS(world):
    """A dead address before the good one costs a moment, not a dial's time-out."""
    _, tunnel = named(world, names={NAME: [DEAD, world.server_address]})
    judge("F-DNS.dead_first", start(tunnel))


def test_slow_resolver_F_DNS(world):
    """Every answer takes 0.8 s: the bridge waits for it, visitors of running links do not."""
    _, tunnel = named(world, delay=0.8)
    figure("F_DNS.slow.first", start(tunnel), "s")
    tunnel.wait_links(2)
    with tunnel.prober(0.05) as prober:
        faults.reset_link(world.nas, tunnel.links()[0])
        tunnel.wait_links(2, 10)
    assert not prober.failed(), prober.describe(prober.failed())


def test_silent_resolver_F_DNS(world):
    """The resolver says nothing any more: the last good address is dialled."""
    resolver, tunnel = named(world)
    start(tunnel)
    tunnel.wait_links(2)
    resolver.silent = True
    let_pass(1.2, "the answer expires")
    with tunnel.prober() as prober:
        at = time.monotonic()
        faults.reset_links(world.nas, TUNNEL_PORT)
        judge("F-DNS.outage", prober.wait_recovery(at, 40), "silent")


def test_name_is_gone_for_a_while_F_DNS(world):
    """The resolver says that there is no such name; once it knows it again, the tunnel is back."""
    resolver, tunnel = named(world)
    start(tunnel)
    tunnel.wait_links(2)
    gone, resolver.names = resolver.names, {}
    let_pass(1.2, "the answer expires")
    with tunnel.prober() as prober:
        faults.reset_links(world.nas, TUNNEL_PORT)
        let_pass(2, "there is no such name")
        resolver.names = gone
        judge("F-DNS.outage", prober.wait_recovery(time.monotonic(), 40), "gone")


@pytest.mark.asan
def test_a_name_that_is_never_answered_F_DNSHANG(world):
    """A service by a name whose resolver hangs: its visitors are reset in time, nobody else waits."""
    user = fresh_id()
    portal = (f"version: 1\nportal:\n  listen: {TUNNEL_PORT}\n  id: {user}\n  publish:\n"
              "    - {listen: 8080, to: main}\n    - {listen: 8081, to: lost}\n")
    bridge = (f"version: 1\nbridge:\n  server: serveraddr.com:{TUNNEL_PORT}\n  id: {user}\n  services:\n"
              "    main: 127.0.0.1:7000\n    lost: lost.example.com:7000\n")
    resolver = Resolver(world.nas, silent=True)
    target = Target(world.nas)
    for name, host, text in (("portal", world.vps, portal), ("bridge", world.nas, bridge)):
        programs.start("culvert", name, host, None, world.directory / name, form="yaml", text=text)
    world.vps.wait_listening(8081)
    traffic.wait_served(world.visitor, (world.vps_address, 8080))
    with traffic.Prober(world.visitor, (world.vps_address, 8080), 0.05) as prober:
        how, seconds = traffic.refusal(world.visitor, (world.vps_address, 8081), 25)
        wait_until(lambda: resolver.asked, 1, "the name was asked for")
    assert how == "rst", how
    judge("F-DNSHANG.reset", seconds)
    assert not prober.failed(), prober.describe(prober.failed())
    judge("F-SLOW.p99", prober.percentile(0.99), "dnshang")
    assert target.totals()["connections"] > 0
