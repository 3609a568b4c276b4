"""Fixtures, the figures of the run, the state of the world on a failure, and the check for leftovers."""

import os
import pathlib
import shutil
import tempfile

import pytest

from harness import limits, procs, world as worlds

DEFAULT_MARKERS = "not peers"  # as in pytest.ini
WORK = pathlib.Path(tempfile.gettempdir()) / f"cv{os.getpid()}"


def pytest_configure(config):
    if config.option.collectonly:
        return
    if os.geteuid() != 0:
        raise pytest.UsageError("the end-to-end tests make network namespaces: run them as root")
    os.umask(0o077)
    procs.sweep_orphans()
    worlds.become_private()
    WORK.mkdir(exist_ok=True)


def pytest_collection_modifyitems(config, items):
    """With an instrumented program: the marked cases, unless others were asked for by `-m`."""
    if limits.INSTRUMENTED and config.option.markexpr == DEFAULT_MARKERS:
        chosen = [item for item in items if item.get_closest_marker("asan")]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


def pytest_sessionfinish(session, exitstatus):
    if session.config.option.collectonly:
        return
    complaints = [f"process {pid} left over: {command}" for pid, command in procs.owned_by(os.getpid())]
    complaints += [f"namespace {name} left over" for name in worlds.namespaces()]
    session.config.complaints = complaints
    if complaints:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    elif exitstatus in (0, 5) and not os.environ.get("CULVERT_E2E_KEEP"):
        shutil.rmtree(WORK, ignore_errors=True)


def pytest_terminal_summary(terminalreporter, exitstatus, config):
    for name, value, unit in limits.figures:
        text = f"{value:.4g}" if isinstance(value, float) else value
        terminalreporter.write_line(f"figure {name} {text} {unit}")
    for complaint in getattr(config, "complaints", ()):
        terminalreporter.write_line(f"LEFT OVER: {complaint}", red=True)
    if exitstatus not in (0, 5):
        terminalreporter.write_line(f"logs are in {WORK}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for name in ("world", "shared_world"):
            world = item.funcargs.get(name)
            if world is None or not world.hosts:
                continue
            if "Timeout" in str(report.longrepr)[-200:]:
                report.sections.append(("stacks", world.stacks()))
            report.sections.append(("state of the world", world.dump()))


def _world(request, name, **options):
    directory = WORK / name.replace("/", "_").replace("[", "-").replace("]", "").replace(" ", "-")[:100]
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    directory.chmod(0o711)
    world = worlds.World(directory, **options)
    yield world
    complaints = world.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def world(request):
    """Three fresh hosts."""
    yield from _world(request, request.node.name)


@pytest.fixture
def world6(request):
    """Three hosts without any IPv4 address, loopback included."""
    yield from _world(request, request.node.name, ipv6_only=True)


@pytest.fixture(scope="module")
def shared_world(request):
    """Hosts for a whole file, for matrices of small exchanges."""
    yield from _world(request, request.module.__name__)
