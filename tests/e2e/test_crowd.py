"""Many at once, too few descriptors, and a world without IPv4."""

import threading
import time

import pytest

from harness import checks, traffic
from harness.limits import figure, judge
from harness.traffic import ENDLESS
from harness.tunnel import Tunnel
from harness.waiting import let_pass, wait_until

BURST = 4000


@pytest.mark.timeout(180)
@pytest.mark.parametrize("round_", range(2))
def test_4000_connections_in_one_burst(world, round_):
    """Opened as fast as the machine can, from 25 addresses (LIM-4 counts those), all open at once: none lost."""
    tunnel = Tunnel(world)
    sources = world.extra_visitor_addresses(25)
    probes = traffic.burst(world.visitor, tunnel.address(), BURST, sources, patience=40)
    lost = [p for p in probes if not p.ok]
    print([p.error for p in lost[:20]])
    judge("BURST.lost", len(lost))
    judge("BURST.slowest", max(p.seconds for p in probes if p.ok))
    assert tunnel.portal.alive() and tunnel.bridge.alive()
    figure("BURST.answered", tunnel.target.totals()["probes"], "count")
    tunnel.probe()
    wait_until(lambda: max(p.descriptors() for p in (tunnel.portal, tunnel.bridge)) < 100, 20, "all were closed")


def test_burst_without_a_bridge_is_parked_LIM_11(world):
    """200 visitors in one burst while the bridge is away: all parked, all served when it comes."""
    tunnel = Tunnel(world, start=False)
    tunnel.start_portal()
    result = []
    sources = world.extra_visitor_addresses(5)
    thread = threading.Thread(
        target=lambda: result.extend(traffic.burst(world.visitor, tunnel.address(), 200, sources, 20)))
    thread.start()
    wait_until(lambda: len(world.visitor.connections(tunnel.address()[1])) >= 200, 10, "all are connected")
    tunnel.start_bridge()
    thread.join()
    lost = [p.error for p in result if not p.ok]
    judge("BURST.lost", len(lost), "parked")


@pytest.mark.parametrize("side", ["portal", "bridge"])
def test_too_few_descriptors_F_FD(world, side):
    """ulimit -n 128 at one side and 400 visitors: old ones live, new ones are told, nothing spins, all recovers."""
    options = {f"{side}_options": {"nofile": 128}}
    tunnel = Tunnel(world, **options)
    old = tunnel.flow(down=ENDLESS, rate=200_000)
    old.wait_received(10_000)
    sources = world.extra_visitor_addresses(4)
    process = getattr(tunnel, side)
    log = process.log_size()
    held = []
    try:
        for number in range(400):
            try:
                sock = world.visitor.connect(tunnel.address(), 10, sources[number % 4])
                held.append(sock)
                sock.sendall(b'{"id": "h%d", "echo": true}\n' % number)
            except ConnectionError:
                continue  # told at once: as good
        cpu, at = process.cpu_seconds(), time.monotonic()
        how, seconds = traffic.refusal(world.visitor, tunnel.address(), 10)
        assert how in ("rst", "data", "refused"), f"a newcomer ended with {how} after {seconds:.1f} s"
        judge("F-FD.newcomer", seconds, side)
        let_pass(3, "the processor time of the full process is measured")
        assert not old.ending, f"an old stream ended: {old.ending}"
        old.wait_received(old.received + 50_000)
        judge("F-FD.cpu", 100 * (process.cpu_seconds() - cpu) / (time.monotonic() - at), side)
        lines = [line for line in process.log_text(log).splitlines() if line.strip()]
        judge("F-FD.lines", len(lines), side)
    finally:
        for sock in held:
            sock.close()
    released = time.monotonic()
    traffic.wait_served(world.visitor, tunnel.address(), 20)
    judge("F-FD.recovered", time.monotonic() - released, side)
    assert not old.ending


def test_no_IPv4_at_all_F_V6(world6):
    """Everything works where there is no IPv4 address, loopback included."""
    tunnel = Tunnel(world6)
    checks.transfer(tunnel, 4 << 20)
    checks.half_close(tunnel, sizes=(0, 1000), delays=(0.0,), of="v6only")
    checks.datagrams(tunnel, sizes=(1, 1200, 65000), of="v6only")
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with prober.fault() as at:
            checks._reset_link(tunnel)
        prober.wait_recovery(at, 30)
    judge("F-RST.all.failed", len(prober.failed()), "v6only")


def test_dual_stack_visitors_F_V6(world):
    """A portal without a listen address serves both families."""
    tunnel = Tunnel(world)
    checks.transfer(tunnel, 1 << 20, family=4)
    checks.transfer(tunnel, 1 << 20, family=6)


@pytest.mark.timeout(180)
def test_many_short_visitors_leave_nothing_F_LEAK(world):
    """4000 visitors with mixed ends: memory and descriptors stay, nothing waits in CLOSE_WAIT."""
    tunnel = Tunnel(world)
    sources = world.extra_visitor_addresses(8)

    def batch(count):
        errors = traffic.short_connections(world.visitor, tunnel.address(), count, workers=16)
        assert not errors, errors[:5]
        for number in range(count // 20):
            sock = world.visitor.connect(tunnel.address(), 5, sources[number % 8])
            sock.sendall(b"pi" if number % 2 else b"{")
            traffic.reset(sock)
        for _ in range(count // 100):
            assert traffic.refusal(world.visitor, tunnel.down_address(), 10)[0] == "rst"

    batch(400)
    processes = (tunnel.portal, tunnel.bridge)
    memory = [p.memory() for p in processes]
    descriptors = [p.descriptors() for p in processes]
    batch(3600)
    wait_until(lambda: all(p.descriptors() <= d + 2 for p, d in zip(processes, descriptors)), 15,
               f"descriptors back to {descriptors}")
    growth = max(p.memory() - m for p, m in zip(processes, memory))
    figure("F_LEAK.memory", growth, "MiB")
    assert growth < 4, f"{growth:.1f} MiB grew over 3600 visitors"
    for host in (world.vps, world.nas):
        waiting = host.connections(states=("08",))
        assert not waiting, f"{host.role}: CLOSE_WAIT {waiting[:5]}"


def test_sixteen_streams_raise_the_number_of_links(world):
    """Many held streams: more links are opened and every stream goes on."""
    tunnel = Tunnel(world)
    flows = [tunnel.flow(down=ENDLESS, rate=50_000) for _ in range(80)]
    for flow in flows:
        flow.wait_received(1000)
    if tunnel.both_culvert():
        tunnel.wait_links(3)
    for flow, count in [(flow, flow.received) for flow in flows]:
        flow.wait_received(count + 20_000)
