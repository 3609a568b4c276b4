"""Mux.Cool frames and the reverse control message."""

import dataclasses
import struct

from . import vmess

NEW, KEEP, END, KEEPALIVE = 1, 2, 3, 4
DATA, ERROR, HALF_CLOSE = 0x01, 0x02, 0x04
NET_TCP, NET_UDP = 1, 2

# What the control session is called by different portals.
NAME_V2FLY, NAME_V2RAY, NAME_XRAY, NAME_OLD_XRAY = (
    "reverse.internal.v2fly.org", "reverse.internal.v2ray.com", "reverse", "reverse.internal.example.com")
CONTROL_NAMES = (NAME_V2RAY, NAME_V2FLY, NAME_OLD_XRAY, NAME_XRAY)


@dataclasses.dataclass
class Frame:
    id: int
    status: int
    option: int = 0
    network: int = 0
    host: str = ""
    port: int = 0
    data: bytes = None
    trailing: bytes = b""

    def encode(self):
        meta = struct.pack(">HBB", self.id, self.status, self.option | (DATA if self.data is not None else 0))
        if self.status == NEW:
            meta += bytes([self.network]) + vmess.address(self.host, self.port)
        meta += self.trailing
        tail = struct.pack(">H", len(self.data)) + self.data if self.data is not None else b""
        return struct.pack(">H", len(meta)) + meta + tail

    def is_control(self):
        return self.status == NEW and self.network == NET_UDP and self.port == 0 and self.host in CONTROL_NAMES


def new(number, host, port, data=None, network=NET_TCP, trailing=b""):
    return Frame(number, NEW, 0, network, host, port, data, trailing)


def keep(number, data=None, option=0):
    return Frame(number, KEEP, option, data=data)


def end(number, error=False):
    return Frame(number, END, ERROR if error else 0)


class Parser:
    """Frames from a stream of bytes in any pieces."""

    def __init__(self):
        self.buffer = b""

    def feed(self, data):
        self.buffer += data
        frames = []
        while (frame := self._one()) is not None:
            frames.append(frame)
        return frames

    def _one(self):
        if len(self.buffer) < 2:
            return None
        length = struct.unpack_from(">H", self.buffer)[0]
        assert 4 <= length <= 512, f"frame with {length} bytes of metadata"
        if len(self.buffer) < 2 + length:
            return None
        meta, rest = self.buffer[2 : 2 + length], self.buffer[2 + length :]
        number, status, option = struct.unpack_from(">HBB", meta)
        assert 1 <= status <= 4, f"frame with status {status}"
        frame, offset = Frame(number, status, option), 4
        if status == NEW:
            frame.network = meta[4]
            frame.host, frame.port, offset = vmess.read_address(meta, 5)
        frame.trailing = meta[offset:]
        if option & DATA:
            if len(rest) < 2:
                return None
            size = struct.unpack_from(">H", rest)[0]
            if len(rest) < 2 + size:
                return None
            frame.data, rest = rest[2 : 2 + size], rest[2 + size :]
        self.buffer = rest
        return frame


def _varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def control(drain=False, random=b"", features=None, interval=None, instance=None):
    """A control message; `features`, `interval` and `instance` are Culvert's own fields."""
    out = b"\x08\x01" if drain else b""
    if random:
        out += b"\x9a\x06" + _varint(len(random)) + random
    if features is not None:
        out += b"\xc0\x0c" + _varint(features)
    if interval is not None:
        out += b"\xc8\x0c" + _varint(interval)
    if instance is not None:
        out += b"\xd2\x0c" + _varint(len(instance)) + instance
    return out


def read_control(data):
    """{field number: value} of a control message."""
    fields, offset = {}, 0

    def varint():
        nonlocal offset
        value = shift = 0
        while True:
            byte = data[offset]
            offset += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while offset < len(data):
        key = varint()
        if key & 7 == 0:
            fields[key >> 3] = varint()
        elif key & 7 == 2:
            length = varint()
            fields[key >> 3] = data[offset : offset + length]
            assert len(fields[key >> 3]) == length, "truncated"
            offset += length
        else:
            raise ValueError(f"wire type {key & 7}")
    return fields
