"""What must not be told: secrets, payload, and the process's memory."""

import base64
import pathlib
import time
import uuid

import pytest

from harness import programs, traffic, vmess
from harness.configs import TUNNEL_PORT, Setup, fresh_id
from harness.tunnel import Tunnel
from harness.waiting import wait_until

LOUD = "log:\n  level: debug\n  access: stdout\n"
MARK = b"payload-that-no-log-may-show"


def forms(secret):
    """What a careless program would write of an id."""
    raw = uuid.UUID(secret).bytes
    key = vmess.cmd_key(secret)
    plain = [secret, secret.replace("-", ""), raw.hex(), key.hex(), *secret.split("-")[-1:]]
    coded = [base64.b64encode(b).decode().rstrip("=") for b in (raw, key, secret.encode())]
    return [form.lower() for form in plain] + coded


def hits(text, secrets):
    """The forms of secrets that stand in the text."""
    lower = text.lower()
    return [form for secret in secrets for form in forms(secret) if form in text or form in lower]


@pytest.mark.asan
def test_no_output_holds_a_secret_KEY_4_LOG_2(world):
    """Both ends at debug level through their whole lives, strangers, errors, reloads, `check`: no id, no payload."""
    user, other, stranger = fresh_id(), fresh_id(), fresh_id()
    setup = Setup(form="yaml", id=user, extra_yaml=LOUD)
    tunnel = Tunnel(world, setup=setup)
    with world.visitor.connect(tunnel.address()) as sock:
        sock.sendall(b'{"id": "%s", "echo": true}\n' % MARK)
    for of in (user, stranger):
        with world.nas.connect((world.server_address, TUNNEL_PORT)) as sock:
            sock.sendall(vmess.Request(of, MARK.decode(), 80, at=time.time() - 500).seal())
            sock.sendall(vmess.Request(of, MARK.decode(), 80).seal()[:-1] + b"x")
    traffic.probe_once(world.visitor, tunnel.address())
    outputs = []
    for role, process in (("portal", tunnel.portal), ("bridge", tunnel.bridge)):
        file = world.directory / role / f"{role}.yaml"
        good = file.read_text()
        spoilt = {
            "short": good.replace(user, user[:-1]),
            "long": good.replace(user, user + user),
            "key": good.replace(f"id: {user}", f"di: {user}"),
            "twice": good.replace(f"id: {user}", f"id: {user}\n  id: {other}"),
            "list": good.replace(f"id: {user}", f"id: [{user}]"),
            "place": good.replace("version: 1", f"version: {user}"),
        }
        for name, text in {"good": good, **spoilt}.items():
            copy = programs.write_private(world.directory / f"{role}-{name}.yaml", text)
            for more in ((), ("--explain",), ("--format", "json"), ("--strict",)):
                result = world.visitor.run(programs.culvert(), "check", copy, *more, check=False)
                outputs.append((f"check {role} {name} {more}", result.stdout + result.stderr))
        size = process.log_size()
        programs.write_private(file, spoilt["key"])
        process.signal(1)
        process.wait_log("(?i)reload|unchanged|keep", 5, size)
        programs.write_private(file, good)
    for process in (tunnel.bridge, tunnel.portal):
        process.terminate()
    outputs += [(p.name, p.log_text()) for p in (tunnel.portal, tunnel.bridge)]
    found = [(name, hit) for name, text in outputs for hit in hits(text, (user, other, stranger))]
    assert not found, found
    shown = [name for name, text in outputs if MARK.decode() in text and "check" not in name]
    lines = [line for _, text in outputs for line in text.splitlines() if MARK.decode() in line]
    assert not shown or all("refused" in line for line in lines), lines
    assert any("debug" in text for _, text in outputs), "the programs were loud"


def test_rejections_are_told_here_only_LOG_5(world):
    """The portal's log has source, inbound and reason of a refused opening; the stranger gets nothing."""
    tunnel = Tunnel(world, setup=Setup(form="yaml", extra_yaml=LOUD))
    with world.nas.connect((world.server_address, TUNNEL_PORT)) as sock:
        sock.sendall(vmess.Request(fresh_id(), "private.cloud.com", 0).seal() + b"?" * 100)
        tunnel.portal.wait_log(r"refused an opening from 10\.81\.2\.2 at \S+: \w+", 5)
        sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            sock.recv(10)


@pytest.mark.parametrize("role", ["portal", "bridge"])
def test_memory_is_not_for_others_KEY_3(world, role):
    """No core, no reading of the memory by others, no id in the command line or the environment."""
    tunnel = Tunnel(world)
    process = getattr(tunnel, role)
    proc = pathlib.Path(f"/proc/{process.pid}")
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (proc / "limits").read_text().splitlines()}
    assert limits["Max core file size"] == ["0", "0"]
    # The kernel gives the files of a process that may not be dumped to root.
    status = (proc / "status").read_text()
    assert "NoNewPrivs:\t1" in status
    for name in ("cmdline", "environ"):
        assert not hits((proc / name).read_bytes().decode("utf-8", "replace"), [tunnel.setup.id])
