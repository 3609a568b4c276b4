"""The command line: commands, exit statuses, the daemon, wrong input."""

import json
import os
import pathlib
import re
import signal
import time
import uuid

import pytest

from harness import procs, programs
from harness.configs import Setup, usual_services
from harness.limits import judge
from harness.waiting import wait_until
from test_seed import BRIDGE, PORTAL

USER = "8a6b3f0e-4d1c-4c37-9a5e-0c1f2d3e4b5a"

GOOD_PORTAL = f"""\
version: 1
portal:
  listen: 16823
  id: {USER}
  publish:
    - listen: 80
      to: web
"""
GOOD_BRIDGE = f"""\
version: 1
bridge:
  server: vps.example.com:16823
  id: {USER}
  services:
    web: 127.0.0.1:80
"""


@pytest.fixture
def cli(shared_world, tmp_path_factory):
    return Cli(shared_world)


class Cli:
    def __init__(self, world):
        self.world = world
        self.host = world.vps
        self.directory = world.directory / f"cli{len(list(world.directory.glob('cli*')))}"
        self.directory.mkdir()

    def run(self, *arguments, status=0, timeout=20):
        """Runs culvert; checks the exit status and returns the result."""
        result = self.host.run(programs.culvert(), *arguments, check=False, timeout=timeout)
        assert result.returncode == status, (
            f"{arguments}: {result.returncode}, expected {status}\n{result.stdout}\n{result.stderr}")
        assert not procs.SANITIZER.search(result.stderr), result.stderr
        return result

    def file(self, text, name="config.yaml", mode=0o600):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return path


# small commands


def test_version(cli):
    for arguments in (("version",), ("--version",)):
        lines = cli.run(*arguments).stdout.splitlines()
        assert re.fullmatch(r"culvert \d+\.\d+\.\d+\S*", lines[0]), lines
        assert any(line.startswith("Poco 1.14") for line in lines), lines
        assert any(line.startswith("OpenSSL 3") for line in lines), lines
    assert json.loads(cli.run("version", "--json").stdout)


def test_id(cli):
    ids = {cli.run("id").stdout.strip() for _ in range(5)}
    assert len(ids) == 5
    for text in ids:
        assert uuid.UUID(text).version == 4 and text == text.lower() and len(text) == 36


def test_schema_is_json_schema(cli):
    schema = json.loads(cli.run("schema").stdout)
    assert "$schema" in schema
    assert {"bridge", "portal", "log"} <= set(schema["properties"])


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("run", "--no-such-option"), ("convert", "x.yaml"),
                                       ("init",), ("init", "router"), ("check", "a", "b", "c"),
                                       ("convert", "x.yaml", "--to", "xml")])
def test_wrong_command_line_is_64_with_usage(cli, arguments):
    result = cli.run(*arguments, status=64)
    assert "usage" in result.stderr.lower()


# check


def test_check_good_files(cli):
    for text in (GOOD_PORTAL, GOOD_BRIDGE):
        result = cli.run("check", cli.file(text))
        assert re.search(r"config\.yaml: 0 errors, 0 warnings", result.stdout), result.stdout + result.stderr
    assert "127.0.0.1:80" in result.stdout, "the reach table (REACH-9)"


def test_check_the_seed_warns(cli):
    for source, wanted in ((PORTAL, ("KEY-7|published|public|example", "alterId|alter_id")),
                           (BRIDGE, ("KEY-7|published|public|example", "alterId|alter_id", "reach"))):
        copy = cli.file(source.read_text(), source.name)
        result = cli.run("check", copy)
        assert re.search(r"0 errors, [1-9]\d* warnings?", result.stdout), result.stdout
        for words in wanted:
            assert re.search(words, result.stderr), f"{words}:\n{result.stderr}"
        cli.run("check", "--strict", copy, status=1)
        assert "b831381d" not in result.stderr + result.stdout, "KEY-4"


def test_check_says_all_errors_at_once_with_place_and_hint(cli):
    text = GOOD_PORTAL.replace("listen: 16823", "listen: 080").replace("to: web", "too: web")
    result = cli.run("check", cli.file(text), status=2)
    assert re.search(r"config\.yaml:3:\d+: error: portal\.listen: .*0", result.stderr), result.stderr
    assert re.search(r'config\.yaml:7:\d+: error: portal\.publish\[0\].*too.*did you mean "to"', result.stderr)
    assert result.stderr.count("error:") <= 3


WRONG = {
    "unknown root key": (GOOD_BRIDGE.replace("bridge:", "brigde:"), r':2:1: error: brigde: .*did you mean "bridge"'),
    "letter O": (GOOD_PORTAL.replace("listen: 80\n", "listen: 8O\n"), r"portal\.publish\[0\]\.listen: .*8O"),
    "leading zero": (GOOD_PORTAL.replace("listen: 80\n", "listen: 080\n"), r"write 80"),
    "key twice": (GOOD_BRIDGE + f"  id: {USER}\n", r"bridge\.id: given twice"),
    "no port": (GOOD_BRIDGE.replace(":16823", ""), r'bridge\.server: .*vps\.example\.com'),
    "not a uuid": (GOOD_BRIDGE.replace(USER, "1234"), r"bridge\.id: .*UUID"),
    "tab": (GOOD_BRIDGE.replace("  server", "\tserver"), r":3:1: error: .*tab"),
    "list for map": (GOOD_BRIDGE.replace("    web", "    - web"), r'expected a map.*remove the "- "'),
    "higher version": (GOOD_BRIDGE.replace("version: 1", "version: 2"), r"newer Culvert"),
    "port used twice": (GOOD_PORTAL + "    - {listen: 80, to: ssh}\n", r"80.*already used.*line 6"),
    "unknown bridge": (GOOD_PORTAL.replace("to: web", "to: nas3/web"), r"nas3"),
    "unquoted v6": (GOOD_PORTAL.replace("listen: 80\n", "listen: [::]:80\n"), r"quotes"),
    "tls later": (GOOD_PORTAL + "  tls: {cert: a, key: b}\n", r"portal\.tls: not in this version"),
    "transport later": (GOOD_BRIDGE + "  transport: ws\n", r"bridge\.transport: not in this version"),
    "shadowsocks later": (GOOD_BRIDGE + "  protocol: shadowsocks\n", r"not in this version"),
    "empty value": (GOOD_BRIDGE.replace("server: vps.example.com:16823", "server:"), r"bridge\.server: .*empty"),
    "nothing to expose": (GOOD_BRIDGE.split("  services")[0], r"nothing to expose"),
    "merge key": (GOOD_BRIDGE + "  <<: {a: b}\n", r"not supported"),
    "two documents": (GOOD_BRIDGE + "---\nversion: 1\n", r"error"),
    "url": (GOOD_BRIDGE.replace("vps.example.com:16823", "https://vps.example.com"), r"https://"),
    "yes": (GOOD_PORTAL + "      optional: yes\n", r"true or false"),
    "empty file": ("", r"empty"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_yaml_is_2_with_place(cli, what):
    text, pattern = WRONG[what]
    file = cli.file(text)
    began = time.monotonic()
    result = cli.run("check", file, status=2)
    judge("CFG-1.refused", time.monotonic() - began)
    assert re.search(pattern, result.stderr), result.stderr
    assert re.search(r"config\.yaml:\d+:\d+: error: ", result.stderr), result.stderr
    again = cli.run("run", "-c", file, f"--state={cli.directory}", status=2)
    assert re.search(pattern, again.stderr), "run says the same"
    assert USER not in result.stderr + result.stdout, "KEY-4"


WRONG_JSON = {
    "unknown key": ('"alterId"', '"alterid2"', 0, r"alterid2.*did you mean|unknown key"),
    "rule to nowhere": ('"outboundTag": "portal"', '"outboundTag": "nowhere"', 2, r"nowhere"),
    "port as text in settings": ('"port": 7000', '"port": "7000"', 2, r"port"),
    "port too big": ('"port": 16823', '"port": 70000', 2, r"70000"),
    "unknown protocol": ('"dokodemo-door"', '"dokodemo-dor"', 2, r"dokodemo"),
    "stream settings": ('"tag": "tunnel",', '"tag": "tunnel", "streamSettings": {"network": "ws"},', 2,
                        r"not in this version"),
    "clients misspelt": ('"clients"', '"client"', None, r"clients"),
    "text behind": (None, "garbage", 2, r"after|behind|end"),
    "not json": (None, None, 2, r"error"),
}


@pytest.mark.parametrize("what", WRONG_JSON)
def test_wrong_json(cli, what):
    """Errors with place; what V2Ray ignores silently is said."""
    old, new, status, pattern = WRONG_JSON[what]
    text = Setup(id=USER, alter_id=0).portal_json()
    if what == "text behind":
        text += new
    elif what == "not json":
        text = "{ not json"
    else:
        assert old in text
        text = text.replace(old, new, 1)
    file = cli.file(text, "config.json")
    result = cli.host.run(programs.culvert(), "check", file, check=False)
    if status is not None:
        assert result.returncode == status, result.stdout + result.stderr
    else:
        assert result.returncode in (0, 2)
    assert re.search(r"config\.json:\d+:\d+: (error|warning): ", result.stderr), result.stderr
    assert re.search(pattern, result.stderr), result.stderr


def test_check_format_json(cli):
    result = cli.run("check", "--format", "json", cli.file(WRONG["letter O"][0]), status=2)
    found = json.loads(result.stdout if result.stdout.strip().startswith("[") else result.stderr)
    assert {"file", "line", "column", "path", "severity", "code", "message"} <= set(found[0])
    assert found[0]["path"] == "portal.publish[0].listen"


def test_check_explain(cli):
    result = cli.run("check", "--explain", "80", cli.file(GOOD_PORTAL))
    assert "external" in result.stdout and "portal" in result.stdout and "web" in result.stdout


@pytest.mark.parametrize("what", ["missing", "directory", "fifo"])
def test_unreadable_file_is_3(cli, what):
    path = cli.directory / "config.yaml"
    if what == "directory":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    for command in (("check", path), ("run", "-c", path)):
        result = cli.run(*command, status=3)
        assert "config.yaml" in result.stderr


# convert and init


def test_convert_the_seed_and_back(cli):
    """Node A's file to YAML and to V2Ray again: the same values; B's differs by `deny` alone."""
    for source in (BRIDGE, PORTAL):
        copy = cli.file(source.read_text(), source.name)
        friendly = cli.run("convert", copy, "--to", "yaml").stdout
        assert "advanced" not in friendly, friendly
        back = json.loads(cli.run("convert", cli.file(friendly), "--to", "v2ray").stdout)
        bare = "\n".join(line.split("//")[0] for line in source.read_text().splitlines())
        wanted = json.loads(bare)
        if source is PORTAL:
            back["outbounds"] = [o for o in back.get("outbounds", []) if o["tag"] != "deny"]
            wanted.setdefault("outbounds", [])
        assert back == wanted
    assert cli.run("convert", copy, "--from", "v2ray").stdout == friendly


def test_convert_never_overwrites(cli):
    file = cli.file(GOOD_PORTAL)
    out = cli.directory / "out.json"
    cli.run("convert", file, "--to", "v2ray", "-o", out)
    assert out.stat().st_mode & 0o777 == 0o600
    before = out.read_text()
    cli.run("convert", file, "--to", "v2ray", "-o", out, status=74)
    assert out.read_text() == before


def test_convert_keeps_secrets_back(cli):
    """A reference is resolved only when asked for."""
    programs.write_private(cli.directory / "nas.id", USER + "\n")
    file = cli.file(GOOD_PORTAL.replace(f"id: {USER}", "id: {file: nas.id}"))
    result = cli.run("convert", file, "--to", "v2ray", status=2)
    assert "portal.id" in result.stderr and USER not in result.stderr + result.stdout
    assert USER in cli.run("convert", file, "--to", "v2ray", "--show-secrets").stdout


@pytest.mark.parametrize("role", ["bridge", "portal"])
def test_init_writes_a_good_private_file_and_the_twin(cli, role):
    out = cli.directory / "made.yaml"
    result = cli.run("init", role, "--server", "vps.example.com:16823", "-o", out)
    assert out.stat().st_mode & 0o777 == 0o600
    cli.run("check", out)
    text = out.read_text()
    user = re.search(r"\bid: ([0-9a-f-]{36})", text).group(1)
    twin = result.stdout
    assert user in twin, "the twin for the other side has the same id"
    assert ("portal:" in twin) == (role == "bridge")
    before = out.read_text()
    cli.run("init", role, "-o", out, status=74)
    assert out.read_text() == before


# the daemon


@pytest.fixture
def daemon_file(cli):
    text = Setup(id=USER, form="yaml", services=usual_services(named=True)[:1], tunnel_port=17001).portal_yaml()
    return cli.file(text.replace("listen: 8080", "listen: 8088"))


def daemon(cli, file, *more, status=0):
    pidfile = cli.directory / "culvert.pid"
    cli.run("run", "-c", file, "--daemon", f"--pidfile={pidfile}", f"--state={cli.directory}", *more, status=status)
    return pidfile


def end(pid):
    """SIGTERM to a daemon of ours, and waits until it is gone."""
    os.kill(pid, signal.SIGTERM)

    def gone():
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
        except OSError:
            return True

    wait_until(gone, 15, f"daemon {pid} ends")


def test_daemon_with_pid_file(cli, daemon_file):
    """The parent ends with 0 once all is bound; the pid file is locked while it lives and gone afterwards."""
    pidfile = daemon(cli, daemon_file)
    pid = int(pidfile.read_text())
    try:
        assert cli.host.listens(17001) and cli.host.listens(8088), "bound before the parent ended"
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^Umask:\s+0027$", status, re.M), status
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        assert int(fields[3]) != os.getsid(0), "its own session"
        second = cli.run("run", "-c", cli.file(daemon_file.read_text().replace("17001", "17002").replace("8088", "8089"),
                                               "second.yaml"), "--daemon", f"--pidfile={pidfile}",
                         f"--state={cli.directory}/2", status=74)
        assert f"already running (pid {pid})" in second.stderr, second.stderr
    finally:
        end(pid)
    assert not pidfile.exists()


def test_left_over_pid_file_is_overwritten_F_KILL9(cli, daemon_file):
    pidfile = cli.directory / "culvert.pid"
    pidfile.write_text(f"{os.getpid()}\n")
    daemon(cli, daemon_file)
    pid = int(pidfile.read_text())
    assert pid != os.getpid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not cli.host.listens(17001), 5, "it is gone")
    assert pidfile.exists()
    daemon(cli, daemon_file)
    end(int(pidfile.read_text()))


def test_daemon_tells_its_failure(cli, daemon_file):
    """Message and status of the child come out of the parent."""
    with cli.host.socket() as taken:
        taken.bind(("0.0.0.0", 8088))
        taken.listen()
        pidfile = cli.directory / "culvert.pid"
        result = cli.run("run", "-c", daemon_file, "--daemon", f"--pidfile={pidfile}", f"--state={cli.directory}",
                         status=74)
        assert "8088" in result.stderr
        assert not pidfile.exists()
    daemon(cli, cli.file(WRONG["letter O"][0], "bad.yaml"), status=2)


def test_listener_that_cannot_bind_is_74(cli, daemon_file):
    with cli.host.socket() as taken:
        taken.bind(("0.0.0.0", 17001))
        taken.listen()
        result = cli.run("run", "-c", daemon_file, f"--state={cli.directory}", status=74)
        assert "17001" in result.stderr and "in use" in result.stderr


def test_pid_file_that_cannot_be_written_is_74(cli, daemon_file):
    cli.run("run", "-c", daemon_file, "--pidfile=/nonexistent/culvert.pid", f"--state={cli.directory}", status=74)


def test_user_is_dropped_to_PRIV_1(cli, daemon_file):
    """Bound as root, run as nobody: no uid, gid, group or capability of root is left, and none comes back."""
    cli.directory.chmod(0o755)
    cli.world.directory.chmod(0o755)
    pidfile = daemon(cli, daemon_file, "--user=nobody")
    pid = int(pidfile.read_text())
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^Uid:(\s+65534){4}$", status, re.M), status
        assert not re.search(r"^Gid:.*\b0\b", status, re.M), status
        assert not re.search(r"^Groups:.*\b0\b", status, re.M), status
        assert re.search(r"^CapEff:\s+0+$", status, re.M), status
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M), status
    finally:
        end(pid)


def test_unknown_user_refused(cli, daemon_file):
    result = cli.host.run(programs.culvert(), "run", "-c", daemon_file, "--user=no-such-user",
                          f"--state={cli.directory}", check=False)
    assert result.returncode in (2, 64, 74), result.returncode
    assert "no-such-user" in result.stderr


def test_log_file_and_access_lines(world):
    """`log.file`, `log.access`: one line per finished flow, in the stated form."""
    from harness.tunnel import Tunnel

    setup = Setup(form="yaml", services=usual_services(named=True))
    setup.extra_yaml = "log:\n  level: info\n  file: culvert.log\n  access: access.log\n"
    tunnel = Tunnel(world, "culvert", "culvert", setup)
    flow = tunnel.download(10_240)
    assert flow.finish().kind == "COMPLETE"
    access = world.directory / "portal" / "access.log"
    line = wait_until(lambda: next((l for l in access.read_text().splitlines() if "down=10240" in l), None)
                      if access.exists() else None, 10, "the access line")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d \[\d+\] from=10\.81\.1\.2:\d+ in=\S+ to=tcp:\S+ "
        r"out=portal\S*( user=\S+)? up=\d+ down=10240 time=\d+\.\d{3} end=ok", line), line
    log = (world.directory / "portal" / "culvert.log").read_text()
    assert re.search(r"^\d{4}-\d\d-\d\dT\S+ info reverse: link \d+ ", log, re.M), log
    since = access.rename(world.directory / "portal" / "access.old")
    tunnel.portal.signal(signal.SIGHUP)
    wait_until(access.exists, 10, "SIGHUP opens the log files anew")
    assert since.exists()
