"""Runs culvert-bench, the load generator, and reads what it reports."""

import contextlib
import json
import subprocess
import threading
import time

from process import CpuRecorder

SLACK_SECONDS = 20  # beyond what a load is told to take


class LoadError(Exception):
    """The load generator reported an error or nothing."""


class _Load:
    """A running load.  The first line of its output is its report; one that never comes ends it."""

    def __init__(self, program, words, seconds):
        self._name = " ".join(map(str, words))
        self._process = subprocess.Popen([program, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True)
        self._watchdog = threading.Timer(seconds + SLACK_SECONDS, self._process.kill)
        self._watchdog.start()

    def report(self):
        line = self._process.stdout.readline()
        self.reported = time.monotonic()
        if not line:
            raise LoadError(f"{self._name}: {self.end() or 'no report'}")
        return json.loads(line)

    def end(self):
        """Tells it to end, by closing its input, and returns what it complained about."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        errors = self._process.stderr.read().strip()[-300:]
        self.status = self._process.wait()
        self._watchdog.cancel()
        self._process.stdout.close()
        self._process.stderr.close()
        return errors


def run(program, *words, seconds=0, watch=()):
    """Runs one load to its end.

    Returns its figures and a function that gives the CPU seconds which the processes `watch` used in a window of so many
    seconds that ended when the load reported.
    """
    recorder = CpuRecorder(watch)
    load = _Load(program, words, seconds)
    try:
        figures = load.report()
    finally:
        recorder.stop()
        load.end()
    return figures, lambda window: recorder.between(load.reported - window, load.reported)


@contextlib.contextmanager
def held(program, *words, seconds=0):
    """A load that reports once, and then holds its connections for the length of the `with`.

    Raises LoadError at its end if a connection was lost meanwhile.
    """
    load = _Load(program, words, seconds)
    try:
        load.report()
        yield
    except BaseException:
        load.end()
        raise
    complaint = load.end()
    if load.status:
        raise LoadError(complaint)
