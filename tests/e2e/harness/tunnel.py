"""A portal on the VPS, a bridge on the NAS and a target beside it, ready for visitors."""

from . import faults, programs, traffic
from .configs import DOWN_PUBLIC, GREET_PUBLIC, PUBLIC_PORT, Setup
from .target import Target
from .waiting import wait_until


class Tunnel:
    """Starts both ends of one setup; each end may be any kind of program."""

    def __init__(self, world, portal=None, bridge=None, setup=None, start=True, target=None,
                 portal_options=None, bridge_options=None):
        defaults = programs.default_roles()
        self.world = world
        self.kinds = (portal or defaults[0], bridge or defaults[1])
        self.setup = setup or Setup()
        if world.ipv6_only:
            for service in self.setup.services:
                service.target_host = "::1"
        self.portal_options = portal_options or {}
        self.bridge_options = bridge_options or {}
        self.portal = self.bridge = None
        self.target = target or Target(world.nas)
        if start:
            self.start_portal()
            self.start_bridge()
            self.wait_up()

    # the ends

    def start_portal(self, wait=True):
        directory = self.world.directory / "portal"
        self.portal = programs.start(
            self.kinds[0], "portal", self.world.vps, self.setup, directory, **self.portal_options)
        if wait:
            self.wait_portal()
        return self.portal

    def wait_portal(self):
        self.portal.wait_listening(self.setup.tunnel_port)
        self.portal.wait_listening(self.setup.services[0].port)

    def start_bridge(self):
        directory = self.world.directory / "bridge"
        self.bridge = programs.start(
            self.kinds[1], "bridge", self.world.nas, self.setup, directory, **self.bridge_options)
        return self.bridge

    def wait_up(self, timeout=20):
        """Waits until a visitor is served; with Culvert at both ends also for the second link at rest."""
        at = traffic.wait_served(self.world.visitor, self.address(), timeout)
        if self.both_culvert():
            self.wait_links(2)
        return at

    def both_culvert(self):
        return self.kinds == ("culvert", "culvert")

    # the tunnel

    def links(self):
        """Established tunnel connections as the NAS sees them."""
        return faults.links(self.world.nas, self.setup.tunnel_port)

    def wait_links(self, count, timeout=10):
        return wait_until(lambda: len(self.links()) >= count and self.links(), timeout, f"{count} links")

    # the visitors' side

    def address(self, port=PUBLIC_PORT, family=4):
        v6 = family == 6 or self.world.ipv6_only
        return (self.world.vps_address6 if v6 else self.world.vps_address), port

    def greet_address(self):
        return self.address(GREET_PUBLIC)

    def down_address(self):
        """Leads to a port of the NAS where nobody listens."""
        return self.address(DOWN_PUBLIC)

    def download(self, size, **options):
        return traffic.download(self.world.visitor, options.pop("to", self.address()), self.target, size, **options)

    def upload(self, size, **options):
        return traffic.upload(self.world.visitor, options.pop("to", self.address()), self.target, size, **options)

    def flow(self, **options):
        return traffic.Flow(self.world.visitor, options.pop("to", self.address()), self.target, **options)

    def prober(self, interval=0.1):
        return traffic.Prober(self.world.visitor, self.address(), interval)

    def probe(self, patience=5.0):
        return traffic.probe_once(self.world.visitor, self.address(), patience)

    def udp(self, family=4):
        return traffic.UdpVisitor(self.world.visitor, self.address(family=family))
