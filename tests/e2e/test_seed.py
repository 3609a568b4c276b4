"""The two example configurations, byte for byte, as two processes on two hosts, with nginx and curl."""

import pathlib
import time

import pytest

from harness import programs, web
from harness.limits import figure, judge
from harness.waiting import wait_until

DATA = pathlib.Path(__file__).resolve().parent / "data"
PORTAL, BRIDGE = DATA / "node-b-portal.json", DATA / "node-a-bridge.json"


class Site:
    def __init__(self, world, big=100 << 20, portal_first=True):
        self.world = world
        self.web = web.WebSite(world.nas, big)
        kinds = programs.default_roles()
        self.url = f"http://{world.vps_address}/"
        ends = [("portal", kinds[0], world.vps, PORTAL), ("bridge", kinds[1], world.nas, BRIDGE)]
        self.started = {}
        for role, kind, host, file in ends if portal_first else reversed(ends):
            directory = world.directory / role
            directory.mkdir()
            self.started[role] = programs.start_file(kind, host, file, role, directory)
        self.started["portal"].wait_listening(80)
        wait_until(lambda: self.fetches(), 20, "the page comes through the tunnel", 0.05)

    def fetches(self):
        try:
            return web.curl(self.world.visitor, self.url, timeout=5) == self.web.PAGE
        except RuntimeError:
            return False


@pytest.fixture
def site(world):
    return Site(world)


def test_seed_page(site):
    assert web.curl(site.world.visitor, site.url) == site.web.PAGE
    assert b"alterId\":64" in PORTAL.read_bytes().replace(b" ", b"")
    headers = web.curl(site.world.visitor, "--head", site.url)
    assert "200 OK" in headers and "nginx" in headers


def test_seed_download_100_MiB(site):
    out = site.world.directory / "big.out"
    began = time.monotonic()
    web.curl(site.world.visitor, "-o", out, site.url + "big.bin")
    figure("seed.download", 100 / (time.monotonic() - began), "MiB/s")
    assert site.web.sha256(out) == site.web.checksum


def test_seed_upload_100_MiB(site):
    source = site.web.directory / "site" / "big.bin"
    began = time.monotonic()
    web.curl(site.world.visitor, "-T", source, site.url + "up/sent.bin")
    figure("seed.upload", 100 / (time.monotonic() - began), "MiB/s")
    assert site.web.sha256(site.web.uploaded("sent.bin")) == site.web.checksum


@pytest.mark.asan
def test_seed_small(world):
    """The same at a size for the instrumented program, and the bridge started before the portal."""
    site = Site(world, big=4 << 20, portal_first=False)
    out = world.directory / "big.out"
    web.curl(world.visitor, "-o", out, site.url + "big.bin")
    assert site.web.sha256(out) == site.web.checksum
    web.curl(world.visitor, "-T", out, site.url + "up/sent.bin")
    assert site.web.sha256(site.web.uploaded("sent.bin")) == site.web.checksum


def test_seed_keeps_many_requests_on_one_connection(site):
    """Keep-alive: twenty requests, one connection each way, as browsers do."""
    out = web.curl(site.world.visitor, "--write-out", "%{num_connects} ", *[site.url] * 20)
    counts = [int(word) for word in out.replace(site.web.PAGE, "").split()]
    assert sum(counts) == 1 and len(counts) == 20


def test_seed_warns_of_what_it_is(site):
    """The published id and the open freedom are said at start (KEY-7, REACH-2)."""
    if programs.default_roles() != ("culvert", "culvert"):
        pytest.skip("other programs do not warn")
    bridge, portal = (site.started[r].log_text() for r in ("bridge", "portal"))
    assert "public manuals" in portal, portal
    assert "reach" in bridge, bridge
    for log in (bridge, portal):
        assert "b831381d-6324-4d53-ad4f-8cda48b30811" not in log, "KEY-4: the id is in the log"


def test_seed_starts_quickly_and_small_F_START(world):
    """Cold start: serving within the limit after exec, and small when idle."""
    site = Site(world, big=1 << 10)
    if programs.default_roles() != ("culvert", "culvert"):
        pytest.skip("figures of Culvert")
    portal = site.started["portal"]
    judge("F-START.memory", max(p.memory() for p in site.started.values()))
    portal.terminate()
    directory = world.directory / "again"
    directory.mkdir()
    again = programs.start_file("culvert", world.vps, PORTAL, "portal-again", directory)
    again.wait_listening(80)
    judge("F-START.serving", time.monotonic() - again.started)
