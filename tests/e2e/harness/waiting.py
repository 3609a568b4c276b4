"""Waiting for a condition with a deadline: the only way tests synchronise."""

import time


class Late(AssertionError):
    """A condition did not come true in time."""


def wait_until(condition, timeout, what, interval=0.005):
    """Polls `condition` until it is true and returns its value; raises Late after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Late(f"not within {timeout:g} s: {what}")
        time.sleep(interval)  # the pause between two looks, not a synchronisation


def let_pass(seconds, why):
    """Lets time pass because the time itself is the thing under test (a hole of 3 s, a delay of 0.5 s)."""
    assert why
    time.sleep(seconds)
