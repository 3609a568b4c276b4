"""Faults, made by real packets and signals."""

import contextlib
import itertools

from .waiting import wait_until

_table = itertools.count(1)


def _end(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def links(host, port):
    """The tunnel's connections as the host sees them, ((ip, port), (ip, port)), local first."""
    return host.connections(port)


def reset_link(host, link):
    """Resets one connection at both ends (the kernel tells the local program, and the peer by RST)."""
    local, remote = link
    host.run("ss", "-K", "src", _end(*local), "dst", _end(*remote), check=False)
    wait_until(lambda: link not in host.connections(local[1]), 2, "the connection is gone")


def reset_links(host, port):
    """Resets every connection of the host to or from the port; returns how many."""
    found = links(host, port)
    for local, remote in found:
        host.run("ss", "-K", "src", _end(*local), "dst", _end(*remote), check=False)
    wait_until(lambda: not set(found) & set(links(host, port)), 2, "the connections are gone")
    return len(found)


@contextlib.contextmanager
def filtered(host, rules):
    """Packet filter rules at a host for the time of the block: (hook, rule) pairs, hook input or output."""
    name = f"fault{next(_table)}"
    text = [f"table inet {name} {{"]
    for hook in ("input", "output"):
        text.append(f"chain {hook} {{\ntype filter hook {hook} priority 0; policy accept;")
        text += [rule for where, rule in rules if where == hook]
        text.append("}")
    text.append("}\n")
    host.run("nft", "-f", "-", text="\n".join(text))
    try:
        yield
    finally:
        host.run("nft", "delete", "table", "inet", name)


def _family(address):
    return "ip6" if ":" in address else "ip"


def silence_links(host, found, directions=("input", "output")):
    """Drops the packets of these connections; new connections work."""
    rules = []
    for local, remote in found:
        family = _family(local[0])
        if "output" in directions:
            rules.append(("output", f"{family} saddr {local[0]} {family} daddr {remote[0]} "
                                    f"tcp sport {local[1]} tcp dport {remote[1]} drop"))
        if "input" in directions:
            rules.append(("input", f"{family} saddr {remote[0]} {family} daddr {local[0]} "
                                   f"tcp sport {remote[1]} tcp dport {local[1]} drop"))
    return filtered(host, rules)


def silence_all(host, device="uplink"):
    """Drops everything that goes over the device."""
    return filtered(host, [("output", f'oifname "{device}" drop'), ("input", f'iifname "{device}" drop')])


def silence_port(host, port):
    """A service whose packets vanish: no refusal, no answer."""
    return filtered(host, [("input", f"tcp dport {port} drop"), ("input", f"udp dport {port} drop")])


def new_nas_address(world, old="10.81.2.2/24", new="10.81.2.77/24"):
    """The NAS comes back with another address."""
    world.nas.ip("addr", "del", old, "dev", "uplink")
    world.nas.ip("addr", "add", new, "dev", "uplink")
    return new.split("/")[0]
