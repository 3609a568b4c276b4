#!/usr/bin/env python3
"""Holds the #include lines of src/ and service/ against the layer table of ARCHITECTURE.md.

    layers.py ROOT      checks the tree, prints every offending edge; status 1 if there is one
    layers.py           checks itself: a planted violation of each kind must be reported

What is checked: a folder includes only the folders its row names, and what those may include; siblings never;
each third-party library only at its door; platform headers only in *Unix.cpp and *Windows.cpp files.
"""

import pathlib
import re
import sys
import tempfile

# The rows.  A folder may also use what the folders it names may use.
ROWS = {
    "base": [],
    "crypto": ["base"],
    "net": ["base"],
    "config": ["base"],
    "mux": ["net"],
    "transport": ["net", "config", "crypto"],
    "proxy": ["net", "config"],
    "proxy/*": ["proxy", "transport", "crypto"],
    "routing": ["proxy", "config"],
    "reverse": ["mux", "proxy"],
    "app": ["routing", "reverse", "proxy/*"],
    "service": ["app"],
}

# Third-party headers and the files that may include them, as regular expressions over the path below src/.
DOORS = [
    ("OpenSSL", r"openssl/", r"crypto/|transport/tls/"),
    ("yaml-cpp", r"yaml-cpp/", r"config/Node\w*\.cpp$"),
    ("Poco/Net", r"Poco/Net/", r"net/|transport/"),
    ("Poco/Util", r"Poco/Util/", r"service/"),
    ("Poco Foundation", r"Poco/[A-Z]\w*\.h$", r""),
    ("c-ares", r"ares\w*\.h$", r"net/ResolverUnix\.cpp$"),
    ("RE2", r"re2/", r"routing/"),
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def reachable(row, seen=None):
    """The folders `row` may include, itself excepted."""
    seen = set() if seen is None else seen
    for lower in ROWS[row]:
        if lower not in seen:
            seen.add(lower)
            reachable(lower, seen)
    return seen


def unit_of(path):
    """The folder a file belongs to ("proxy/vmess", "mux"), from its path below src/ or "service/..."."""
    parts = path.split("/")
    if parts[0] == "proxy" and len(parts) > 2:
        return "proxy/" + parts[1]
    return parts[0]


def row_of(unit):
    return "proxy/*" if unit.startswith("proxy/") else unit


def complaint(path, kind, header):
    """What is wrong with `path` including `header`, or None."""
    unit = unit_of(path)
    if kind == '"':
        target = unit_of(header)
        if "/" not in header:
            return "write the folder too, as in \"base/Result.h\""
        if row_of(target) not in ROWS:
            return f"there is no folder {target} in the layer table"
        if target == unit:
            return None
        if row_of(target) == row_of(unit):
            return f"{unit} and {target} are siblings"
        if row_of(target) not in reachable(row_of(unit)):
            return f"{unit} may not include {target}"
        return None
    for library, headers, files in DOORS:
        if re.match(headers, header):
            return None if re.match(files, path) else f"{library} has its door elsewhere"
    if "." not in header:
        return None if "/" not in header else "an unknown library"
    if path.endswith(("Unix.cpp", "Windows.cpp")):
        return None
    return "a platform header belongs in a *Unix.cpp or *Windows.cpp file"


def check(root):
    """(number of includes seen, list of complaints) of the tree at `root`."""
    seen, complaints = 0, []
    for base, folder in ((root / "src", root / "src"), (root, root / "service")):
        for file in sorted(folder.rglob("*")):
            if file.suffix not in (".h", ".cpp") or not file.is_file():
                continue
            path = file.relative_to(base).as_posix()
            if row_of(unit_of(path)) not in ROWS:
                complaints.append(f"{file.relative_to(root)}: no folder of the layer table")
                continue
            text = file.read_text(encoding="utf-8")
            for match in INCLUDE.finditer(text):
                seen += 1
                wrong = complaint(path, match[1], match[2])
                if wrong:
                    line = text.count("\n", 0, match.start()) + 1
                    written = match[1] + match[2] + (">" if match[1] == "<" else '"')
                    complaints.append(f"{file.relative_to(root)}:{line}: #include {written}: {wrong}")
    return seen, complaints


GOOD = [
    ("src/mux/Frame.cpp", '"mux/Frame.h"'),
    ("src/mux/Frame.cpp", '"base/Bytes.h"'),
    ("src/proxy/vmess/Header.cpp", '"crypto/Aead.h"'),
    ("src/proxy/vmess/Header.cpp", '"net/Stream.h"'),
    ("src/routing/Router.cpp", '"net/Destination.h"'),
    ("src/app/Instance.cpp", '"proxy/vmess/Account.h"'),
    ("service/Main.cpp", '"service/Options.h"'),
    ("service/Main.cpp", "<Poco/Util/ServerApplication.h>"),
    ("src/crypto/Aead.cpp", "<openssl/evp.h>"),
    ("src/transport/tls/Dialer.cpp", "<openssl/ssl.h>"),
    ("src/config/NodeYaml.cpp", "<yaml-cpp/yaml.h>"),
    ("src/net/ResolverUnix.cpp", "<ares.h>"),
    ("src/net/MailboxUnix.cpp", "<sys/eventfd.h>"),
    ("src/net/MailboxWindows.cpp", "<winsock2.h>"),
    ("src/base/Log.cpp", "<Poco/Logger.h>"),
    ("src/base/Log.cpp", "<cstdint>"),
]
PLANTED = [
    ("src/base/Log.cpp", '"net/Stream.h"'),
    ("src/crypto/Aead.cpp", '"net/Stream.h"'),
    ("src/net/Relay.cpp", '"config/Node.h"'),
    ("src/net/Relay.cpp", '"proxy/Session.h"'),
    ("src/mux/Frame.cpp", '"proxy/Session.h"'),
    ("src/mux/Frame.cpp", '"crypto/Aead.h"'),
    ("src/transport/Tcp.cpp", '"mux/Frame.h"'),
    ("src/proxy/Registry.cpp", '"proxy/vmess/Account.h"'),
    ("src/proxy/vmess/Header.cpp", '"proxy/freedom/Outbound.h"'),
    ("src/proxy/vmess/Header.cpp", '"mux/Frame.h"'),
    ("src/routing/Router.cpp", '"reverse/Portal.h"'),
    ("src/reverse/Portal.cpp", '"routing/Router.h"'),
    ("src/reverse/Portal.cpp", '"proxy/vmess/Account.h"'),
    ("src/app/Instance.cpp", '"service/Options.h"'),
    ("src/mux/Frame.cpp", '"Frame.h"'),
    ("src/mux/Frame.cpp", '"nowhere/Frame.h"'),
    ("src/proxy/vmess/Header.cpp", "<openssl/evp.h>"),
    ("src/transport/Tcp.cpp", "<openssl/ssl.h>"),
    ("src/config/Fields.cpp", "<yaml-cpp/yaml.h>"),
    ("src/config/Node.h", "<yaml-cpp/yaml.h>"),
    ("src/mux/Frame.cpp", "<Poco/Net/Socket.h>"),
    ("src/app/Instance.cpp", "<Poco/Util/Application.h>"),
    ("src/net/Resolver.cpp", "<ares.h>"),
    ("src/proxy/vmess/Header.cpp", "<re2/re2.h>"),
    ("src/net/SocketStream.cpp", "<sys/socket.h>"),
    ("src/net/Stream.h", "<unistd.h>"),
    ("service/Main.cpp", "<windows.h>"),
    ("src/app/Instance.cpp", "<boost/asio.hpp>"),
]


def self_test():
    failures = 0
    for expected, cases in ((0, GOOD), (1, PLANTED)):
        for path, include in cases:
            with tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder)
                (root / path).parent.mkdir(parents=True)
                (root / path).write_text(f"#pragma once\n  # include {include}  // planted\n")
                seen, complaints = check(root)
                if seen != 1 or len(complaints) != expected:
                    failures += 1
                    print(f"{path} including {include}: expected {expected} complaints, got {complaints}")
    print(f"{len(GOOD)} good and {len(PLANTED)} planted includes, {failures} judged wrongly")
    return failures == 0


def main():
    if len(sys.argv) == 1:
        return 0 if self_test() else 1
    seen, complaints = check(pathlib.Path(sys.argv[1]))
    for line in complaints:
        print(line)
    print(f"{seen} includes, {len(complaints)} against the layer table")
    return 0 if seen and not complaints else 1


sys.exit(main())
