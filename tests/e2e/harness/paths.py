"""A long or bad path between the VPS and the NAS: culvert-netsim beside the ordinary, perfect one.

The NAS reaches the VPS over it as 10.81.9.1, and is itself 10.81.9.2.
"""

import os
import pathlib

from . import programs

VPS, NAS = "10.81.9.1", "10.81.9.2"
TUN = pathlib.Path("/dev/net/tun")


def program():
    path = programs.culvert().with_name("culvert-netsim")
    if not path.exists():
        programs.missing(f"{path.name} beside the program under test (target culvert_netsim)")
    if not os.access(TUN, os.R_OK | os.W_OK):
        programs.missing(f"{TUN}, for a simulated path")
    return path


def lay(world, seed=1, **options):
    """Lays the path; `options` are those of culvert-netsim, without dashes in front ("mtu_hole" as it is there)."""
    argv = [program(), world.vps.name, world.nas.name, "--address-a", f"{VPS}/24", "--address-b", f"{NAS}/24",
            "--seed", seed]
    for name, value in options.items():
        argv += [f"--{name.replace('_', '-')}", value]
    path = world.vps.spawn(argv, "netsim", graceful=True)
    path.wait_log("^ready")
    return path
