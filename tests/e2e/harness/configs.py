"""Configurations for both ends, in both forms, from one description."""

import dataclasses
import json
import os
import uuid as uuids

SEED_ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
TUNNEL_PORT = 16823
PUBLIC_PORT = 8080
GREET_PUBLIC = 8081
DOWN_PUBLIC = 8082  # leads to a port of the NAS where nobody listens


THREADS = os.environ.get("CULVERT_E2E_THREADS")


@dataclasses.dataclass
class Published:
    """One public port of the portal and what it means at the NAS."""

    port: int
    target_port: int
    network: str = "tcp"  # "tcp", "udp" or "tcp,udp"
    name: str = ""  # YAML: a named service instead of an address
    target_host: str = "127.0.0.1"

    def tag(self):
        return f"external-{self.port}"

    def suffix(self):
        return {"tcp": "", "udp": "/udp", "tcp,udp": "/tcp+udp"}[self.network]

    def scheme(self):
        return {"tcp": "", "udp": "udp://", "tcp,udp": "tcp+udp://"}[self.network]

    def host_port(self, port=None):
        host = f"[{self.target_host}]" if ":" in self.target_host else self.target_host
        return f"{host}:{port or self.target_port}"


def usual_services(target_host="127.0.0.1", named=False):
    """TCP and UDP of the target, its greeting port, and a port where nobody listens."""
    return [
        Published(PUBLIC_PORT, 7000, "tcp,udp", "main" if named else "", target_host),
        Published(GREET_PUBLIC, 7001, "tcp", "greet" if named else "", target_host),
        Published(DOWN_PUBLIC, 7099, "tcp", "nobody" if named else "", target_host),
    ]


@dataclasses.dataclass
class Setup:
    """A portal and a bridge that belong together."""

    form: str = "json"
    id: str = SEED_ID
    alter_id: int = 0
    security: str = ""
    domain: str = "private.cloud.com"
    server: str = "serveraddr.com"
    tunnel_port: int = TUNNEL_PORT
    services: list = dataclasses.field(default_factory=usual_services)
    legacy: bool = False
    extra_yaml: str = ""  # appended to the YAML files of both sides
    level: str = ""

    def portal(self, form=None):
        return self.portal_yaml() if (form or self.form) == "yaml" else self.portal_json()

    def bridge(self, form=None):
        return self.bridge_yaml() if (form or self.form) == "yaml" else self.bridge_json()

    # V2Ray's form

    def _program(self):
        """Keys about the program itself; V2Ray passes over those it does not know."""
        keys = {"log": {"loglevel": self.level}} if self.level else {}
        if THREADS:
            keys["threads"] = int(THREADS)
        return keys

    def portal_json(self):
        inbounds = [
            {
                "tag": s.tag(), "port": s.port, "protocol": "dokodemo-door",
                "settings": {"address": s.target_host, "port": s.target_port, "network": s.network},
            }
            for s in self.services
        ]
        inbounds.append({
            "tag": "tunnel", "port": self.tunnel_port, "protocol": "vmess",
            "settings": {"clients": [{"id": self.id, "alterId": self.alter_id}]},
        })
        return dump({
            **self._program(),
            "reverse": {"portals": [{"tag": "portal", "domain": self.domain}]},
            "inbounds": inbounds,
            "routing": {"rules": [
                {"type": "field", "inboundTag": [s.tag() for s in self.services], "outboundTag": "portal"},
                {"type": "field", "inboundTag": ["tunnel"], "domain": [f"full:{self.domain}"],
                 "outboundTag": "portal"},
            ]},
        })

    def bridge_json(self):
        user = {"id": self.id, "alterId": self.alter_id}
        if self.security:
            user["security"] = self.security
        if self.legacy:
            user["legacy"] = True
        return dump({
            **self._program(),
            "reverse": {"bridges": [{"tag": "bridge", "domain": self.domain}]},
            "outbounds": [
                {"tag": "tunnel", "protocol": "vmess", "settings": {"vnext": [
                    {"address": self.server, "port": self.tunnel_port, "users": [user]}]}},
                {"tag": "out", "protocol": "freedom", "settings": {}},
            ],
            "routing": {"rules": [
                {"type": "field", "inboundTag": ["bridge"], "domain": [f"full:{self.domain}"],
                 "outboundTag": "tunnel"},
                {"type": "field", "inboundTag": ["bridge"], "outboundTag": "out"},
            ]},
        })

    # the short form

    def portal_yaml(self):
        lines = ["version: 1", "portal:", f"  listen: {self.tunnel_port}", f"  id: {self.id}"]
        if self.alter_id:
            lines.append(f"  alter_id: {self.alter_id}")
        lines += [f"  domain: {self.domain}", "  publish:"]
        for s in self.services:
            to = s.name or (f'"{s.host_port()}"' if ":" in s.target_host else s.host_port())
            lines += [f"    - listen: {s.port}{s.suffix()}", f"      to: {to}"]
        return "\n".join(lines + self._tail())

    def bridge_yaml(self):
        lines = ["version: 1", "bridge:", f"  server: {self.server}:{self.tunnel_port}", f"  id: {self.id}"]
        if self.alter_id:
            lines.append(f"  alter_id: {self.alter_id}")
        lines.append(f"  domain: {self.domain}")
        if all(s.name for s in self.services):
            lines.append("  services:")
            lines += [f'    {s.name}: "{s.scheme()}{s.host_port()}"' for s in self.services]
        else:
            lines.append("  allow: any")
        return "\n".join(lines + self._tail())

    def _tail(self):
        tail = ["log:", f"  level: {self.level}"] if self.level else []
        return tail + ([self.extra_yaml.rstrip()] if self.extra_yaml else []) + [""]


def dump(value):
    return json.dumps(value, indent=2) + "\n"


def fresh_id():
    return str(uuids.uuid4())


# an ordinary VMess client and server, without reverse


def vmess_server(user_id, alter_id, port=TUNNEL_PORT):
    return dump({
        "inbounds": [{"tag": "in", "port": port, "protocol": "vmess",
                      "settings": {"clients": [{"id": user_id, "alterId": alter_id}]}}],
        "outbounds": [{"tag": "out", "protocol": "freedom", "settings": {}}],
    })


def vmess_client(server, user_id, alter_id, doors, port=TUNNEL_PORT, legacy=False):
    """`doors`: (local port, security, mux) each; every door leads to the target's port 7000 at the server's side."""
    inbounds, outbounds, rules = [], [], []
    for local, security, mux in doors:
        user = {"id": user_id, "alterId": alter_id, "security": security}
        if legacy:
            user["legacy"] = True
        inbounds.append({"tag": f"in-{local}", "port": local, "protocol": "dokodemo-door",
                         "settings": {"address": "127.0.0.1", "port": 7000, "network": "tcp,udp"}})
        outbound = {"tag": f"out-{local}", "protocol": "vmess",
                    "settings": {"vnext": [{"address": server, "port": port, "users": [user]}]}}
        if mux:
            outbound["mux"] = {"enabled": True, "concurrency": 8}
        outbounds.append(outbound)
        rules.append({"type": "field", "inboundTag": [f"in-{local}"], "outboundTag": f"out-{local}"})
    return dump({"inbounds": inbounds, "outbounds": outbounds, "routing": {"rules": rules}})
