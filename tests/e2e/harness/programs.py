"""The programs that can play a role, and where they are.

    culvert    CULVERT_BIN, else build/release/bin/culvert of this checkout
    v2ray      Debian's v2ray 4.34
    v2ray5     CULVERT_PEER_V2RAY5
    xray       CULVERT_PEER_XRAY
    naive      tools/relay.py, which does everything right
    bad:FAULT  the same with one fault

CULVERT_E2E_ROLES (PORTAL or PORTAL,BRIDGE) replaces the pair of tests that do not choose one: so the tests
themselves are tried on other programs.
"""

import os
import pathlib
import shutil

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
CHECKOUT = TESTS.parent.parent
RELAY = TESTS / "tools" / "relay.py"
NOT_GRACEFUL = ("v2ray", "v2ray5", "xray")


def missing(what):
    """A missing ability: a loud skip for a developer, a failure where CULVERT_E2E_STRICT is set."""
    if os.environ.get("CULVERT_E2E_STRICT"):
        pytest.fail(f"missing: {what}")
    pytest.skip(f"MISSING: {what}")


def default_roles():
    roles = os.environ.get("CULVERT_E2E_ROLES", "culvert").split(",")
    return roles[0], roles[-1]


def culvert():
    path = pathlib.Path(os.environ.get("CULVERT_BIN", CHECKOUT / "build/release/bin/culvert")).resolve()
    if not path.exists():
        pytest.fail(f"no program at {path}; build it or set CULVERT_BIN")
    return path


def binary(kind):
    """The program of a role, or a skip that says what is missing."""
    if kind == "culvert":
        return culvert()
    if kind == "v2ray":
        return shutil.which("v2ray") or missing("v2ray 4.34 (package v2ray)")
    variable = {"v2ray5": "CULVERT_PEER_V2RAY5", "xray": "CULVERT_PEER_XRAY"}[kind]
    path = os.environ.get(variable)
    if not path or not os.path.exists(path):
        missing(f"{kind}: set {variable}")
    return path


def is_relay(kind):
    return kind == "naive" or kind.startswith("bad:")


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            missing(tool)


def start(kind, role, host, setup, directory, form=None, nofile=None, text=None, arguments=(), env=None, tag=""):
    """Starts a program in a role ("portal" or "bridge") and returns the Process."""
    directory = pathlib.Path(directory)
    directory.mkdir(exist_ok=True)
    name = f"{role}{tag}-{kind.replace(':', '-')}"
    if is_relay(kind):
        return _start_relay(kind, role, host, setup, name, nofile)
    form = form or (setup.form if kind == "culvert" else "json")
    content = text if text is not None else (setup.portal(form) if role == "portal" else setup.bridge(form))
    file = directory / f"{role}{tag}.{form}"
    write_private(file, content)
    return start_file(kind, host, file, name, directory, nofile, arguments, env)


def start_file(kind, host, file, name, directory, nofile=None, arguments=(), env=None):
    """Starts a program on a configuration file that is there already."""
    if kind == "culvert":
        state = pathlib.Path(directory) / f"state-{name}"
        argv = [binary(kind), "run", "-c", file, f"--state={state}", *arguments]
        state.mkdir(exist_ok=True)
    elif kind == "v2ray":
        argv = [binary(kind), "-config", file]
    else:
        argv = [binary(kind), "run", "-c", file]
    return host.spawn(argv, name, nofile=nofile, graceful=kind not in NOT_GRACEFUL, env=env)


def _start_relay(kind, role, host, setup, name, nofile):
    argv = [RELAY, role, "--tunnel", setup.tunnel_port]
    if kind != "naive":
        argv += ["--fault", kind.split(":", 1)[1]]
    if role == "portal":
        for s in setup.services:
            for network in s.network.split(","):
                argv += ["--publish", f"{network},{s.port},{s.target_host},{s.target_port}"]
    else:
        argv += ["--server", host.world.server_address]
    return host.spawn(argv, name, nofile=nofile)


def write_private(path, text):
    """Writes a file that only its owner reads, as configurations with ids must be."""
    path = pathlib.Path(path)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
    return path
