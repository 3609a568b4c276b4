"""The harness is tested first: a relay that does it right passes every check, one that does one thing wrong
fails exactly the check of that thing."""

import pytest

from harness import checks
from harness.tunnel import Tunnel

CHECKS = {
    "transfer": lambda t: checks.transfer(t, 4 << 20),
    "cut": lambda t: checks.cut(t, ("link", "bridge", "target", "visitor"), of="harness"),
    "half-close": lambda t: checks.half_close(t, sizes=(0, 1, 100_000), delays=(0.0, 0.3), of="harness"),
    "slow": lambda t: checks.slow(t, sleepers=2, seconds=1.0, speed=False, of="harness"),
    "datagrams": lambda t: checks.datagrams(t, sizes=(1, 100, 1400, 2048, 2049, 9000, 65507, 0), of="harness"),
    "recovery": lambda t: checks.bridge_restart(t, gap=0.3, of="harness"),
}
FAULTS = {"truncate": "cut", "stall": "slow", "swallow": "half-close", "cut": "datagrams"}


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    """A relay of ours that has not moved for 3 s never will."""
    monkeypatch.setattr("harness.traffic.STUCK_AFTER", 3.0)
    monkeypatch.setattr("harness.checks.STUCK_AFTER", 3.0)


@pytest.mark.parametrize("check", CHECKS)
def test_good_relay_passes(world, check):
    CHECKS[check](Tunnel(world, "naive", "naive"))


@pytest.mark.parametrize("check", ["link resets", "portal restart", "cancel"])
def test_good_relay_recovers(world, check):
    tunnel = Tunnel(world, "naive", "naive")
    if check == "link resets":
        checks.reset_all(tunnel, of="harness")
    elif check == "portal restart":
        checks.portal_restart(tunnel, gap=0.5, of="harness")
    else:
        checks.cancel(tunnel, "reset", of="harness")


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_relay_fails_exactly_its_check(world, fault):
    tunnel = Tunnel(world, f"bad:{fault}", f"bad:{fault}")
    failed = []
    for name, check in CHECKS.items():
        try:
            check(tunnel)
        except AssertionError as problem:
            print(f"{name}: {problem}")
            failed.append(name)
            tunnel.portal.kill()
            tunnel.bridge.kill()
            tunnel.start_portal()
            tunnel.start_bridge()
            tunnel.wait_up()
    assert failed == [FAULTS[fault]]
