"""The fault checks that also prove the harness: each takes a running tunnel and asserts one promise."""

import signal
import time

from . import faults, limits, traffic
from .limits import judge
from .traffic import ENDLESS, STUCK_AFTER
from .waiting import let_pass, wait_until

FORBIDDEN = ("TRUNCATED", "CORRUPT", "STUCK", "LOST")
UDP_SIZES = (1, 2, 100, 512, 1200, 1472, 1473, 1966, 2046, 2047, 2048, 2049, 4096, 8192, 8193, 16383, 16384,
             32768, 65000, 65506, 65507, 0)


# transfers


def transfer(tunnel, size, family=4):
    """`size` bytes each way at the same time, judged at both ends."""
    flows = [tunnel.download(size, to=tunnel.address(family=family)),
             tunnel.upload(size, to=tunnel.address(family=family))]
    for flow in flows:
        ending = flow.finish(120)
        assert ending.kind == "COMPLETE", f"{flow.name} (down): {ending}"
    entry = tunnel.target.flow(flows[1].name)
    assert entry["up"] == size and entry["up_ok"], entry
    return flows


# cuts


def _reset_link(tunnel):
    faults.reset_links(tunnel.world.nas, tunnel.setup.tunnel_port)


def _kill_portal(tunnel):
    tunnel.portal.kill()


def _kill_bridge(tunnel):
    tunnel.bridge.kill()


PLACES = ("link", "portal", "bridge", "target", "visitor")


def cut_once(tunnel, place):
    """Cuts one download and one upload at a place; returns [(direction, Ending, seconds after the cut)].

    The visitor's own end and the target's own end are judged; what a killed end's own kernel says (a FIN for a
    target that had nothing unread) is no statement of the tunnel's, so target and visitor reset here.
    """
    end = "rst" if place == "target" else "fin"
    size = 3 << 20 if place == "target" else ENDLESS
    down = tunnel.flow(down=size, end=end)
    up = tunnel.flow(up=ENDLESS, down=size if place == "target" else 5, end=end,
                     start="now" if place == "target" else "length")
    down.wait_received(1 << 20)
    tunnel.target.wait_flow(up.name, lambda e: e["up"] >= 1 << 20 or e["down_end"] != "open", 20, "uploads")
    at = time.monotonic()
    if place == "link":
        _reset_link(tunnel)
    elif place == "portal":
        _kill_portal(tunnel)
    elif place == "bridge":
        _kill_bridge(tunnel)
    elif place == "target":
        # It resets each connection once all it sent was acknowledged: these bytes must arrive, then the RST.
        for flow in (down, up):
            entry = tunnel.target.wait_flow(flow.name, lambda e: e["down_end"] != "open", 20, "target resets")
            at = max(at, entry["down_end_at"])
    else:
        down.reset()
        up.reset()
    results = []
    if place == "visitor":
        # The download's sender is the target: it must be stopped by a reset.
        entry = tunnel.target.wait_flow(
            down.name, lambda e: e["up_end"] != "open" or e["down_end"] != "open", STUCK_AFTER,
            "target learns that the visitor reset")
        ended = min(t for t in (entry["up_end_at"], entry["down_end_at"]) if t)
        kind = "ABORTED" if "rst" in (entry["up_end"], entry["down_end"]) else "TRUNCATED"
        results.append(("down", traffic.Ending(kind, entry["sent"], ENDLESS, ended, 0), ended - at))
    else:
        ending = down.join(STUCK_AFTER + 5)
        if place == "target":
            assert ending.bytes == size or ending.kind in FORBIDDEN, f"bytes sent before the reset were lost: {ending}"
            # The visitor has all `size` bytes, so only the reset tells that this was not the proper end.
            ending.kind = {"COMPLETE": "TRUNCATED"}.get(ending.kind, ending.kind)
        results.append(("down", ending, ending.at - at))
    if place != "target":
        ending = up.up_ending()
        results.append(("up", ending, ending.at - at))
    else:
        wait_until(lambda: up.send_error or up.ending, STUCK_AFTER, "the uploading visitor learns of the reset")
        ending = up.join(STUCK_AFTER + 5)
        ending.kind = {"COMPLETE": "TRUNCATED"}.get(ending.kind, ending.kind)
        results.append(("up", ending, ending.at - at))
    for flow in (down, up):
        flow.abandon()
    if place == "portal":
        tunnel.start_portal()
    elif place == "bridge":
        tunnel.start_bridge()
    traffic.wait_served(tunnel.world.visitor, tunnel.address(), 40)
    return results


def cut(tunnel, places=PLACES, repetitions=1, of=""):
    """Every stream ends COMPLETE or ABORTED, within a second."""
    bad, slowest = [], 0.0
    for place in places:
        for _ in range(repetitions):
            for direction, ending, seconds in cut_once(tunnel, place):
                slowest = max(slowest, seconds)
                if ending.kind in FORBIDDEN:
                    bad.append(f"{place} {direction}: {ending}")
    for line in bad:
        print(line)
    judge("F-CUT.forbidden", len(bad), of)
    judge("F-CUT.end", slowest, of)


# half-closes


def half_close(tunnel, sizes=(0, 1, 1_000_000), delays=(0.0, 0.5), families=(4,), orders=("visitor", "target", "both"),
               of=""):
    """FIN is passed on in one direction while the other goes on, in every order of ends."""
    flows = []
    for family in families:
        for size in sizes:
            for delay in delays:
                for order in orders:
                    options = {
                        "visitor": dict(start="eof", delay=delay, fin="end"),
                        "target": dict(start="now", delay=delay, fin="after-down"),
                        "both": dict(start="now", delay=0, fin="end"),
                    }[order]
                    label = f"{order} first, {size} bytes, {delay:g} s, v{family}"
                    flows.append((label, order, delay, tunnel.flow(
                        up=size, down=size, to=tunnel.address(family=family), **options)))
    lost, forwarded = [], 0.0
    for label, order, delay, flow in flows:
        try:
            ending = flow.join(STUCK_AFTER + delay + 5)
            up = flow.up_ending() if ending.kind == "COMPLETE" else None
        except AssertionError as problem:
            lost.append(f"{label}: {problem}")
            continue
        if ending.kind != "COMPLETE" or up.kind != "COMPLETE":
            lost.append(f"{label}: down {ending}, up {up}")
            continue
        entry = tunnel.target.flow(flow.name)
        if order == "visitor":
            forwarded = max(forwarded, entry["up_end_at"] - max(flow.fin_sent_at, entry["last_byte_at"] or 0))
        elif order == "target":
            forwarded = max(forwarded, ending.at - entry["down_end_at"])
    for _, _, _, flow in flows:
        flow.abandon()
    for line in lost:
        print(line)
    judge("F-FIN.lost", len(lost), of)
    judge("F-FIN.forwarded", forwarded, of)


# sleepers


def slow(tunnel, sleepers=1, seconds=4.0, speed=True, of=""):
    """Visitors that stopped reading disturb nobody; one that goes on later gets every byte."""
    of = of or str(sleepers)
    size = 96 << 20
    alone = _speed(tunnel, size) if speed else 0
    before = [p.memory() for p in (tunnel.portal, tunnel.bridge)]
    asleep = [tunnel.download(24 << 20, sleeping=True, rcvbuf=65536, patience=0) for _ in range(sleepers)]
    for flow in asleep:
        flow.wait_arrived()
    wait_settled(tunnel, asleep)
    try:
        with tunnel.prober(0.02) as prober:
            let_pass(seconds, "the sleepers sleep")
        judge("F-SLOW.failed", len(prober.failed()), of)
        judge("F-SLOW.p99", prober.percentile(0.99), of)
        beside = _speed(tunnel, size) if speed else 0
        after = [p.memory() for p in (tunnel.portal, tunnel.bridge)]
        if limits.SLOWDOWN == 1:
            judge("F-SLOW.memory", max(a - b for a, b in zip(after, before)), of)
        if speed:
            judge("F-SLOW.speed", beside / alone, of)
        asleep[0].patience = STUCK_AFTER
        asleep[0].resume()
        ending = asleep[0].join(60)
        assert ending.kind == "COMPLETE", f"the woken sleeper: {ending}"
    finally:
        for flow in asleep:
            flow.abandon()


def wait_settled(tunnel, flows):
    """Waits until the target cannot send another byte to any of the flows."""
    seen = {"sent": None, "since": time.monotonic()}

    def still():
        journal = tunnel.target.ask(ask="flows")
        sent = [journal[f.name]["sent"] for f in flows]
        if sent != seen["sent"]:
            seen.update(sent=sent, since=time.monotonic())
        return time.monotonic() - seen["since"] > 0.3

    wait_until(still, 20, "the sleepers' downloads stand still", 0.05)


def _speed(tunnel, size):
    began = time.monotonic()
    ending = tunnel.download(size).finish(60)
    assert ending.kind == "COMPLETE", ending
    return size / (ending.at - began)


# datagrams


def datagrams(tunnel, sizes=UDP_SIZES, family=4, of=""):
    """Every datagram comes whole or not at all, an empty one as an empty one, in order, none twice."""
    visitor = tunnel.udp(family)
    wait_until(lambda: visitor.exchange(b"up?", 1.0) == b"up?", 15, "the UDP flow is up")
    visitor.drain()
    damaged, lost = [], []
    for size in sizes:
        data = traffic.pattern.take(size + 7, 0, size)
        answer = visitor.exchange(data, 3.0)
        if answer is None:
            lost.append(size)
        elif answer != data:
            damaged.append((size, len(answer)))
    extra = visitor.drain()
    print("lost", lost, "damaged (sent, got)", damaged, "extra", [len(d) for d in extra])
    judge("F-UDP.damaged", len(damaged), of)
    judge("F-UDP.lost", len(lost), of)
    judge("F-UDP.duplicates", len(extra), of)


# recovery


def reset_all(tunnel, of=""):
    """All links are reset under probes: nobody fails, the slowest waits a little; streams end at both ends."""
    stream = tunnel.flow(down=ENDLESS, rate=1_000_000)
    stream.wait_received(100_000)
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with prober.fault() as at:
            assert faults.reset_links(tunnel.world.nas, tunnel.setup.tunnel_port) > 0
        prober.wait_recovery(at, 40)
    print(prober.describe(prober.failed()))
    judge("F-RST.all.failed", len(prober.failed()), of)
    judge("F-RST.all.slowest", prober.slowest(at), of)
    ending = stream.join()
    assert ending.kind == "ABORTED", f"the stream on a lost link: {ending}"
    entry = tunnel.target.wait_flow(stream.name, lambda e: "rst" in (e["up_end"], e["down_end"]), 20, "abort")
    target_at = min(t for t in (entry["up_end_at"], entry["down_end_at"]) if t)
    judge("F-RST.aborted", max(ending.at, target_at) - at, of)


def bridge_restart(tunnel, gap=1.0, of=""):
    """kill -9 of the bridge, and started again: visitors wait, nobody fails."""
    with tunnel.prober() as prober:
        prober.wait_count(10)
        with prober.fault():
            tunnel.bridge.kill()
        let_pass(gap, "the bridge stays away for a while")
        tunnel.start_bridge()
        began = tunnel.bridge.started
        prober.wait_recovery(began, 40)
    first = min(p.end for p in prober.between() if p.ok and p.end > began)
    print(prober.describe(prober.failed()))
    judge("F-BRIDGE.failed", len(prober.failed()), of)
    judge("F-BRIDGE.first", first - began, of)


def portal_restart(tunnel, gap=2.0, of=""):
    """kill -9 of the portal, back after a while: served soon after it listens, and nobody fails from then on."""
    with tunnel.prober() as prober:
        prober.wait_count(10)
        tunnel.portal.kill()
        let_pass(gap, "the portal stays away for a while")
        tunnel.start_portal()
        listening = time.monotonic()
        prober.wait_recovery(listening, 40)
    first = min(p.end for p in prober.between() if p.ok and p.end > listening)
    failed = prober.failed(listening)
    print(prober.describe(failed))
    judge("F-PORTAL.failed", len(failed), of)
    judge("F-PORTAL.first", first - listening, of)


def cancel(tunnel, how, of=""):
    """A visitor that leaves stops the target within a second and within a megabyte."""
    rate = 40_000_000
    flow = tunnel.flow(down=ENDLESS, rate=rate, sndbuf=65536)
    flow.wait_received(4 << 20)
    sent = tunnel.target.flow(flow.name)["sent"]
    at = time.monotonic()
    flow.reset() if how == "reset" else flow.leave()
    entry = tunnel.target.wait_flow(
        flow.name, lambda e: e["down_end"] != "open" or e["up_end"] == "rst", STUCK_AFTER, "target is told")
    ended = min(t for t in (entry["down_end_at"], entry["up_end_at"] if entry["up_end"] == "rst" else None) if t)
    judge("F-CANCEL.end", ended - at, f"{of}{how}")
    judge("F-CANCEL.read", (entry["sent"] - sent) / (1 << 20), f"{of}{how}")


def freeze(process, seconds):
    """SIGSTOP for a while."""
    process.signal(signal.SIGSTOP)
    try:
        let_pass(seconds, "the process is frozen")
    finally:
        process.signal(signal.SIGCONT)
