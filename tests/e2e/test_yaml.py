"""The short form: minimal files, services, named bridges, allow lists, ranges, both roles in one file, and the
converted files on real V2Rays."""

import json

import pytest

from harness import checks, programs, traffic
from harness.configs import Setup, fresh_id
from harness.limits import judge
from harness.target import Target
from harness.tunnel import Tunnel
from harness.waiting import wait_until


class Files:
    """Culvert processes on YAML texts."""

    def __init__(self, world):
        self.world = world
        self.target = Target(world.nas)

    def start(self, name, host, text, kind="culvert", form="yaml", listens=()):
        directory = self.world.directory / name
        directory.mkdir(exist_ok=True)
        file = programs.write_private(directory / f"config.{form}", text)
        process = programs.start_file(kind, host, file, name, directory)
        for port in listens:
            process.wait_listening(port)
        return process

    def address(self, port, family=4):
        return (self.world.vps_address if family == 4 else self.world.vps_address6), port

    def served(self, port, timeout=15):
        traffic.wait_served(self.world.visitor, self.address(port), timeout)

    def udp(self, port):
        return traffic.UdpVisitor(self.world.visitor, self.address(port))


@pytest.fixture
def files(world):
    return Files(world)


def publishing(user, *entries):
    """A portal for one NAS; each entry as in `listen: 80, to: web`."""
    return f"""\
version: 1
portal:
  listen: 16823
  id: {user}
  publish:
""" + "".join(f"    - {{{entry}}}\n" for entry in entries)


def offering(user, *services):
    """A bridge; each service as in `web: 127.0.0.1:7000`."""
    return f"""\
version: 1
bridge:
  server: serveraddr.com:16823
  id: {user}
  services:
""" + "".join(f"    {service}\n" for service in services)


WEB = "web: 127.0.0.1:7000"


def minimal(user):
    return publishing(user, "listen: 80, to: web"), offering(user, WEB)


@pytest.mark.asan
def test_minimal_pair(files):
    """The two smallest files."""
    portal, bridge = minimal(fresh_id())
    files.start("portal", files.world.vps, portal, listens=(80, 16823))
    files.start("bridge", files.world.nas, bridge)
    files.served(80)
    flow = traffic.download(files.world.visitor, files.address(80, 6), files.target, 4 << 20)
    assert flow.finish().kind == "COMPLETE"


def test_converted_files_run_on_v2ray(files):
    """`convert --to v2ray` of services over TCP, UDP and a range, run by V2Ray at both ends."""
    user = fresh_id()
    portal = publishing(user, "listen: 80, to: web", "listen: 81/udp, to: dns", "listen: 7000-7001, to: range")
    bridge = offering(user, WEB, "dns: udp://127.0.0.1:7000", "range: 127.0.0.1:7000-7001")
    for name, host, text in (("portal", files.world.vps, portal), ("bridge", files.world.nas, bridge)):
        source = programs.write_private(files.world.directory / f"{name}.yaml", text)
        result = files.world.visitor.run(programs.culvert(), "convert", source, "--to", "v2ray")
        json.loads(result.stdout)
        files.start(f"{name}-v2ray", host, result.stdout, "v2ray", "json")
    files.world.vps.wait_listening(80)
    files.served(80)
    visitor = files.udp(81)
    assert visitor.exchange(b"hello", 6, tries=3) == b"hello"
    files.served(7000)
    with files.world.visitor.connect(files.address(7001)) as sock:
        assert sock.recv(100) == b"220 hello\r\n"


@pytest.mark.parametrize("form", ["portal", "bridge"])
def test_converted_file_beside_its_yaml(files, form):
    """One end on V2Ray with the converted file, the other on Culvert with the YAML."""
    texts = dict(zip(("portal", "bridge"), minimal(fresh_id())))
    hosts = {"portal": files.world.vps, "bridge": files.world.nas}
    for name, text in texts.items():
        if name == form:
            source = programs.write_private(files.world.directory / f"{name}.yaml", text)
            converted = files.world.visitor.run(programs.culvert(), "convert", source, "--to", "v2ray").stdout
            files.start(f"{name}-v2ray", hosts[name], converted, "v2ray", "json")
        else:
            files.start(name, hosts[name], text)
    files.world.vps.wait_listening(80)
    files.served(80)
    assert traffic.download(files.world.visitor, files.address(80), files.target, 1 << 20).finish().kind == "COMPLETE"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_allow_any_as_the_seed(world, form):
    """`allow: any` and an address as `to`: any port of the NAS, TCP and UDP."""
    tunnel = Tunnel(world, "culvert", "culvert", Setup(form=form, alter_id=64))
    checks.transfer(tunnel, 1 << 20)
    checks.datagrams(tunnel, sizes=(1, 1400, 20_000), of=form)


def test_named_bridges(files):
    """Two NASes at one portal: each public port leads to its own."""
    one, two = fresh_id(), fresh_id()
    files.start("portal", files.world.vps, f"""\
version: 1
portal:
  listen: 16823
  bridges:
    nas1: {{id: {one}}}
    nas2: {{id: {two}}}
  publish:
    - {{listen: 8081, to: nas1/web}}
    - {{listen: 8082, to: nas2/web}}
    - {{listen: 8083, to: "nas2/127.0.0.1:7001"}}
""", listens=(8081, 8082))
    other = Target(files.world.nas, port=7100, greet=None)
    for name, user, services in (("nas1", one, "{web: 127.0.0.1:7000}"),
                                 ("nas2", two, "{web: 127.0.0.1:7100, greet: 127.0.0.1:7001}")):
        files.start(name, files.world.nas, f"""\
version: 1
bridge:
  name: {name}
  server: serveraddr.com:16823
  id: {user}
  services: {services}
""")
    files.served(8081)
    files.served(8082)
    before = files.target.totals()["probes"], other.totals()["probes"]
    for _ in range(10):
        traffic.probe_once(files.world.visitor, files.address(8081))
        traffic.probe_once(files.world.visitor, files.address(8082))
    after = files.target.totals()["probes"], other.totals()["probes"]
    assert (after[0] - before[0], after[1] - before[1]) == (10, 10)
    with files.world.visitor.connect(files.address(8083)) as sock:
        assert sock.recv(100) == b"220 hello\r\n"


def test_only_the_services_are_reachable_REACH_1_REACH_8(files):
    """The portal's file asks for what the bridge's does not offer: reset, and both logs say which name."""
    user = fresh_id()
    files.start("portal", files.world.vps, publishing(
        user, "listen: 80, to: web", "listen: 81, to: wbe", 'listen: 82, to: "127.0.0.1:7001"',
        'listen: 83, to: "127.0.0.1:7000"'), listens=(80, 81, 82, 83))
    bridge = files.start("bridge", files.world.nas, offering(user, WEB))
    files.served(80)
    files.served(83)
    for port in (81, 82):
        how, seconds = traffic.refusal(files.world.visitor, files.address(port), 10)
        assert how == "rst", (port, how)
        judge("REACH-8.refused", seconds, str(port))
    bridge.wait_log('"wbe".*web', 5)


def test_allow_from(files):
    """Visitors from elsewhere are closed, without a dial."""
    user = fresh_id()
    files.start("portal", files.world.vps, publishing(
        user, 'listen: 80, to: web, allow_from: [10.81.1.0/28, "fd81:1::/64"]',
        "listen: 81, to: web, allow_from: 192.0.2.1"), listens=(80, 81))
    files.start("bridge", files.world.nas, offering(user, WEB))
    files.served(80)
    traffic.probe_once(files.world.visitor, files.address(80, 6))
    before = files.target.totals()["connections"]
    assert traffic.refusal(files.world.visitor, files.address(81), 10)[0] in ("rst", "fin")
    outsider = files.world.extra_visitor_addresses(30)[-1]
    with pytest.raises(OSError):
        traffic.probe_once(files.world.visitor, files.address(80), source=outsider)
    assert files.target.totals()["connections"] == before


def test_udp_service(files):
    """A service over UDP only, and one over both, with sizes; the wrong network is refused and named."""
    user = fresh_id()
    files.start("portal", files.world.vps, publishing(
        user, "listen: 51820/udp, to: wireguard", "listen: 90/tcp+udp, to: both", "listen: 91/udp, to: web"),
        listens=(90, 16823))
    bridge = files.start("bridge", files.world.nas, offering(
        user, "wireguard: udp://127.0.0.1:7000", "both: tcp+udp://127.0.0.1:7000", WEB))
    files.served(90)
    for port in (51820, 90):
        visitor = files.udp(port)
        wait_until(lambda: visitor.exchange(b"up?", 1.0) == b"up?", 10, "the UDP flow is up")
        for size in (1, 1400, 9000, 65_507):
            data = traffic.pattern.take(2, 0, size)
            assert visitor.exchange(data, 3) == data
    assert files.udp(91).exchange(b"x", 1) is None
    bridge.wait_log("web.*tcp.*udp", 5)


def test_port_range(files):
    """A range of ports, and `to_port` for another first port."""
    user = fresh_id()
    targets = [Target(files.world.nas, port=6000 + n, greet=None) for n in range(3)]
    files.start("portal", files.world.vps, publishing(
        user, "listen: 6000-6002, to: range", "listen: 9000-9002, to: range, to_port: 6000",
        'listen: 9100-9102, to: "127.0.0.1:6000-6002"'), listens=(6002, 9002))
    files.start("bridge", files.world.nas, offering(user, "range: 127.0.0.1:6000-6002"))
    files.served(6000)
    for first in (6000, 9000, 9100):
        for number, target in enumerate(targets):
            before = target.totals()["probes"]
            traffic.probe_once(files.world.visitor, files.address(first + number))
            assert target.totals()["probes"] == before + 1


def test_portal_and_bridge_in_one_file(files):
    """A machine that is a portal for one NAS and a bridge to another portal."""
    inner, outer = fresh_id(), fresh_id()
    files.start("both", files.world.vps, f"""\
version: 1
bridge:
  server: 127.0.0.1:16900
  id: {outer}
  services:
    local: 127.0.0.1:8080
portal:
  listen: 16823
  id: {inner}
  publish:
    - {{listen: 8080, to: web}}
""", listens=(8080, 16823))
    files.start("nas", files.world.nas, offering(inner, WEB))
    files.start("outer", files.world.vps, f"""\
version: 1
portal:
  listen: 127.0.0.1:16900
  id: {outer}
  publish:
    - {{listen: 9090, to: local}}
""", listens=(9090,))
    files.served(8080)
    files.served(9090)
    flow = traffic.download(files.world.visitor, files.address(9090), files.target, 1 << 20)
    assert flow.finish().kind == "COMPLETE", "through two tunnels"


def test_list_of_servers(files):
    """One NAS, two VPS processes: both publish."""
    user = fresh_id()
    for number in (1, 2):
        files.start(f"portal{number}", files.world.vps, f"""\
version: 1
portal:
  listen: {16822 + number}
  id: {user}
  publish:
    - {{listen: {8080 + number}, to: web}}
""", listens=(16822 + number,))
    files.start("bridge", files.world.nas, f"""\
version: 1
bridge:
  server: [serveraddr.com:16823, "serveraddr.com:16824"]
  id: {user}
  services:
    web: 127.0.0.1:7000
""")
    files.served(8081)
    files.served(8082)


def test_secrets_from_files_and_environment(files):
    """{file: …} beside the configuration, and {env: …}."""
    user = fresh_id()
    portal, bridge = minimal(user)
    directory = files.world.directory / "portal"
    directory.mkdir()
    programs.write_private(directory / "nas.id", f"{user}\n")
    files.start("portal", files.world.vps, portal.replace(f"id: {user}", "id: {file: nas.id}"), listens=(80,))
    other = files.world.directory / "bridge"
    other.mkdir()
    file = programs.write_private(other / "config.yaml", bridge.replace(f"id: {user}", "id: {env: CULVERT_TEST_ID}"))
    programs.start_file("culvert", files.world.nas, file, "bridge", other, env={"CULVERT_TEST_ID": user})
    files.served(80)


def test_optional_port(files):
    """A port somebody else has: `optional` is a warning, the others serve."""
    user = fresh_id()
    with files.world.vps.socket() as taken:
        taken.bind(("0.0.0.0", 81))
        taken.listen()
        files.start("portal", files.world.vps, publishing(
            user, "listen: 80, to: web", "listen: 81, to: web, optional: true"), listens=(80, 16823))
        files.start("bridge", files.world.nas, offering(user, WEB))
        files.served(80)


def test_advanced_section(files):
    """V2Ray's own keys written in YAML."""
    user = fresh_id()
    files.start("portal", files.world.vps, f"""\
version: 1
advanced:
  reverse:
    portals:
      - {{tag: portal, domain: private.cloud.com}}
  inbounds:
    - tag: external
      port: 80
      protocol: dokodemo-door
      settings: {{address: 127.0.0.1, port: 7000, network: tcp}}
    - tag: tunnel
      port: 16823
      protocol: vmess
      settings:
        clients:
          - {{id: {user}, alterId: 0}}
  outbounds:
    - {{tag: deny, protocol: blackhole}}
  routing:
    rules:
      - {{type: field, inboundTag: [external], outboundTag: portal}}
      - {{type: field, inboundTag: [tunnel], domain: ["full:private.cloud.com"], outboundTag: portal}}
""", listens=(80, 16823))
    files.start("bridge", files.world.nas, Setup(id=user).bridge_json(), form="json")
    files.served(80)


def test_example_file_is_good(files):
    """config.example.yaml of the top level is read without an error."""
    example = programs.CHECKOUT / "config.example.yaml"
    copy = programs.write_private(files.world.directory / "config.example.yaml", example.read_text())
    result = files.world.visitor.run(programs.culvert(), "check", copy, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 errors" in result.stdout
