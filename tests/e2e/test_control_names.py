"""The control session, its names and its manners, against scripted bridges and portals; what strangers, hostile
bridges and hostile portals may do."""

import time

import pytest

from harness import mux, traffic, vmess
from harness.configs import PUBLIC_PORT, SEED_ID, TUNNEL_PORT, Setup, fresh_id
from harness.limits import SLOWDOWN, judge, limit
from harness.peer import ScriptedBridge, ScriptedPortal
from harness.target import PORT
from harness.tunnel import Tunnel
from harness.waiting import let_pass, wait_until

DOMAIN = "private.cloud.com"


# Culvert's portal, a scripted bridge


@pytest.fixture
def portal(world):
    tunnel = Tunnel(world, portal="culvert", bridge="naive", start=False)
    tunnel.start_portal()
    return tunnel


def register(portal, **options):
    return ScriptedBridge(portal.world.nas, (portal.world.server_address, TUNNEL_PORT), SEED_ID, **options)


def accept_features(bridge, features):
    """Answers the portal's first control message as a Culvert bridge would, before its probes."""
    bridge.answer_probes = False
    control = bridge.wait_control()
    bridge.send(mux.keep(control.id, mux.control(features=features, instance=b"i" * 16)))
    bridge.answer_probes = True
    for frame in bridge.probes():
        bridge.send(mux.end(frame.id))


def visitor_session(portal, bridge, send=b"hello", number=0):
    """A visitor that has sent something, and the session the portal opened for it."""
    seen = len(bridge.frames)
    sock = portal.world.visitor.connect(portal.address())
    portal.world.closers.append(sock.close)
    sock.settimeout(10)
    if send:
        sock.sendall(send)
    session = bridge.wait(lambda f: f.status == mux.NEW and f.network == mux.NET_TCP, 10, "a visitor's session", seen)
    if send:
        wait_until(lambda: bridge.data_of(session.id) == send, 5, "the visitor's bytes")
    return sock, session


def ended(sock, timeout=10):
    """How the visitor's connection ends: ("fin"|"rst"|"open", what came before)."""
    sock.settimeout(timeout)
    got = b""
    try:
        while data := sock.recv(65536):
            got += data
        return "fin", got
    except TimeoutError:
        return "open", got
    except OSError:
        return "rst", got


def test_portal_announces_itself_and_probes(portal):
    """The first frame is the control session with the portal's offers; two probes with two ids follow."""
    bridge = register(portal)
    control = bridge.wait_control()
    assert control.host == mux.NAME_V2FLY and control.network == mux.NET_UDP and control.port == 0
    assert bridge.frames[0] is control
    fields = mux.read_control(control.data)
    assert 200 in fields, "the portal offers its features in the first message"
    wait_until(lambda: len({f.id for f in bridge.probes()}) >= 2, 5, "two probes")
    sock, session = visitor_session(portal, bridge)
    assert (session.host, session.port) == ("127.0.0.1", PORT)
    bridge.send(mux.keep(session.id, b"world"), mux.end(session.id))
    assert ended(sock) == ("fin", b"world")


def test_portal_tries_the_other_names_and_keeps_the_link(portal):
    """Each control session is ended, as a bridge of another version does; visitors are served throughout."""
    bridge = register(portal)
    names = []
    for count in range(1, 4):
        control = bridge.wait_control(count, 8)
        names.append(control.host)
        bridge.send(mux.end(control.id, error=True))
        sock, session = visitor_session(portal, bridge)
        bridge.send(mux.keep(session.id, b"ok"), mux.end(session.id))
        assert ended(sock) == ("fin", b"ok")
    assert names[0] == mux.NAME_V2FLY
    assert set(names) == {mux.NAME_V2FLY, mux.NAME_V2RAY, mux.NAME_XRAY}
    let_pass(4, "after one round no further control session is opened")
    assert len(bridge.controls()) == 3
    assert bridge.over is None, "the link was closed because its control session ended"
    sock, session = visitor_session(portal, bridge)
    bridge.send(mux.keep(session.id, b"ok"), mux.end(session.id))
    assert ended(sock) == ("fin", b"ok")


@pytest.mark.parametrize("name", [mux.NAME_V2RAY, mux.NAME_XRAY])
def test_portal_remembers_the_name_that_worked(portal, name):
    """The next link of the same user is greeted by the name its bridge understood."""
    bridge = register(portal)
    count = 1
    while (control := bridge.wait_control(count, 8)).host != name:
        bridge.send(mux.end(control.id, error=True))
        count += 1
    wait_until(lambda: len([f for f in bridge.of(control.id) if f.status == mux.KEEP]) >= 2, 10,
               "heartbeats on the name that works")
    second = register(portal)
    assert second.wait_control().host == name


def test_portal_heartbeat(portal):
    """A control message every two seconds, at most 1 KiB, on one session."""
    bridge = register(portal)
    control = bridge.wait_control()
    wait_until(lambda: len(bridge.of(control.id)) >= 4, 10, "four control messages")
    times = [t for f, t in zip(bridge.frames, bridge.times) if f.id == control.id]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert all(1.0 < gap < 3.5 * SLOWDOWN for gap in gaps), gaps
    for frame in bridge.of(control.id):
        assert frame.data and len(frame.data) <= 1024
        assert 200 in mux.read_control(frame.data)


def test_link_that_answers_nothing_gets_no_visitor_RPL_7(portal):
    """An opening alone is no bridge: the visitor waits for a real one."""
    mute = register(portal, answer_probes=False)
    mute.wait_control()
    sock = portal.world.visitor.connect(portal.address())
    sock.sendall(b"pi")
    let_pass(1.5, "the visitor waits")
    assert not [f for f in mute.frames if f.status == mux.NEW and not f.is_control()]
    bridge = register(portal)
    session = bridge.wait(lambda f: f.status == mux.NEW and f.network == mux.NET_TCP)
    bridge.send(mux.keep(session.id, b"pong!"))
    assert sock.recv(10) == b"pong!"
    assert not [f for f in mute.frames if f.status == mux.NEW and not f.is_control()]


def test_silent_link_is_left_by_the_portal(portal):
    """A bridge that was alive and then answers nothing: no new visitor gets stuck on it for long."""
    first = register(portal)
    sock, session = visitor_session(portal, first)
    first.send(mux.keep(session.id, b"ok"))
    first.answer_probes = False
    second = register(portal)
    second.wait_control()
    let_pass(limit("F-TUPLE.one.window"), "the portal finds out")
    seen = len(second.frames)
    for _ in range(4):
        visitor = portal.world.visitor.connect(portal.address())
        visitor.sendall(b"x")
        portal.world.closers.append(visitor.close)
    wait_until(lambda: len([f for f in second.frames[seen:] if f.status == mux.NEW]) == 4, 5, "all on the live link")


def test_end_becomes_fin_and_error_becomes_reset(portal):
    bridge = register(portal)
    sock, session = visitor_session(portal, bridge)
    bridge.send(mux.keep(session.id, b"a" * 1000), mux.end(session.id))
    assert ended(sock) == ("fin", b"a" * 1000)
    sock, session = visitor_session(portal, bridge)
    bridge.send(mux.keep(session.id, b"b" * 1000), mux.end(session.id, error=True))
    assert ended(sock) == ("rst", b"b" * 1000), "what was queued comes before the reset"
    sock, session = visitor_session(portal, bridge)
    bridge.send(mux.keep(session.id, b"c" * 1000))
    assert sock.recv(1000)
    bridge.reset()
    assert ended(sock)[0] == "rst", "the link's loss is no proper end"


def test_visitor_reset_becomes_end_with_error(portal):
    bridge = register(portal)
    sock, session = visitor_session(portal, bridge)
    traffic.reset(sock)
    frame = bridge.wait_end(session.id, 5)
    assert frame.option & mux.ERROR


def test_fin_is_held_back_from_a_V2Ray_bridge_F_FIN(portal):
    """Nothing was negotiated: the visitor's FIN is no End while the answer may still come."""
    bridge = register(portal)
    sock, session = visitor_session(portal, bridge)
    sock.shutdown(1)
    let_pass(1.5, "an End would come now")
    assert not [f for f in bridge.of(session.id) if f.status == mux.END or f.option & mux.HALF_CLOSE]
    bridge.send(mux.keep(session.id, b"late answer"), mux.end(session.id))
    assert ended(sock) == ("fin", b"late answer")
    bridge.wait_end(session.id)


def test_fin_travels_when_negotiated_F_FIN(portal):
    """The bridge accepted half-close: FIN is a Keep with option 4, and the other way the same."""
    bridge = register(portal, answer_probes=False)
    accept_features(bridge, 0x01)
    sock, session = visitor_session(portal, bridge)
    sock.shutdown(1)
    bridge.wait(lambda f: f.id == session.id and f.status == mux.KEEP and f.option & mux.HALF_CLOSE, 5, "half-close")
    bridge.send(mux.keep(session.id, b"answer"), mux.keep(session.id, option=mux.HALF_CLOSE))
    assert ended(sock) == ("fin", b"answer")
    let_pass(0.3, "an End would come now")
    assert not [f for f in bridge.of(session.id) if f.status == mux.END], "no End after both half-closes"


def test_features_answered_too_late_close_the_link(portal):
    """A first answer after the first probe came back closes the link: order decides."""
    bridge = register(portal)
    control = bridge.wait_control()
    wait_until(lambda: len(bridge.probes()) >= 2, 5, "probes")
    sock, session = visitor_session(portal, bridge)
    bridge.send(mux.keep(control.id, mux.control(features=1, instance=b"i" * 16)))
    assert bridge.wait_over(5)
    assert ended(sock)[0] == "rst"


def test_draining_bridge_gets_no_visitor_and_is_closed_when_empty(portal):
    bridge = register(portal, answer_probes=False)
    accept_features(bridge, 0x01)
    sock, session = visitor_session(portal, bridge)
    control = bridge.controls()[0]
    bridge.send(mux.keep(control.id, mux.control(drain=True)))
    other = register(portal)
    wait_until(lambda: len(other.probes()) >= 2, 5, "probes on the other link")
    other.alive_after()  # its answers have been read before this one
    sock2, session2 = visitor_session(portal, other)
    other.send(mux.keep(session2.id, b"2"))
    assert sock2.recv(10) == b"2"
    bridge.send(mux.keep(session.id, b"1"), mux.end(session.id))
    assert ended(sock) == ("fin", b"1"), "what ran when it drained is served"
    sock.close()
    assert bridge.wait_over(10)
    assert other.over is None


@pytest.mark.parametrize("attack", ["metadata of 513", "metadata of 3", "status 5", "address type 9", "half a frame"])
@pytest.mark.asan
def test_hostile_bridge_loses_its_link_only(portal, attack):
    """A fatal frame ends that link; the portal and a second link's visitors do not notice."""
    good, bad = register(portal), register(portal)
    good.wait_control()
    bad.wait_control()
    bytes_ = {
        "metadata of 513": b"\x02\x01" + b"\0" * 513,
        "metadata of 3": b"\0\x03" + b"\0" * 3,
        "status 5": b"\0\x04\0\x09\x05\0",
        "address type 9": b"\0\x0c\0\x09\x01\0\x01\0\x50\x09\x7f\0\0\x01",
        "half a frame": None,
    }[attack]
    if bytes_ is None:
        bad.send_bytes(mux.keep(7, b"x" * 100).encode()[:50])
        bad.reset()
        portal.portal.wait_log("link .* (lost|ended before)", 5)  # a visitor placed there before is lost with it
    else:
        bad.send_bytes(bytes_)
        assert bad.wait_over(5)
    sock, session = visitor_session(portal, good)
    good.send(mux.keep(session.id, b"fine"))
    assert sock.recv(10) == b"fine"
    assert portal.portal.alive()


@pytest.mark.asan
def test_hostile_bridge_frames_for_unknown_ids(portal):
    """END twice, data for ids nobody uses, KeepAlive with data, New from the wrong side: served on."""
    bridge = register(portal)
    bridge.answer_probes = True
    bridge.wait_control()
    for number in range(200):
        bridge.send(mux.end(3000 + number), mux.end(3000 + number), mux.keep(4000 + number),
                    mux.Frame(0, mux.KEEPALIVE, data=b"\xff" * 30))
    bridge.send(mux.new(77, "127.0.0.1", 80, b"data"), mux.keep(5000, b"?"))
    bridge.wait_end(5000)
    sock, session = visitor_session(portal, bridge)
    bridge.send(mux.keep(session.id, b"fine"))
    assert sock.recv(10) == b"fine"


def test_sixty_thousand_bytes_in_one_frame(portal):
    """Frames and chunks of any legal size are taken."""
    bridge = register(portal)
    sock, session = visitor_session(portal, bridge)
    data = traffic.pattern.take(3, 0, 60_000)
    bridge.send(mux.keep(session.id, data), mux.end(session.id))
    assert ended(sock) == ("fin", data)


# who may register, and as what


def _closed_without_a_word(world, request, first=b"", seconds=3):
    """The request gets neither a session nor a byte of body."""
    client = vmess.Client(world.nas, (world.server_address, TUNNEL_PORT), request, first)
    client.sock.settimeout(seconds)
    try:
        data = client.read()
    except TimeoutError:
        return "open"
    except (OSError, EOFError, ValueError):
        return "closed"
    finally:
        client.close()
    return "closed" if data is None else f"data {data[:50]!r}"


@pytest.mark.parametrize("host,port", [("127.0.0.1", 16823), ("private.cloud.co", 0), ("Private.cloud.com", 0),
                                       ("169.254.169.254", 80), ("example.com", 443)])
def test_link_identity_can_do_nothing_else_PORT_3(portal, host, port):
    """The bridge's id asks the portal for another target: nothing is dialled and nothing answered."""
    result = _closed_without_a_word(portal.world, vmess.Request(SEED_ID, host, port), b"GET / HTTP/1.0\r\n\r\n")
    assert result in ("closed", "open"), result
    bridge = register(portal)
    sock, session = visitor_session(portal, bridge)
    bridge.send(mux.keep(session.id, b"fine"))
    assert sock.recv(10) == b"fine"


def test_mux_request_of_a_link_identity_PORT_3(portal):
    """The same inside an ordinary mux connection."""
    request = vmess.Request(SEED_ID, cmd=vmess.MUX, sec=vmess.NONE, opt=vmess.STREAM)
    frames = mux.new(1, "127.0.0.1", TUNNEL_PORT, b"hello").encode()
    result = _closed_without_a_word(portal.world, request, frames)
    if result.startswith("data"):
        assert "\\x03" in result, f"only an End may come: {result}"


def test_visitor_cannot_become_a_bridge_PORT_1(world):
    """An unauthenticated inbound whose fixed target is the portal's own domain."""
    setup = Setup()
    text = setup.portal_json().replace('"127.0.0.1"', f'"{DOMAIN}"', 1)
    tunnel = Tunnel(world, portal="culvert", bridge="naive", setup=setup, start=False,
                    portal_options={"text": text})
    tunnel.start_portal(wait=False)
    wait_until(lambda: not tunnel.portal.alive() or world.vps.listens(PUBLIC_PORT), 10, "it starts or refuses")
    if not tunnel.portal.alive():
        assert tunnel.portal.wait(5) == 2, "refused at start is as good"
        return
    how, _ = traffic.refusal(world.visitor, tunnel.address(), limit("LIM-11.parked") + 5, b"hello")
    assert how in ("rst", "fin"), f"the visitor ended with {how}: a control session would be data"


YAML_TWO = """\
version: 1
portal:
  listen: 16823
  bridges:
    nas1: {{id: {one}}}
    nas2: {{id: {two}}}
  publish:
    - {{listen: 8080, to: nas1/web}}
    - {{listen: 8081, to: nas2/web}}
"""


def test_bridge_registers_its_own_name_only_PORT_2(world):
    """The id of nas1 asks for nas2's name: refused, and said in the log; nas2 is undisturbed."""
    one, two = fresh_id(), fresh_id()
    tunnel = Tunnel(world, portal="culvert", bridge="naive", start=False,
                    portal_options={"form": "yaml", "text": YAML_TWO.format(one=one, two=two)})
    tunnel.start_portal()
    server = (world.server_address, TUNNEL_PORT)
    right = ScriptedBridge(world.nas, server, two, "nas2.bridge.culvert.internal")
    right.wait_control()
    rogue = ScriptedBridge(world.nas, server, one, "nas2.bridge.culvert.internal")
    wait_until(lambda: rogue.over or tunnel.portal.log_text().count("nas1"), 10, "the rogue is refused")
    assert not rogue.controls()
    for _ in range(4):
        sock = world.visitor.connect(tunnel.address(8081))
        world.closers.append(sock.close)
        sock.sendall(b"x")
    wait_until(lambda: len([f for f in right.frames if f.status == mux.NEW and f.network == mux.NET_TCP]) == 4, 5,
               "all visitors of nas2 reach nas2")
    assert not [f for f in rogue.frames if f.status == mux.NEW]
    tunnel.portal.wait_log("nas1.*nas2|nas2.*nas1", 5)


@pytest.mark.parametrize("what", ["unknown user", "clock", "wrong checksum", "random"])
def test_strangers_get_no_byte_and_no_end_AUTH_1_AUTH_2(portal, what):
    """The connection stays open and silent; the stranger's own FIN is answered at once (AUTH-4)."""
    plain = vmess.Request(SEED_ID, DOMAIN, 0).plain()
    opening = {
        "unknown user": lambda: vmess.Request(fresh_id(), DOMAIN, 0).seal(),
        "clock": lambda: vmess.Request(SEED_ID, DOMAIN, 0, at=time.time() - 1000).seal(),
        "wrong checksum": lambda: vmess.seal_header(SEED_ID, plain[:-1] + bytes([plain[-1] ^ 1])),
        "random": lambda: traffic.pattern.take(9, 0, 300),
    }[what]()
    with portal.world.nas.connect((portal.world.server_address, TUNNEL_PORT)) as sock:
        sock.sendall(opening + traffic.pattern.take(4, 0, 3000))
        sock.settimeout(4)
        with pytest.raises(TimeoutError):
            got = sock.recv(100)
            pytest.fail(f"{what}: got {got!r}" if got else f"{what}: closed early")
        sock.shutdown(1)
        at = time.monotonic()
        assert sock.recv(100) == b""
        judge("AUTH-4.fin", time.monotonic() - at, what.replace(" ", "_"))
    if what == "clock":
        portal.portal.wait_log("clock", 5)


# Culvert's bridge, a scripted portal


@pytest.fixture
def bridge(world):
    """A Culvert bridge that dials a scripted portal; `bridge.portal` is that portal."""
    return start_bridge(world)


def start_bridge(world, setup=None, answer_probes=True):
    tunnel = Tunnel(world, portal="naive", bridge="culvert", setup=setup, start=False)
    tunnel.scripted = ScriptedPortal(world.vps, TUNNEL_PORT, SEED_ID, answer_probes)
    tunnel.start_bridge()
    return tunnel


def greet(link, name=mux.NAME_V2FLY, **fields):
    link.open(1, name, 0, mux.control(random=b"12345", **fields), mux.NET_UDP)


def test_bridge_opens_two_links_with_an_AEAD_header(world):
    """Also for a user with alterId 64: the request is tcp domain:0, security and options as V2Ray's."""
    tunnel = start_bridge(world, Setup(alter_id=64))
    tunnel.scripted.wait_link(0)
    greet(tunnel.scripted.links[0])
    tunnel.scripted.wait_link(1)
    for request in tunnel.scripted.requests:
        assert (request.cmd, request.host, request.port) == (vmess.TCP, DOMAIN, 0)
        assert request.sec in (vmess.GCM, vmess.CHACHA) and request.opt & (vmess.STREAM | vmess.MASK)
    assert not tunnel.scripted.refused


@pytest.mark.parametrize("name", mux.CONTROL_NAMES)
def test_bridge_knows_every_control_name(bridge, name):
    """No look-up, no End, no closing, whatever the portal calls it; visitors are served beside it."""
    link = bridge.scripted.wait_link()
    greet(link, name)
    link.open(2, "127.0.0.1", PORT, b"pi")
    wait_until(lambda: link.data_of(2) == b"pong!", 5, "a visitor is served")
    let_pass(2.5, "V2Ray would end a name it does not know after 1 s")
    link.send(mux.keep(1, mux.control(random=b"1")))
    link.alive_after()
    assert not [f for f in link.of(1) if f.status == mux.END], "the control session was ended"
    assert link.data_of(1) == b"", "a V2Ray portal never reads the control downlink"
    assert link.over is None


def test_bridge_answers_offers_once_and_shortly(bridge):
    """Field 200 is answered by one message, before any later frame, with one instance id for all links."""
    instances = set()
    for number in range(2):
        link = bridge.scripted.wait_link(number)
        greet(link, features=0x07, interval=2000)
        link.send(mux.keep(0xF123, b"?"))
        link.wait_end(0xF123)
        first = link.frames[0]
        assert first.id == 1 and first.status == mux.KEEP, f"the answer comes before the probe's: {link.frames}"
        fields = mux.read_control(first.data)
        assert fields[200] & ~0x07 == 0
        assert len(fields[202]) == 16
        instances.add(fields[202])
        link.send(mux.keep(1, mux.control(features=0x07, interval=2000)))
        link.alive_after()
        assert len(link.data_of(1)) <= 1024
        assert len([f for f in link.of(1) if f.data]) == 1
    assert len(instances) == 1


def test_bridge_accepts_no_feature_it_was_not_offered(bridge):
    link = bridge.scripted.wait_link()
    greet(link, features=0x80000001)
    frame = link.wait(lambda f: f.id == 1 and f.data, 5, "the answer")
    assert mux.read_control(frame.data)[200] & ~0x80000001 == 0
    assert mux.read_control(frame.data)[200] & 0x80000000 == 0, "an unknown feature is ignored"


def test_bridge_keeps_a_link_whose_control_session_ends(bridge):
    link = bridge.scripted.wait_link()
    greet(link)
    link.send(mux.end(1))
    let_pass(2, "a closing would come now")
    link.open(5, "127.0.0.1", PORT, b"pi")
    wait_until(lambda: link.data_of(5) == b"pong!", 5, "a visitor is served")
    assert link.over is None


def test_bridge_obeys_drain_F_RST(bridge):
    """The next link is there soon, the old one serves what runs and is closed by the bridge once it is empty."""
    portal = bridge.scripted
    first, second = portal.wait_link(0), portal.wait_link(1)
    greet(first)
    greet(second)
    first.open(2, "127.0.0.1", PORT, b'{"id": "drained", "echo": true}\n')
    first.send(mux.keep(2, b"abc"))
    wait_until(lambda: first.data_of(2) == b"abc", 5, "the session works")
    first.send(mux.keep(1, mux.control(drain=True)), mux.end(1))
    third = portal.wait_link(2, 4 * SLOWDOWN)
    greet(third)
    let_pass(2.5, "the old link would be closed now if it had no session")
    assert first.over is None, "a draining link with a session was closed"
    first.send(mux.keep(2, b"def"))
    wait_until(lambda: first.data_of(2) == b"abcdef", 5, "the old session goes on")
    first.send(mux.end(2))
    assert first.wait_over(8 * SLOWDOWN)


def test_bridge_session_ends(bridge):
    """Target FIN: data, then End.  Refused: End with error at once.  Portal's End: FIN.  Error: RST."""
    link = bridge.scripted.wait_link()
    greet(link)
    link.open(2, "127.0.0.1", PORT, b'{"id": "s2", "down": 50000, "seed_down": 1, "end": "fin"}\n')
    assert not link.wait_end(2).option & mux.ERROR
    assert traffic.pattern.fits(1, 0, link.data_of(2)) and len(link.data_of(2)) == 50000
    began = time.monotonic()
    link.open(3, "127.0.0.1", 7099, b"x")
    assert link.wait_end(3).option & mux.ERROR
    judge("F-ORDER.refused", time.monotonic() - began, "mux")
    link.open(4, "127.0.0.1", PORT, b'{"id": "s4", "down": 20000, "seed_down": 1, "end": "rst"}\n')
    assert link.wait_end(4).option & mux.ERROR
    assert len(link.data_of(4)) == 20000, "what was sent before the reset comes first"
    link.open(5, "127.0.0.1", PORT, b'{"id": "s5", "up": 10, "end": "hold"}\n0123456789')
    bridge.target.wait_flow("s5", lambda e: e["up"] == 10, 5, "arrives")
    link.send(mux.end(5))
    assert bridge.target.wait_flow("s5", lambda e: e["up_end"] != "open", 5, "ends")["up_end"] == "fin"
    link.open(6, "127.0.0.1", PORT, b'{"id": "s6", "up": 10, "end": "hold"}\n0123456789')
    bridge.target.wait_flow("s6", lambda e: e["up"] == 10, 5, "arrives")
    link.send(mux.end(6, error=True))
    assert bridge.target.wait_flow("s6", lambda e: e["up_end"] != "open", 5, "ends")["up_end"] == "rst"
    link.open(7, "127.0.0.1", PORT, b'{"id": "s7", "up": 10, "end": "hold"}\n0123456789')
    bridge.target.wait_flow("s7", lambda e: e["up"] == 10, 5, "arrives")
    link.reset()
    assert bridge.target.wait_flow("s7", lambda e: e["up_end"] != "open", 5, "ends")["up_end"] == "rst"


def test_bridge_datagram_session(bridge):
    """Datagrams keep their borders; an empty one arrives as an empty one."""
    link = bridge.scripted.wait_link()
    greet(link, features=0x03)
    link.open(2, "127.0.0.1", PORT, b"first", mux.NET_UDP)
    wait_until(lambda: [f.data for f in link.of(2)] == [b"first"], 5, "the echo")
    link.send(mux.keep(2, b""), mux.keep(2, b"third"))
    wait_until(lambda: [f.data for f in link.of(2)] == [b"first", b"", b"third"], 5, "the echoes in order")


def test_bridge_refuses_a_used_id(bridge):
    """New with an id that exists: End with error, and the two streams are not mixed."""
    link = bridge.scripted.wait_link()
    greet(link)
    link.open(2, "127.0.0.1", PORT, b'{"id": "twice", "echo": true}\n')
    link.send(mux.keep(2, b"abc"))
    wait_until(lambda: link.data_of(2) == b"abc", 5, "the session works")
    link.open(2, "127.0.0.1", PORT, b"pi")
    assert link.wait_end(2).option & mux.ERROR
    assert link.data_of(2) == b"abc"
    link.alive_after()


@pytest.mark.parametrize("host", [DOMAIN, "0.0.0.0", "::"])
def test_bridge_dials_neither_itself_nor_nowhere(bridge, host):
    """Its own tunnel domain (loop guard) and addresses that mean this host (REACH-3)."""
    link = bridge.scripted.wait_link()
    greet(link)
    link.open(2, host, PORT, b"pi")
    assert link.wait_end(2, 5).option & mux.ERROR
    assert bridge.target.totals()["connections"] == 0


def test_hostile_portal_reaches_the_services_only_REACH_1(world):
    """A YAML bridge with services: by name, or by exactly their address; nothing else is dialled."""
    from harness.configs import usual_services

    tunnel = start_bridge(world, Setup(form="yaml", services=usual_services(named=True)[:1]))
    link = tunnel.scripted.wait_link()
    greet(link)
    link.open(2, f"main.{DOMAIN}", PORT, b"pi")
    wait_until(lambda: link.data_of(2) == b"pong!", 5, "the service by name")
    link.open(3, "127.0.0.1", PORT, b"pi")
    wait_until(lambda: link.data_of(3) == b"pong!", 5, "the service by its address")
    before = tunnel.target.totals()["connections"]
    # Not "::ffff:127.0.0.1" and not the name with a dot at its end: these are the service (REACH-5).
    spellings = ["127.0.0.2", "::1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1",
                 "127.0.0.1.", "10.81.2.2", "0.0.0.0", "169.254.169.254", f"other.{DOMAIN}", "serveraddr.com",
                 "main"]
    for number, host in enumerate(spellings, 10):
        link.open(number, host, PORT, b"pi")
        end = link.wait_end(number, 5)
        assert end.option & mux.ERROR, host
        assert not link.data_of(number), host
    link.open(50, "127.0.0.1", 7001, b"")
    assert link.wait_end(50).option & mux.ERROR, "another port of the same address"
    link.open(51, f"main.{DOMAIN}", PORT, b"x", mux.NET_UDP)
    link.send(mux.keep(51, b"y"))
    let_pass(0.5, "an answer would come now")
    assert not link.data_of(51) or tunnel.setup.services[0].network == "tcp,udp"
    assert tunnel.target.totals()["connections"] == before
    link.alive_after()


@pytest.mark.parametrize("attack", ["metadata of 513", "status 5", "address type 9", "empty name"])
@pytest.mark.asan
def test_hostile_portal_loses_its_link_only(bridge, attack):
    """A fatal frame ends the link; the bridge dials again and serves."""
    link = bridge.scripted.wait_link()
    greet(link)
    link.send_bytes({
        "metadata of 513": b"\x02\x01" + b"\0" * 513,
        "status 5": b"\0\x04\0\x09\x05\0",
        "address type 9": b"\0\x0c\0\x09\x01\0\x01\0\x50\x09\x7f\0\0\x01",
        "empty name": b"\0\x09\0\x09\x01\0\x01\0\x50\x02\0",
    }[attack])
    wait_until(lambda: link.over or link.of(9), 5, "the link or at least the session ends")
    if attack == "empty name" and not link.over:
        assert link.wait_end(9).option & mux.ERROR, "an empty name may end its session alone"
        link.reset()
    link.wait_over(5)
    fresh = wait_until(lambda: [l for l in bridge.scripted.live() if l is not link], 10, "another link")[-1]
    greet(fresh)
    fresh.open(2, "127.0.0.1", PORT, b"pi")
    wait_until(lambda: fresh.data_of(2) == b"pong!", 5, "a visitor is served")
    assert bridge.bridge.alive()


@pytest.mark.asan
def test_damaged_chunk_ends_the_link_CRY_4(bridge):
    """A chunk whose tag is wrong: nothing of it is delivered, the link ends, its streams are aborted."""
    link = bridge.scripted.wait_link()
    greet(link)
    link.open(2, "127.0.0.1", PORT, b'{"id": "damaged", "up": 100, "end": "hold"}\n0123456789')
    bridge.target.wait_flow("damaged", lambda e: e["up"] == 10, 5, "arrives")
    wire = bytearray(link._writer.data(mux.keep(2, b"x" * 90).encode()))
    wire[20] ^= 1
    link.sock.sendall(wire)
    link.wait_over(5)
    entry = bridge.target.wait_flow("damaged", lambda e: e["up_end"] != "open", 5, "ends")
    assert entry["up_end"] == "rst" and entry["up"] == 10, entry


def test_bridge_refuses_a_foreign_response_AUTH_8(world):
    """A response that does not repeat V, or is noise: no crash, and another dial."""
    tunnel = Tunnel(world, portal="naive", bridge="culvert", start=False)
    answers = []

    class Noise(ScriptedPortal):
        def _welcome(self, sock):
            source = vmess.Source(sock)
            request = vmess.open_header(self.user, source)
            if len(answers) >= 4:
                self.requests.append(request)
            answers.append(sock)
            wrong = [vmess.seal_response(request, v=request.v ^ 1), traffic.pattern.take(1, 0, 200),
                     vmess.seal_response(request, b"\x01\x05abcde"), vmess.seal_response(request, b"\x01\x00")]
            sock.sendall(wrong[len(answers) % 4])

    portal = Noise(world.vps, TUNNEL_PORT, SEED_ID)
    tunnel.start_bridge()
    wait_until(lambda: len(answers) >= 6, 30, "the bridge dials again")
    assert tunnel.bridge.alive()


def test_bridge_leaves_a_portal_that_says_nothing_F_TUPLE(world):
    """TCP works, the header is swallowed: dialled again, and said why."""
    tunnel = start_bridge(world, answer_probes=False)
    first = tunnel.scripted.wait_link()
    wait_until(lambda: len(tunnel.scripted.links) >= 4, 40, "further dials")
    assert first.wait_over(20)
    assert tunnel.bridge.alive()
