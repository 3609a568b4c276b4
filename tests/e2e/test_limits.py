"""Limits at their edges: at the limit all are served, above it the right one goes, after a release there is room."""

import time

import pytest

from harness import mux, traffic
from harness.configs import SEED_ID, TUNNEL_PORT, Setup
from harness.limits import figure
from harness.peer import ScriptedBridge, ScriptedPortal
from harness.tunnel import Tunnel
from harness.waiting import wait_until

PER_SOURCE = 64  # strangers (LIM-2)
STRANGERS = 1024  # LIM-1
VISITORS_PER_SOURCE = 256  # LIM-4
LINKS = 32  # LIM-6


def ended(socks):
    """Indices of those that have come to their end."""
    found = []
    for index, sock in enumerate(socks):
        sock.setblocking(False)
        try:
            if sock.recv(100) == b"":
                found.append(index)
        except BlockingIOError:
            pass
        except OSError:
            found.append(index)
    return found


def strangers(world, count, source=None):
    socks = []
    for _ in range(count):
        sock = world.nas.connect((world.server_address, TUNNEL_PORT), 5, source)
        world.closers.append(sock.close)
        sock.sendall(b"?" * 20)
        socks.append(sock)
    return socks


@pytest.mark.asan
def test_strangers_of_one_source_LIM_2(world):
    """The 65th of one address sends its own oldest away; a stranger from elsewhere is not touched."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_portal()
    world.nas.ip("addr", "add", "10.81.2.130/24", "dev", "uplink")
    world.vps.ip("addr", "add", "172.31.9.1/24", "dev", "to-nas")
    world.nas.ip("addr", "add", "172.31.9.2/24", "dev", "uplink")
    elsewhere = strangers(world, 1, "172.31.9.2")
    socks = strangers(world, PER_SOURCE)
    wait_until(lambda: len(tunnel.links()) == PER_SOURCE + 1, 5, "all are connected")
    assert ended(elsewhere + socks) == [], "at the limit nobody goes"
    socks += strangers(world, 3, "10.81.2.130")  # of the same /24
    wait_until(lambda: ended(socks) == [0, 1, 2], 5, f"the three oldest go: {ended(socks)}")
    assert ended(elsewhere) == []


def test_strangers_of_all_sources_LIM_1(world):
    """1024 strangers of many networks are held; more of them send old ones away, and a bridge gets in at once."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_portal()
    networks = 18
    for number in range(networks):
        world.nas.ip("addr", "add", f"172.30.{number}.2/32", "dev", "uplink")
    world.vps.ip("route", "add", "172.30.0.0/16", "via", "10.81.2.2")
    socks = []
    for number in range(networks):
        socks += strangers(world, 60, f"172.30.{number}.2")
    surplus = len(socks) - STRANGERS
    wait_until(lambda: len(ended(socks)) == surplus, 5, f"{surplus} of {len(socks)} go")
    began = time.monotonic()
    bridge = ScriptedBridge(world.nas, (world.server_address, TUNNEL_PORT), SEED_ID)
    bridge.wait_control()
    figure("LIM_1.honest", time.monotonic() - began, "s")
    wait_until(lambda: len(ended(socks)) in (surplus, surplus + 1), 2, "for a bridge one more goes at most")


def test_visitors_of_one_source_LIM_4(world):
    """Once half of all connections are taken, a source with 256 gets no more until some go; others do."""
    tunnel = Tunnel(world, portal_options={"nofile": 700})
    half = int(tunnel.portal.wait_log(r"at most (\d+) connections").group(1)) // 2
    greedy, modest = world.extra_visitor_addresses(2)
    held = []

    def hold(source):
        sock = world.visitor.connect(tunnel.address(), 5, source)
        world.closers.append(sock.close)
        sock.sendall(b'{"id": "h%d", "echo": true}\n' % len(held))
        return sock

    while len(held) < half - LINKS - 4:  # links count too
        held.append(hold(greedy))
    assert len(held) > VISITORS_PER_SOURCE
    wait_until(lambda: tunnel.target.totals()["connections"] >= len(held), 5, "all have arrived")
    assert ended(held) == [], "below half nobody is counted"
    held += [hold(modest) for _ in range(LINKS + 4)]
    with pytest.raises(OSError):
        traffic.probe_once(world.visitor, tunnel.address(), 5, source=greedy)
    traffic.probe_once(world.visitor, tunnel.address(), 5, source=modest)
    assert ended(held) == [], "those that are there stay"
    for sock in held[:80]:
        traffic.reset(sock)
    wait_until(lambda: _served(tunnel, greedy), 5, "served again after a release")


def _served(tunnel, source):
    try:
        return traffic.probe_once(tunnel.world.visitor, tunnel.address(), 5, source=source) > 0
    except OSError:
        return False


def test_links_of_one_bridge_LIM_6(world):
    """32 links of one identity are taken, the next is refused, and one gets in when another has gone."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_portal()
    portal = (world.server_address, TUNNEL_PORT)
    links = [ScriptedBridge(world.nas, portal, SEED_ID) for _ in range(LINKS)]
    for link in links:
        link.wait_control()
    surplus = ScriptedBridge(world.nas, portal, SEED_ID)
    surplus.wait_over()
    assert not surplus.controls(), "a link above the limit was taken"
    tunnel.portal.wait_log("as many links as one may have", 2)
    assert not [link.over for link in links if link.over]
    links[0].close()

    def another():
        link = ScriptedBridge(world.nas, portal, SEED_ID)
        wait_until(lambda: link.over or link.controls(), 5, "taken or refused")
        return bool(link.controls())

    wait_until(another, 5, "there is room after a release")


def test_portal_that_opens_too_much_REACH_10_LIM_7_LIM_8(world):
    """A hostile portal opens 40 000 streams at once: each is answered, most are refused, and the bridge stays small."""
    tunnel = Tunnel(world, start=False, setup=Setup())
    portal = ScriptedPortal(world.vps, TUNNEL_PORT, SEED_ID)
    bridge = tunnel.start_bridge()
    link = portal.wait_link()
    link.alive_after()
    first = 0x0010
    numbers = range(first, first + 40_000)
    for at in range(0, len(numbers), 500):
        link.send(*[mux.new(n, "127.0.0.1", 7099) for n in numbers[at : at + 500]])

    def all_ended():
        return len({f.id for f in list(link.frames) if f.status == mux.END and f.id in numbers}) == len(numbers)

    wait_until(all_ended, 30, "each stream is answered by an End", 0.2)
    assert all(f.option & mux.ERROR for f in link.frames if f.status == mux.END and f.id in numbers)
    assert bridge.memory("VmHWM") < 128, bridge.memory("VmHWM")
    link.alive_after()
    link.open(9, "127.0.0.1", 7000, b"pi")
    wait_until(lambda: link.data_of(9) == b"pong!", 5, "an honest stream is served")
