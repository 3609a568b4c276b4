"""Stopping and reloading: what need not end does not end."""

import contextlib
import pathlib
import signal
import time
import uuid

import pytest

from harness import programs, traffic, vmess
from harness.configs import PUBLIC_PORT, Published, Setup, usual_services, fresh_id
from harness.limits import judge, limit
from harness.traffic import ENDLESS
from harness.tunnel import Tunnel
from harness.waiting import let_pass, wait_until

MIB = 1 << 20


def yaml_setup():
    return Setup(form="yaml", services=usual_services(named=True))


@pytest.fixture
def tunnel(world):
    return Tunnel(world, "culvert", "culvert", yaml_setup())


def rewrite(tunnel, role, text):
    (tunnel.world.directory / role / f"{role}.yaml").write_text(text)


def reload(tunnel, role):
    """SIGHUP, and waits for what the log says of it."""
    process = getattr(tunnel, role)
    since = process.log_size()
    process.signal(signal.SIGHUP)
    process.wait_log(r"(?i)reload|generation", 10, since)
    return since


# stopping


@pytest.mark.parametrize("role", ["portal", "bridge"])
def test_idle_process_stops_at_once_F_TERM(tunnel, role):
    began = time.monotonic()
    assert getattr(tunnel, role).terminate() == 0
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("role", ["portal", "bridge"])
def test_datagrams_hold_no_stop_F_TERM(tunnel, role):
    """A UDP flow has no end but silence, so nobody waits for it."""
    visitor = tunnel.udp()
    wait_until(lambda: visitor.exchange(b"up?", 1.0) == b"up?", 10, "the UDP flow is up")
    began = time.monotonic()
    assert getattr(tunnel, role).terminate() == 0
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_all_three_signals_stop_F_TERM(tunnel, number):
    tunnel.portal.signal(number)
    assert tunnel.portal.wait(5) == 0


@pytest.mark.parametrize("role", ["portal", "bridge"])
def test_running_transfer_is_finished_F_TERM(tunnel, role):
    """SIGTERM under a transfer of 3 s: it completes, new visitors are not taken, exit 0 within the drain time."""
    flow = tunnel.flow(down=6 * MIB, rate=2 * MIB)
    flow.wait_received(MIB)
    process = getattr(tunnel, role)
    began = time.monotonic()
    process.expected_end = True
    process.signal(signal.SIGTERM)
    if role == "portal":
        wait_until(lambda: not tunnel.world.vps.listens(PUBLIC_PORT), 1.0, "the portal stops accepting at once")
    ending = flow.join(20)
    assert ending.kind == "COMPLETE", ending
    flow.abandon()
    assert process.wait(20) == 0
    judge("F-TERM.drain", time.monotonic() - began, role)


def test_endless_transfer_is_aborted_in_the_end_F_TERM(tunnel):
    """After the drain time what is left is reset, never ended cleanly."""
    flow = tunnel.flow(down=ENDLESS, rate=MIB)
    flow.wait_received(MIB // 2)
    began = time.monotonic()
    tunnel.portal.expected_end = True
    tunnel.portal.signal(signal.SIGTERM)
    ending = flow.join(limit("F-TERM.drain") + 5)
    assert ending.kind == "ABORTED", ending
    assert time.monotonic() - began > 4, "it was given time"
    assert tunnel.portal.wait(10) == 0
    judge("F-TERM.drain", time.monotonic() - began, "endless")


@pytest.mark.parametrize("role", ["portal", "bridge"])
def test_second_signal_ends_it_now_F_TERM(tunnel, role):
    flow = tunnel.flow(down=ENDLESS, rate=MIB)
    flow.wait_received(MIB // 2)
    process = getattr(tunnel, role)
    process.expected_end = True
    process.signal(signal.SIGTERM)
    let_pass(0.5, "the process drains")
    assert process.alive() and not flow.ending
    began = time.monotonic()
    process.signal(signal.SIGTERM)
    assert flow.join(10).kind == "ABORTED", flow.ending
    assert process.wait(10) == 0
    judge("F-TERM.second", time.monotonic() - began, role)


# reloading


@pytest.mark.asan
def test_reload_under_visitors_F_RELOAD(tunnel):
    """Ten reloads of both sides that add and remove a service: nobody on the unchanged ones notices."""
    stream = tunnel.flow(down=ENDLESS, rate=MIB)
    stream.wait_received(1000)
    links = set(tunnel.links())
    plain = {role: getattr(tunnel.setup, role)() for role in ("portal", "bridge")}
    tunnel.setup.services.append(Published(8099, 7000, "tcp", "extra"))
    longer = {role: getattr(tunnel.setup, role)() for role in ("portal", "bridge")}
    address = tunnel.address(8099)
    with tunnel.prober(0.02) as prober:
        for _ in range(5):
            for role in ("bridge", "portal"):
                rewrite(tunnel, role, longer[role])
                reload(tunnel, role)
            at = time.monotonic()
            traffic.wait_served(tunnel.world.visitor, address, 5)
            judge("F-RELOAD.added", time.monotonic() - at)
            for role in ("portal", "bridge"):
                rewrite(tunnel, role, plain[role])
                reload(tunnel, role)
            wait_until(lambda: not tunnel.world.vps.listens(8099), limit("F-RELOAD.removed"), "the port is closed")
    print(prober.describe(prober.failed()))
    judge("F-RELOAD.failed", len(prober.failed()))
    assert not stream.ending, stream.ending
    assert links <= set(tunnel.links()), "a link was lost to a reload"


def test_removed_service_loses_its_streams_F_RELOAD(tunnel):
    """Streams of a removed public port end within the limit, by reset; the others go on."""
    tunnel.setup.services.append(Published(8090, 7000, "tcp", "extra"))
    longer = {role: getattr(tunnel.setup, role)() for role in ("portal", "bridge")}
    for role in ("bridge", "portal"):
        rewrite(tunnel, role, longer[role])
        reload(tunnel, role)
    traffic.wait_served(tunnel.world.visitor, tunnel.address(8090), 5)
    goes = tunnel.flow(to=tunnel.address(8090), down=ENDLESS, rate=MIB)
    stays = tunnel.flow(down=ENDLESS, rate=MIB)
    for flow in (goes, stays):
        flow.wait_received(1000)
    tunnel.setup.services.pop()
    rewrite(tunnel, "portal", tunnel.setup.portal())
    at = time.monotonic()
    reload(tunnel, "portal")
    assert goes.join(20).kind == "ABORTED", goes.ending
    judge("F-RELOAD.removed", goes.ending.at - at)
    stays.wait_received(stays.received + 100_000)


BROKEN = {
    "an error": lambda text: text.replace("portal:", "protal:"),
    "empty": lambda text: "",
    "half a file": lambda text: text[: len(text) // 2] + "\n  - [",
}


@pytest.mark.parametrize("how", [*BROKEN, "deleted", "a directory", "a port that is taken"])
def test_bad_reload_keeps_the_old_CFG_5_F_FILE(tunnel, how):
    """Whatever the file has become, the running configuration stays and the log says why."""
    world = tunnel.world
    file = world.directory / "portal" / "portal.yaml"
    text = file.read_text()
    stream = tunnel.flow(down=ENDLESS, rate=MIB)
    stream.wait_received(1000)
    taken = None
    if how in BROKEN:
        file.write_text(BROKEN[how](text))
    elif how == "a port that is taken":
        taken = world.vps.socket()
        taken.bind(("0.0.0.0", 8099))
        taken.listen()
        file.write_text(text + "    - {listen: 8099, to: main}\n")
    else:
        file.unlink()
        if how == "a directory":
            file.mkdir()
    since = tunnel.portal.log_size()
    tunnel.portal.signal(signal.SIGHUP)
    tunnel.portal.wait_log("(?i)error|fail|cannot|keep", 5, since)
    with tunnel.prober(0.05) as prober:
        prober.wait_count(30)
    assert not prober.failed(), prober.describe(prober.failed())
    stream.wait_received(stream.received + 100_000)
    if taken:
        taken.close()
    if how == "a directory":
        file.rmdir()
    file.write_text(text)
    reload(tunnel, "portal")
    tunnel.probe()


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_removed_user_leaves_nothing_in_memory_KEY_6(world, form):
    """After the reload no form of the id and no key made of it is in the portal's memory."""
    kept, gone = fresh_id(), fresh_id()
    setup = Setup(form=form, id=kept)
    with_both = setup.portal().replace(*{
        "yaml": (f"  id: {kept}\n  domain: private.cloud.com\n",
                 f"  bridges:\n    nas1: {{id: {kept}, domain: private.cloud.com}}\n    nas2: {{id: {gone}}}\n"),
        "json": (f'"id": "{kept}"', f'"id": "{gone}", "alterId": 4}}, {{"id": "{kept}"'),
    }[form])
    if form == "yaml":
        with_both = with_both.replace("      to: ", "      to: nas1/")
    assert gone in with_both
    with_one = with_both.replace(f"    nas2: {{id: {gone}}}\n", "") if form == "yaml" else setup.portal()
    assert gone not in with_one
    tunnel = Tunnel(world, setup=setup, start=False, portal_options={"text": with_both})
    tunnel.start_portal()
    tunnel.start_bridge()
    traffic.wait_served(world.visitor, tunnel.address())
    with world.nas.connect((world.server_address, setup.tunnel_port)) as sock:
        sock.sendall(vmess.Request(gone, "example.com", 80).seal())
        with contextlib.suppress(ConnectionError):
            assert sock.recv(1) == b"", "used once, and refused by the rules"
    assert traces(tunnel.portal, gone), "the search finds nothing in any case"
    (world.directory / "portal" / f"portal.{form}").write_text(with_one)
    reload(tunnel, "portal")
    # What was in use is kept for another second.
    wait_until(lambda: not traces(tunnel.portal, gone), 4, "no trace of the id", 0.3)
    assert traces(tunnel.portal, kept)


def traces(process, user):
    """Which forms of an id stand in the memory that a process can write to, and where."""
    raw = uuid.UUID(user).bytes
    forms = {"text": user.encode(), "tight": user.replace("-", "").encode(), "raw": raw, "key": vmess.cmd_key(user)}
    found = []
    with open(f"/proc/{process.pid}/mem", "rb") as memory:
        for line in pathlib.Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            fields = line.split()
            if not fields[1].startswith("rw"):
                continue
            start, end = (int(n, 16) for n in fields[0].split("-"))
            memory.seek(start)
            try:
                content = memory.read(end - start)
            except OSError:
                continue
            found += [(form, fields[-1] if len(fields) > 5 else fields[0]) for form, bytes_ in forms.items()
                      for _ in range(content.count(bytes_))]
    return found


def test_removed_user_is_shut_out_KEY_6(world):
    """A bridge taken out of the file: its links are closed, the other's are not."""
    users = {"nas1": fresh_id(), "nas2": fresh_id()}

    def portal(names):
        bridges = "".join(f"    {n}: {{id: {users[n]}}}\n" for n in names)
        publish = "".join(f"    - {{listen: {8080 + int(n[-1])}, to: {n}/web}}\n" for n in names)
        return f"version: 1\nportal:\n  listen: 16823\n  bridges:\n{bridges}  publish:\n{publish}"

    tunnel = Tunnel(world, "culvert", "culvert", Setup(form="yaml"), start=False,
                    portal_options={"text": portal(users)})
    tunnel.start_portal(wait=False).wait_listening(16823)
    processes = {}
    for name, user in users.items():
        processes[name] = programs.start("culvert", "bridge", world.nas, tunnel.setup, world.directory / name, "yaml",
                                         text=f"version: 1\nbridge:\n  name: {name}\n  server: serveraddr.com:16823\n"
                                              f"  id: {user}\n  services: {{web: 127.0.0.1:7000}}\n", tag=f"-{name}")
    for port in (8081, 8082):
        traffic.wait_served(world.visitor, tunnel.address(port), 15)
    stream = tunnel.flow(to=tunnel.address(8082), down=ENDLESS, rate=MIB)
    stream.wait_received(1000)
    rewrite(tunnel, "portal", portal(["nas1"]))
    at = time.monotonic()
    reload(tunnel, "portal")
    ending = stream.join(20)
    assert ending.kind == "ABORTED", ending
    judge("KEY-6.closed", ending.at - at)
    traffic.probe_once(world.visitor, tunnel.address(8081))
    log = tunnel.portal.log_text() + "".join(p.log_text() for p in processes.values())
    assert not any(user in log for user in users.values()), "KEY-4: an id is in a log"


def test_reload_of_a_V2Ray_file_F_RELOAD(world):
    """The JSON form reloads as well, with a visitor running."""
    tunnel = Tunnel(world, "culvert", "culvert", Setup())
    stream = tunnel.flow(down=ENDLESS, rate=MIB)
    stream.wait_received(1000)
    tunnel.setup.services.append(Published(8099, 7000))
    (world.directory / "portal" / "portal.json").write_text(tunnel.setup.portal_json())
    reload(tunnel, "portal")
    traffic.wait_served(world.visitor, tunnel.address(8099), 5)
    stream.wait_received(stream.received + 100_000)
