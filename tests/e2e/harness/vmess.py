"""An independent VMess codec: AEAD headers, bodies of security 3, 4 and 5, both roles.

Written from the protocol's description and checked against V2Ray 4.34, so that Culvert does not only talk to
itself.
"""

import dataclasses
import hashlib
import os
import socket
import struct
import time
import uuid as uuids
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

TCP, UDP, MUX = 1, 2, 3
STREAM, MASK, PAD, AUTHLEN = 0x01, 0x04, 0x08, 0x10
GCM, CHACHA, NONE = 3, 4, 5


def md5(data):
    return hashlib.md5(data).digest()


def cmd_key(user):
    return md5(uuids.UUID(user).bytes + b"c48619fe-8f02-49e0-b9e9-edf763e17e21")


def fnv1a(data):
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return struct.pack(">I", value)


def _hmac_over(inner, key):
    if len(key) > 64:
        key = inner(key)
    key = key.ljust(64, b"\0")
    outer_pad = bytes(b ^ 0x5C for b in key)
    inner_pad = bytes(b ^ 0x36 for b in key)
    return lambda data: inner(outer_pad + inner(inner_pad + data))


def kdf(key, *path):
    function = lambda data: hashlib.sha256(data).digest()  # noqa: E731
    for salt in (b"VMess AEAD KDF", *path):
        function = _hmac_over(function, salt)
    return function(key)


def kdf16(key, *path):
    return kdf(key, *path)[:16]


def chacha_key(key):
    return md5(key) + md5(md5(key))


def _ecb(key):
    return Cipher(algorithms.AES(key), modes.ECB())


def make_auth_id(user, at=None):
    plain = struct.pack(">q", int(time.time() if at is None else at)) + os.urandom(4)
    plain += struct.pack(">I", zlib.crc32(plain))
    return _ecb(kdf16(cmd_key(user), b"AES Auth ID Encryption")).encryptor().update(plain)


def opens_auth_id(user, auth_id):
    """The time in an AuthID, or None if it is not this user's."""
    plain = _ecb(kdf16(cmd_key(user), b"AES Auth ID Encryption")).decryptor().update(auth_id)
    if struct.unpack(">I", plain[12:])[0] != zlib.crc32(plain[:12]):
        return None
    return struct.unpack(">q", plain[:8])[0]


def address(host, port):
    """Port, type, value."""
    head = struct.pack(">H", port)
    for family, kind in ((socket.AF_INET, 1), (socket.AF_INET6, 3)):
        try:
            return head + bytes([kind]) + socket.inet_pton(family, host)
        except OSError:
            continue
    name = host.encode()
    return head + bytes([2, len(name)]) + name


def read_address(data, offset):
    """(host, port, next offset)"""
    port, kind = struct.unpack_from(">HB", data, offset)
    offset += 3
    if kind == 1:
        return socket.inet_ntop(socket.AF_INET, data[offset : offset + 4]), port, offset + 4
    if kind == 3:
        return socket.inet_ntop(socket.AF_INET6, data[offset : offset + 16]), port, offset + 16
    if kind == 2:
        length = data[offset]
        return data[offset + 1 : offset + 1 + length].decode(), port, offset + 1 + length
    raise ValueError(f"address type {kind}")


@dataclasses.dataclass
class Request:
    """What a request header says.  Fields can be set to what no honest client sends."""

    user: str
    host: str = ""
    port: int = 0
    cmd: int = TCP
    sec: int = GCM
    opt: int = STREAM | MASK | PAD
    at: float = None
    version: int = 1
    target: bytes = None  # replaces port, type and address
    padding: int = None
    iv: bytes = dataclasses.field(default_factory=lambda: os.urandom(16))
    key: bytes = dataclasses.field(default_factory=lambda: os.urandom(16))
    v: int = dataclasses.field(default_factory=lambda: os.urandom(1)[0])

    def plain(self):
        pad = os.urandom(1)[0] % 16 if self.padding is None else self.padding
        head = bytes([self.version]) + self.iv + self.key
        head += bytes([self.v, self.opt, pad << 4 | self.sec, 0, self.cmd])
        if self.target is not None:
            head += self.target
        elif self.cmd != MUX:
            head += address(self.host, self.port)
        head += os.urandom(pad)
        return head + fnv1a(head)

    def seal(self):
        return seal_header(self.user, self.plain(), self.at)


def seal_header(user, plain, at=None):
    key, auth_id, nonce = cmd_key(user), make_auth_id(user, at), os.urandom(8)

    def sealed(what, data):
        k = kdf16(key, b"VMess Header AEAD Key" + what, auth_id, nonce)
        n = kdf(key, b"VMess Header AEAD Nonce" + what, auth_id, nonce)[:12]
        return AESGCM(k).encrypt(n, data, auth_id)

    return auth_id + sealed(b"_Length", struct.pack(">H", len(plain))) + nonce + sealed(b"", plain)


class Source:
    """Reads exact numbers of bytes from a socket."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def exactly(self, count):
        while len(self.buffer) < count:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(f"end with {len(self.buffer)} of {count} bytes")
            self.buffer += data
        piece, self.buffer = self.buffer[:count], self.buffer[count:]
        return piece


def open_header(user, source):
    """Reads a request header of this user; returns a Request."""
    auth_id = source.exactly(16)
    at = opens_auth_id(user, auth_id)
    if at is None:
        raise ValueError("not this user, or a legacy header")
    sealed_length, nonce, key = source.exactly(18), source.exactly(8), cmd_key(user)

    def opened(what, data):
        k = kdf16(key, b"VMess Header AEAD Key" + what, auth_id, nonce)
        n = kdf(key, b"VMess Header AEAD Nonce" + what, auth_id, nonce)[:12]
        return AESGCM(k).decrypt(n, data, auth_id)

    length = struct.unpack(">H", opened(b"_Length", sealed_length))[0]
    plain = opened(b"", source.exactly(length + 16))
    if fnv1a(plain[:-4]) != plain[-4:]:
        raise ValueError("header checksum")
    v, opt, security, _, cmd = plain[33:38]
    host, port = "", 0
    if cmd != MUX:
        host, port, _ = read_address(plain, 38)
    return Request(user, host, port, cmd, security & 15, opt, at, plain[0], iv=plain[1:17], key=plain[17:33], v=v)


def response_keys(request):
    return hashlib.sha256(request.key).digest()[:16], hashlib.sha256(request.iv).digest()[:16]


def _response_cipher(request, what):
    key, iv = response_keys(request)
    return (AESGCM(kdf16(key, b"AEAD Resp Header " + what + b"Key")),
            kdf(iv, b"AEAD Resp Header " + what + b"IV")[:12])


def seal_response(request, command=b"\0\0", v=None):
    plain = bytes([request.v if v is None else v, 0]) + command
    length, n = _response_cipher(request, b"Len ")
    header, m = _response_cipher(request, b"")
    return length.encrypt(n, struct.pack(">H", len(plain)), None) + header.encrypt(m, plain, None)


def open_response(request, source):
    length, n = _response_cipher(request, b"Len ")
    header, m = _response_cipher(request, b"")
    size = struct.unpack(">H", length.decrypt(n, source.exactly(18), None))[0]
    plain = header.decrypt(m, source.exactly(size + 16), None)
    if plain[0] != request.v:
        raise ValueError("response does not repeat V")
    return plain


class _Mask:
    """SHAKE128 of the seed, read as 16-bit numbers."""

    def __init__(self, seed):
        self.shake = hashlib.shake_128(seed)
        self.bytes, self.at = self.shake.digest(4096), 0

    def next(self):
        if self.at + 2 > len(self.bytes):
            self.bytes = self.shake.digest(4 * len(self.bytes))
        value = struct.unpack_from(">H", self.bytes, self.at)[0]
        self.at += 2
        return value


class _Body:
    def __init__(self, request, direction):
        key, iv = (request.key, request.iv) if direction == "request" else response_keys(request)
        self.sec, self.opt, self.iv, self.cmd = request.sec, request.opt, iv, request.cmd
        self.count = 0
        self.mask = _Mask(iv)
        self.overhead = 16 if request.sec in (GCM, CHACHA) else 0
        self.cipher = {GCM: lambda: AESGCM(key), CHACHA: lambda: ChaCha20Poly1305(chacha_key(key))}.get(
            request.sec, lambda: None)()
        self.chunked = bool(request.opt & STREAM) or request.sec in (GCM, CHACHA)
        self.masked = bool(request.opt & MASK)
        self.padded = bool(request.opt & PAD) and (request.sec != NONE or request.cmd == UDP)
        self.length_cipher = None
        if request.opt & AUTHLEN and self.cipher:
            length_key = kdf16(request.key, b"auth_len")
            self.length_cipher = (AESGCM(length_key) if request.sec == GCM
                                  else ChaCha20Poly1305(chacha_key(length_key)))
            self.length_iv = request.iv
            self.masked = False

    def _nonce(self, iv):
        return struct.pack(">H", self.count & 0xFFFF) + iv[2:12]

    def _pad(self):
        return self.mask.next() % 64 if self.padded else 0


class Writer(_Body):
    """Chunks of one direction."""

    def chunk(self, data):
        if not self.chunked:
            return data
        pad = self._pad()
        sealed = self.cipher.encrypt(self._nonce(self.iv), data, None) if self.cipher else data
        size = len(sealed) + pad
        if self.length_cipher:
            length = self.length_cipher.encrypt(self._nonce(self.length_iv), struct.pack(">H", size - 16), None)
        else:
            length = struct.pack(">H", size ^ (self.mask.next() if self.masked else 0))
        self.count += 1
        return length + sealed + os.urandom(pad)

    def data(self, data, largest=8000):
        return b"".join(self.chunk(data[i : i + largest]) for i in range(0, len(data), largest))

    def end(self):
        return self.chunk(b"") if self.chunked else b""


class Reader(_Body):
    """Payloads of one direction; None is the end."""

    def read(self, source):
        if not self.chunked:
            if source.buffer:
                data, source.buffer = source.buffer, b""
                return data
            return source.sock.recv(65536) or None
        pad = self._pad()
        if self.length_cipher:
            raw = source.exactly(18)
            size = struct.unpack(">H", self.length_cipher.decrypt(self._nonce(self.length_iv), raw, None))[0] + 16
        else:
            try:
                raw = source.exactly(2)
            except EOFError:
                if source.buffer:
                    raise
                return None  # an end on a chunk's border is a proper end
            size = struct.unpack(">H", raw)[0] ^ (self.mask.next() if self.masked else 0)
        body = source.exactly(size)
        if pad:
            body = body[:-pad]
        data = self.cipher.decrypt(self._nonce(self.iv), body, None) if self.cipher else body
        self.count += 1
        return data or None


class Client:
    """One VMess connection as the client."""

    def __init__(self, host, server, request, first=b"", timeout=10):
        self.request = request
        self.sock = host.connect(server, timeout)
        self.source = Source(self.sock)
        self.writer = Writer(request, "request")
        self.reader = Reader(request, "response")
        self.response = None
        opening = request.seal()
        if first:
            opening += self.writer.data(first)
        self.opening = opening
        self.sock.sendall(opening)

    def send(self, data):
        self.sock.sendall(self.writer.data(data))

    def end(self):
        self.sock.sendall(self.writer.end())

    def read(self):
        """The next payload, or None at the end."""
        if self.response is None:
            self.response = open_response(self.request, self.source)
        return self.reader.read(self.source)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.read()
            if piece is None:
                raise EOFError(f"end with {len(data)} of {count} bytes")
            data += piece
        return data

    def close(self):
        self.sock.close()


__all__ = [name for name in dir() if not name.startswith("_")] + ["InvalidTag"]
