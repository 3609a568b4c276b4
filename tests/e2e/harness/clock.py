"""A wall clock of its own for a program: libfaketime, with the monotonic clock left alone."""

import pathlib

from . import programs


class Clock:
    """`env` starts a program under the clock; `step` sets how far it is off, in seconds, from then on."""

    def __init__(self, world, name):
        libraries = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not libraries:
            programs.missing("libfaketime")
        self.file = world.directory / f"clock-{name}"
        self.step(0)
        self.env = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self.file)
