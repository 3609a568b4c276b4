// docs/configuration.md.
#include "config/Schema.h"
#include "config/Simple.h"

#include <string>
#include <vector>

namespace culvert::config {
namespace {

constexpr const char* kOpening = R"md(# Configuration

*Made from the program's own lists of keys by `culvert schema --reference`; do not edit.*

A file named `*.json`, or one that begins with `{`, is V2Ray v4 JSON. Anything else is the YAML of this page: one
short file on the NAS (`bridge`), one on the VPS (`portal`). Relative file names count from the file's own folder.

NAS:

```yaml
version: 1
bridge:
  server: vps.example.com:16823
  id: 2f0c7a51-96d4-4c0e-8d0b-6a0f3a1c9e57
  services:
    web: 127.0.0.1:80
```

VPS:

```yaml
version: 1
portal:
  listen: 16823
  id: 2f0c7a51-96d4-4c0e-8d0b-6a0f3a1c9e57
  publish:
    - listen: 80
      to: web
```

`culvert init bridge` writes both with a fresh id, `culvert check` says what is wrong with one, and
`culvert check --explain 80` what happens to a visitor of port 80.

A portal is not trusted by the bridge: it asks for a service by name, and the bridge decides what that name means.
What no line allows is closed.

## Keys

Names are case-sensitive. A key that is not in these tables is an error, with the nearest known one. A single value
may stand for a list of one.
)md";

constexpr const char* kForms = R"md(
## Forms of values

| form | grammar |
| --- | --- |
| name | `[a-z]([a-z0-9-]{0,30}[a-z0-9])?` |
| number | `0` or `[1-9][0-9]*`, plain or quoted |
| bool | `true` or `false`, plain |
| duration | one or more `<number>(ms\|s\|m\|h)`: `90s`, `1m30s`, `2h` |
| `host:port` | a domain, an IPv4 address or an `[IPv6]` address; port 1 to 65535 |
| target of a service | `[tcp://\|udp://\|tcp+udp://]host:port[-port]`; without a scheme: tcp |
| listen | `[address:]port[-port][/tcp\|/udp\|/tcp+udp]`; the address is IPv4, `[IPv6]`, `*` or `localhost`; none or `*`: all addresses, both families; at most 1024 ports in a file |
| to | `[bridge/]service` or `[bridge/]host:port[-port]` |
| id | a UUID, 36 characters, or 32 without `-` |

YAML is read as a safe subset: `yes`, `on` and `010` are no booleans and no numbers; an empty value, a key given twice,
a merge key (`<<`), a tag (`!x`) and a second document are errors; anchors and aliases are allowed. A value that begins
with `[` or `*` needs quotes: `"[::]:80"`.

## Secrets

`id`, `server`, `listen` and, below `advanced`, every single value may stand elsewhere:

| form | reads |
| --- | --- |
| `{env: NAME}` | the environment variable; unset or empty is an error |
| `{file: path}` | the first line of a file that is not readable by others |
| `{credential: name}` | a systemd credential, `$CREDENTIALS_DIRECTORY/name` |

They are read again at reload and shown as `(hidden)`.

## Messages

```
config.yaml:7:11: error: bridge.server: expected "host:port", got "vps.example.com"
   7 |   server: vps.example.com
     |           ^~~~~~~~~~~~~~~
   hint: add the port the portal listens on, e.g. vps.example.com:16823
```

File, line and column from 1, severity, the path of the key, what was expected and what was found. All mistakes are
told at once, and nothing is started while there is one. `--strict` refuses a file with warnings too.

## What the sections stand for

`bridge` and `portal` become V2Ray's objects; `culvert convert --to v2ray` shows them.

- A bridge: one `reverse.bridges` entry (tag `bridge` or `bridge-<name>`) and one outbound `tunnel` per server; per
  service an outbound `svc-<name>` that always leads to its target, asked for as `<name>.<domain>` or by its exact
  address and port; everything else goes to `deny`, with `allow: any` to `out`.
- A portal: per bridge a `reverse.portals` entry (`portal` or `portal-<name>`); per public port an inbound `external…`;
  the inbound `tunnel`, where a bridge's id can register its own domain and nothing else.
- Both in one file, or `advanced` beside them: what no rule covers goes to `deny`.

## advanced

V2Ray's own keys, written in YAML, for what the sections above cannot say. Alone in a file it means what the JSON
would mean; beside `bridge` or `portal` its lists come behind the generated ones, its tags must differ from theirs, and
a rule for a generated inbound is an error because it could never match. `type: field` may be left out.

```yaml
version: 1
advanced:
  reverse:
    portals:
      - {tag: portal, domain: private.cloud.com}
  inbounds:
    - tag: external
      port: 80
      protocol: dokodemo-door
      settings: {address: 127.0.0.1, port: 80, network: tcp}
    - tag: tunnel
      port: 16823
      protocol: vmess
      settings:
        clients:
          - {id: {env: CULVERT_ID}, alterId: 0}
  outbounds:
    - {tag: deny, protocol: blackhole}
  routing:
    rules:
      - {inboundTag: [external], outboundTag: portal}
      - {inboundTag: [tunnel], domain: ["full:private.cloud.com"], outboundTag: portal}
```

)md";

std::string inCell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string table(const std::string& title, const std::vector<FieldInfo>& keys) {
  std::string text = "\n### " + title + "\n\n| key | form | meaning |\n| --- | --- | --- |\n";
  for (const FieldInfo& key : keys) {
    std::string meaning = key.text;
    if (key.use == FieldInfo::Use::Required) meaning = "**required.** " + meaning;
    if (key.use == FieldInfo::Use::Unsupported) meaning = "*not in this version:* " + meaning;
    text += "| `" + key.key + "` | " + inCell(key.form) + " | " + inCell(meaning) + " |\n";
  }
  return text;
}

}  // namespace

std::string referenceText() {
  std::string text = kOpening;
  text += table("The file", describe<SimpleFile>());
  text += table("bridge", describe<SimpleBridge>());
  text += table("portal", describe<SimplePortal>());
  text += table("portal.bridges, per name", describe<SimpleMember>());
  text += table("portal.publish, per entry", describe<SimplePublish>());
  text += table("log", describe<SimpleLog>());
  text += table("timeouts", describe<SimpleTimeouts>());
  text += kForms;
  return text + referenceTable(advancedKeys());
}

}  // namespace culvert::config
