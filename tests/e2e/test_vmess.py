"""Culvert as an ordinary VMess server and client, without reverse, with V2Ray at the other end, and against an
independent client."""

import time

import pytest

from harness import configs, mux, programs, traffic, vmess
from harness.configs import TUNNEL_PORT, fresh_id
from harness.target import PORT, Target
from harness.waiting import wait_until

SECURITIES = ("aes-128-gcm", "chacha20-poly1305", "none", "auto")
DOORS = [(9000 + 2 * n + mux_, security, bool(mux_)) for n, security in enumerate(SECURITIES) for mux_ in (0, 1)]
DOORS.append((9100, "zero", False))


class Pair:
    """A VMess server on the VPS with the target beside it, a client on the visitor with a door per combination."""

    def __init__(self, world, server, client, alter_id, directory, legacy=False, port=TUNNEL_PORT, doors=DOORS):
        self.world = world
        user = fresh_id()
        doors = [d for d in doors if client != "v2ray" or d[1] != "zero"]  # 4.34 does not know the word
        files = world.directory / directory
        files.mkdir()
        texts = {"server": configs.vmess_server(user, alter_id, port),
                 "client": configs.vmess_client(world.vps_address, user, alter_id, doors, port, legacy)}
        for name, text in texts.items():
            programs.write_private(files / f"{name}.json", text)
        self.server = programs.start_file(server, world.vps, files / "server.json", f"server-{directory}", files)
        self.server.wait_listening(port)
        self.client = programs.start_file(client, world.visitor, files / "client.json", f"client-{directory}", files)
        self.client.wait_listening(doors[-1][0])

    def stop(self):
        for process in (self.client, self.server):
            process.ask_to_end()
            complaints = process.finish()
            assert not complaints, complaints


@pytest.fixture(scope="module")
def target(shared_world):
    return Target(shared_world.vps)


@pytest.fixture(params=[("culvert", "v2ray", 0), ("culvert", "v2ray", 64), ("v2ray", "culvert", 0),
                        ("v2ray", "culvert", 64), ("culvert", "culvert", 0)],
                ids=lambda p: f"server-{p[0]}-client-{p[1]}-alter{p[2]}", scope="module")
def pair(request, shared_world, target):
    server, client, alter_id = request.param
    pair = Pair(shared_world, server, client, alter_id, f"{server}-{client}-{alter_id}")
    yield pair
    pair.stop()


def _exchange(pair, target, port, security):
    address = ("127.0.0.1", port)
    host = pair.world.visitor
    # V2Ray closes its connection with a reset when it has left the end chunk unread.
    allowed = ("COMPLETE", "ABORTED") if "v2ray" in pair.client.name + pair.server.name else ("COMPLETE",)
    flows = [traffic.Flow(host, address, target, up=size, down=size, start="length")
             for size in (0, 1, 2000, 17_000, 300_000)]
    for flow in flows:
        assert flow.finish(30).kind == "COMPLETE", flow.ending
        up = flow.up_ending()
        assert up.bytes == flow.up and up.kind in allowed, f"up: {up}"
    if security == "zero":
        return  # its bodies have no borders: no datagrams
    visitor = traffic.UdpVisitor(host, address)
    for size in (1, 100, 1000, 1900):
        data = traffic.pattern.take(size, 0, size)
        assert visitor.exchange(data, 6, tries=3) == data, f"datagram of {size}"


@pytest.mark.parametrize("port,security,mux_", DOORS, ids=[f"{d[1]}-{'mux' if d[2] else 'plain'}" for d in DOORS])
def test_vmess_with_v2ray(pair, target, port, security, mux_):
    if security == "zero" and "client-v2ray" in pair.client.name:
        pytest.skip("v2ray 4.34 has no zero")
    if security == "zero" and not pair.world.visitor.listens(port):
        pytest.skip("v2ray 4.34 has no zero")
    _exchange(pair, target, port, security)


def test_legacy_header_is_sent_only_on_request(shared_world, target):
    """`legacy` beside alterId 64: V2Ray understands Culvert's legacy header too."""
    doors = [(port + 200, security, mux_) for port, security, mux_ in DOORS]
    pair = Pair(shared_world, "v2ray", "culvert", 64, "legacy", True, TUNNEL_PORT + 1, doors)
    _exchange(pair, target, doors[0][0], "aes-128-gcm")
    _exchange(pair, target, doors[3][0], "chacha20-poly1305")
    pair.stop()


# an independent client


@pytest.fixture(scope="module")
def server(shared_world, target):
    user = fresh_id()
    files = shared_world.directory / "independent"
    files.mkdir()
    programs.write_private(files / "server.json", configs.vmess_server(user, 0, TUNNEL_PORT + 2))
    process = programs.start_file("culvert", shared_world.vps, files / "server.json", "server", files)
    process.wait_listening(TUNNEL_PORT + 2)
    yield shared_world, (shared_world.vps_address, TUNNEL_PORT + 2), user, process
    assert process.terminate() == 0


BODIES = [(s, o) for s in (vmess.GCM, vmess.CHACHA) for o in (0x01, 0x05, 0x0D, 0x1D, 0x11, 0x00, 0xE1)]
BODIES += [(vmess.NONE, o) for o in (0x00, 0x01, 0x05, 0x0D)]


@pytest.mark.parametrize("sec,opt", BODIES, ids=lambda v: f"{v:#x}")
def test_every_body_kind_TCP(server, sec, opt):
    world, address, user, _ = server
    client = vmess.Client(world.visitor, address, vmess.Request(user, "127.0.0.1", PORT, vmess.TCP, sec, opt))
    data = traffic.pattern.take(5, 0, 100_000)
    client.send(b'{"id": "v%d-%d", "echo": true}\n' % (sec, opt))
    client.send(data)
    assert client.exactly(len(data)) == data
    if client.writer.chunked:
        client.end()
        assert client.read() is None, "the target's end comes back"
    client.close()


@pytest.mark.parametrize("sec,opt", [b for b in BODIES if b[1] & 1], ids=lambda v: f"{v:#x}")
def test_every_body_kind_UDP(server, sec, opt):
    """One chunk is one datagram."""
    world, address, user, _ = server
    client = vmess.Client(world.visitor, address, vmess.Request(user, "127.0.0.1", PORT, vmess.UDP, sec, opt))
    for size in (1, 500, 1400, 1900):
        data = traffic.pattern.take(size, 0, size)
        client.sock.sendall(client.writer.chunk(data))
        assert client.read() == data
    # An answer that V2Ray could not take may be dropped, but never cut, and the flow goes on.
    big = traffic.pattern.take(0, 0, 9000)
    client.sock.sendall(client.writer.chunk(b"reply 9000") + client.writer.chunk(b"last"))
    answers = [client.read()]
    if answers[0] == big:
        answers.append(client.read())
    assert answers[-1] == b"last"
    client.close()


def test_mux_command_serves_many_sessions(server):
    world, address, user, _ = server
    from harness.peer import Link

    client = vmess.Client(world.visitor, address,
                          vmess.Request(user, cmd=vmess.MUX, sec=vmess.GCM, opt=0x0D))
    client.sock.settimeout(None)
    link = Link(client.sock, client.writer, client.read)
    for number in range(1, 21):
        link.open(number, "127.0.0.1", PORT, b"pi")
    for number in range(1, 21):
        wait_until(lambda: link.data_of(number) == b"pong!", 5, f"session {number}")
    link.open(30, "127.0.0.1", PORT, b"dgram", mux.NET_UDP)
    wait_until(lambda: link.data_of(30) == b"dgram", 5, "the datagram")
    link.open(31, "127.0.0.1", 7099, b"x")
    assert link.wait_end(31).option & mux.ERROR
    link.close()


def test_the_opening_in_single_bytes(server):
    """The header and the first chunk arrive one byte at a time."""
    world, address, user, _ = server
    request = vmess.Request(user, "127.0.0.1", PORT, vmess.TCP, vmess.GCM, 0x0D)
    client = vmess.Client.__new__(vmess.Client)
    client.request, client.sock = request, world.visitor.connect(address)
    client.source, client.response = vmess.Source(client.sock), None
    client.writer, client.reader = vmess.Writer(request, "request"), vmess.Reader(request, "response")
    client.sock.setsockopt(6, 1, 1)
    for byte in request.seal() + client.writer.data(b"pi"):
        client.sock.sendall(bytes([byte]))
    assert client.exactly(5) == b"pong!"
    client.close()


@pytest.mark.parametrize("what", ["replayed", "future", "past", "P without M", "sec 2", "sec 6", "sec 9", "cmd 4",
                                  "cmd 0", "empty name", "address type 7", "name with blank", "only auth id"])
def test_refused_requests_leave_the_server_well_AUTH_5_CRY_6(server, what):
    """Nothing is answered, nothing is dialled, and the next honest client is served."""
    world, address, user, process = server
    ok = dict(host="127.0.0.1", port=PORT)
    opening = {
        "replayed": lambda: None,
        "future": lambda: vmess.Request(user, **ok, at=time.time() + 125).seal(),
        "past": lambda: vmess.Request(user, **ok, at=time.time() - 125).seal(),
        "P without M": lambda: vmess.Request(user, **ok, opt=0x09).seal(),
        "sec 2": lambda: vmess.Request(user, **ok, sec=2).seal(),
        "sec 6": lambda: vmess.Request(user, **ok, sec=6).seal(),
        "sec 9": lambda: vmess.Request(user, **ok, sec=9).seal(),
        "cmd 4": lambda: vmess.Request(user, **ok, cmd=4).seal(),
        "cmd 0": lambda: vmess.Request(user, **ok, cmd=0).seal(),
        "empty name": lambda: vmess.Request(user, target=b"\0\x50\x02\0").seal(),
        "address type 7": lambda: vmess.Request(user, target=b"\0\x50\x07\x7f\0\0\x01").seal(),
        "name with blank": lambda: vmess.Request(user, target=b"\x1b\x58\x02\x03a b").seal(),
        "only auth id": lambda: vmess.make_auth_id(user),
    }[what]()
    if opening is None:
        first = vmess.Client(world.visitor, address, vmess.Request(user, **ok), b"pi")
        assert first.exactly(5) == b"pong!"
        opening = first.opening
    with world.visitor.connect(address) as sock:
        sock.sendall(opening + b"pi" * 20)
        sock.settimeout(1.5)
        try:
            assert sock.recv(100) == b"", f"{what}: an answer"
            pytest.fail(f"{what}: closed early")
        except TimeoutError:
            pass
        except OSError as problem:
            pytest.fail(f"{what}: {problem}")
    honest = vmess.Client(world.visitor, address, vmess.Request(user, **ok), b"pi")
    assert honest.exactly(5) == b"pong!"
    assert process.alive()


@pytest.mark.parametrize("seconds", [-118, 118])
def test_clock_within_the_window(server, seconds):
    """Within two minutes either way is served (RPL-1)."""
    world, address, user, _ = server
    request = vmess.Request(user, "127.0.0.1", PORT, at=time.time() + seconds)
    assert vmess.Client(world.visitor, address, request, b"pi").exactly(5) == b"pong!"
