"""Byte streams that betray a missing, doubled, moved or foreign byte.

The stream of a seed is a random block of prime length, repeated, begun at a place that depends on the seed.
A prime length, because losses in protocols come in round sizes: a stream that lost 64 KiB no longer fits.
"""

import random

PERIOD = 1_048_583
LONGEST = 1 << 20  # the longest piece that take() gives

_block = random.Random(20231).randbytes(PERIOD)
_twice = _block + _block


def take(seed, position, length):
    """`length` (at most LONGEST) bytes of the stream from `position`."""
    start = (seed * 48_611 + position) % PERIOD
    return _twice[start : start + length]


def whole(seed, length):
    """The first `length` bytes of the stream, of any length."""
    pieces = []
    for position in range(0, length, LONGEST):
        pieces.append(take(seed, position, min(LONGEST, length - position)))
    return b"".join(pieces)


def fits(seed, position, data):
    """Whether `data` is what the stream has at `position`."""
    view = memoryview(data)
    for offset in range(0, len(data), LONGEST):
        piece = view[offset : offset + LONGEST]
        if bytes(piece) != take(seed, position + offset, len(piece)):
            return False
    return True
