"""The disk of the log files is full or gone: traffic goes on, and lines come back whole."""

import re
import signal
import subprocess
import time

import pytest

from harness import traffic
from harness.configs import Setup
from harness.limits import judge
from harness.tunnel import Tunnel
from harness.waiting import wait_until

LINE = re.compile(r"\d{4}-\d\d-\d\dT\S+ (debug|info|warning|error) .+|\d{4}-\d\d-\d\dT\S+ \[\d+\] .+ end=\w+")


@pytest.fixture
def disk(world):
    """A folder on a disk of 64 KiB."""
    folder = world.directory / "disk"
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "cvdisk", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def tunnel_with_log(world, folder):
    setup = Setup(form="yaml", extra_yaml=f"log:\n  level: debug\n  file: {folder}/culvert.log\n"
                                          f"  access: {folder}/access.log\n")
    quiet = Setup(form="yaml", id=setup.id)
    tunnel = Tunnel(world, setup=setup, start=False, bridge_options={"text": quiet.bridge()})
    tunnel.start_portal()
    tunnel.start_bridge()
    tunnel.wait_up()
    return tunnel


def whole_lines(file):
    text = file.read_bytes().decode()
    assert text.endswith("\n"), text[-200:]
    bad = [line for line in text.splitlines() if not LINE.fullmatch(line)]
    assert not bad, bad[:3]
    return text


def test_log_disk_is_full_F_DISK(world, disk):
    """The log fills its disk under visitors: none notices, no half line, and lines come again when there is space."""
    log = disk / "culvert.log"
    tunnel = tunnel_with_log(world, disk)
    (disk / "filler").write_bytes(b"x" * 40_000)
    with tunnel.prober(0.02) as prober:
        wait_until(lambda: _is_full(disk), 10, "the disk is full")
        prober.wait_count(len(prober.done) + 50, 20)
        (disk / "filler").unlink()
        size, at = log.stat().st_size, time.monotonic()
        wait_until(lambda: log.stat().st_size > size, 20, "lines are written again")
        judge("F-DISK.resumed", time.monotonic() - at, "full")
    judge("F-DISK.failed", len(prober.failed()), "full")
    tunnel.portal.terminate()
    assert "lines lost" in whole_lines(log)
    whole_lines(disk / "access.log")


def _is_full(disk):
    out = subprocess.run(["df", "--output=avail", disk], check=True, capture_output=True, text=True).stdout
    return int(out.split()[-1]) == 0


def test_log_folder_is_removed_F_DISK(world):
    """The folder of the logs is deleted: nobody notices; made again, it is logged to after a signal."""
    folder = world.directory / "logs"
    folder.mkdir(mode=0o700)
    tunnel = tunnel_with_log(world, folder)
    with tunnel.prober(0.05) as prober:
        prober.wait_count(5)
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        prober.wait_count(len(prober.done) + 20)
        folder.mkdir(mode=0o700)
        tunnel.portal.signal(signal.SIGHUP)
        at = time.monotonic()
        log = folder / "culvert.log"
        wait_until(lambda: log.exists() and log.stat().st_size > 0, 20, "a new file is written to")
        judge("F-DISK.resumed", time.monotonic() - at, "removed")
    judge("F-DISK.failed", len(prober.failed()), "removed")
    whole_lines(log)
