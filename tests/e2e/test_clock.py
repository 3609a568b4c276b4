"""Time: the wall clock jumps, the NAS sleeps."""

import signal
import time

from harness import faults, traffic
from harness.clock import Clock
from harness.configs import SEED_ID, TUNNEL_PORT
from harness.limits import judge
from harness.peer import ScriptedBridge
from harness.traffic import ENDLESS
from harness.tunnel import Tunnel
from harness.waiting import let_pass, wait_until


def test_clock_of_the_bridge_jumps_F_CLOCK(world):
    """An hour ahead and back: links carry on and serve; a new link waits for the right time; the portal says why."""
    clock = Clock(world, "bridge")
    tunnel = Tunnel(world, bridge_options={"env": clock.env})
    stream = tunnel.flow(down=ENDLESS, rate=200_000)
    stream.wait_received(1000)
    with tunnel.prober(0.05) as prober:
        clock.step(3600)
        prober.wait_count(20)
        spare = _link_without(tunnel, stream)
        faults.reset_link(world.nas, spare)
        tunnel.portal.wait_log("clock differs by [+-]?3[56]", 5)
        prober.wait_count(len(prober.done) + 40)
        clock.step(0)
        right = time.monotonic()
        tunnel.wait_links(2, 20)
        judge("F-CLOCK.again", time.monotonic() - right)
    # The probe that was on the link which the test itself reset has an end of its own.
    assert len(prober.failed()) <= 1, prober.describe(prober.failed())
    assert not stream.ending, stream.ending


def _link_without(tunnel, stream):
    """A link that the stream is not on: the bytes tell."""
    before = _received(tunnel)
    stream.wait_received(stream.received + 100_000)
    after = _received(tunnel)
    return min(after, key=lambda link: after[link] - before.get(link, 0))


def _received(tunnel):
    """Bytes sent by the NAS on each link, as the kernel counts them."""
    text = tunnel.world.nas.run("ss", "-Htin", "state", "established", "dport", f"= :{TUNNEL_PORT}").stdout
    found, ends = {}, None
    for line in text.splitlines():
        if not line.startswith((" ", "\t")):
            fields = line.split()
            ends = tuple((f.rsplit(":", 1)[0].strip("[]").removeprefix("::ffff:"), int(f.rsplit(":", 1)[1]))
                         for f in fields[-2:])
        elif ends:
            sent = [f for f in line.split() if f.startswith("bytes_sent:")]
            found[ends] = int(sent[0].split(":")[1]) if sent else 0
    return found


def test_clock_of_the_portal_jumps_F_CLOCK(world):
    """A day back and forth at the portal: nobody on its links notices."""
    clock = Clock(world, "portal")
    tunnel = Tunnel(world, portal_options={"env": clock.env})
    stream = tunnel.flow(down=ENDLESS, rate=200_000)
    stream.wait_received(1000)
    with tunnel.prober(0.05) as prober:
        for offset in (-86_400, 86_400, 0):
            clock.step(offset)
            prober.wait_count(len(prober.done) + 20)
    assert not prober.failed(), prober.describe(prober.failed())
    assert not stream.ending, stream.ending


def test_steps_open_no_replay_RPL_8(world):
    """An opening is recorded; whatever the portal's clock does afterwards, it is not accepted again."""
    clock = Clock(world, "portal")
    tunnel = Tunnel(world, portal_options={"env": clock.env})
    bridge = ScriptedBridge(world.nas, (world.server_address, TUNNEL_PORT), SEED_ID)
    bridge.wait_control()
    recorded = bridge.client.opening
    bridge.close()
    socks = []
    for offset in (0, -3600, 0, -86_400, 0, 86_400, 0):
        clock.step(offset)
        sock = world.nas.connect((world.server_address, TUNNEL_PORT))
        world.closers.append(sock.close)
        sock.sendall(recorded)
        sock.settimeout(0.5)
        try:
            answer = sock.recv(100)
            assert False, f"at {offset:+d} s: {'closed' if not answer else 'answered'}"
        except TimeoutError:
            socks.append(sock)
    assert tunnel.probe() < 5


def test_sleep_of_the_nas_F_SLEEP(world):
    """Stopped for a while with the network gone, the clock hours ahead at waking: served soon, without a storm."""
    clock = Clock(world, "bridge")
    tunnel = Tunnel(world, bridge_options={"env": clock.env})
    with faults.silence_all(world.nas):
        tunnel.bridge.signal(signal.SIGSTOP)
        let_pass(5, "the NAS sleeps")
        clock.step(3 * 3600)
    cpu = tunnel.bridge.cpu_seconds()
    tunnel.bridge.signal(signal.SIGCONT)
    clock.step(0)  # the time is set again, as at every waking
    awake = time.monotonic()
    traffic.wait_served(world.visitor, tunnel.address(), 30)
    judge("F-SLEEP.outage", time.monotonic() - awake)
    wait_until(lambda: len(tunnel.links()) >= 2, 10, "both links at rest")
    judge("F-SLEEP.cpu", tunnel.bridge.cpu_seconds() - cpu)
    assert len(tunnel.links()) <= 4, "a storm of dials"
