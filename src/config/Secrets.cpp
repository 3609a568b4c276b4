#include "config/Secrets.h"

#include "base/Log.h"
#include "base/Secret.h"
#include "config/Files.h"
#include "config/NodeData.h"
#include "config/NodeReaders.h"
#include "config/Text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace culvert::config {
namespace {

constexpr std::size_t kMaxSecretFileBytes = 64 * 1024;
constexpr std::size_t kShortPassword = 16;

/// Ids printed in manuals and templates everybody has: V2Ray's reverse proxy pages and guides, RFC
/// 9562, and those nobody chose at random.
constexpr auto kPublishedIds = std::to_array<std::string_view>({
    "b831381d-6324-4d53-ad4f-8cda48b30811",
    "27848739-7e62-4138-9fd3-098a63964b6b",
    "23ad6b10-8d1a-40f7-8ad0-e3e35cd38297",
    "23ad6b10-8d1a-40f7-8ad0-e3e35cd38287",
    "e55c8d17-2cf3-b21a-bcf1-eeacb011ed79",
    "a3482e88-686a-4a58-8126-99c9df64b7bf",
    "ad806487-2d26-4636-98b6-ab85cc8521f7",
    "5783a3e7-e373-51cd-8642-c83782b807c5",
    "66ad4540-b58c-4ad2-9926-ea63445a9b57",
    "0d0fd2c6-64f4-4d0e-9b1c-5e8c1f6f3a01",  // config.example.yaml
    "2f0c7a51-96d4-4c0e-8d0b-6a0f3a1c9e57",  // docs/configuration.md
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "00000000-0000-0000-0000-000000000000",
    "11111111-1111-1111-1111-111111111111",
    "12345678-1234-1234-1234-123456789abc",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
});

Node fail(const Node& node, Problems& problems, std::string message, std::string hint = {}) {
  error(problems, node, "secret", std::move(message), std::move(hint));
  return {};
}

Node made(std::string text, const Node& from) {
  Node secret = Node::string(std::move(text));
  Node::Data::underConstruction(secret).secret = true;
  return secret.asSecret(from);
}

Node fromEnvironment(const Node& node, const std::string& name, Problems& problems) {
  const char* value = std::getenv(name.c_str());
  if (!value) return fail(node, problems, "the environment has no variable " + inQuotes(name));
  if (*value == '\0') return fail(node, problems, "the variable " + inQuotes(name) + " is empty");
  return made(value, node);
}

/// The first line without blanks around it.
std::string_view firstLine(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return trimmed(text);
}

Node fromFile(const Node& node, const std::string& path, Problems& problems) {
  FileText file;
  try {
    file = readFile(path, kMaxSecretFileBytes);
  } catch (const std::system_error& reason) {
    return fail(node, problems, "cannot read " + inQuotes(path) + ": " + reason.code().message());
  }
  struct Wiper {
    std::string& text;
    ~Wiper() { wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}); }
  } const wiper{file.text};
  if (file.ownedByStranger) {
    return fail(node, problems, "the file " + inQuotes(path) + " belongs to somebody else",
                "its owner must be root or the account this program runs as");
  }
  if (file.isPlantable) {
    return fail(node, problems,
                "the file " + inQuotes(path) + " is a link in a folder that others may write to",
                "name the file that it leads to");
  }
  if (file.readableByOthers) {
    return fail(node, problems, "the file " + inQuotes(path) + " is readable by everybody",
                "chmod 600 " + path);
  }
  if (file.text.starts_with("\xef\xbb\xbf")) {
    return fail(node, problems, "the file " + inQuotes(path) + " begins with a byte order mark",
                "save it without one");
  }
  const std::string_view line = firstLine(file.text);
  if (line.empty())
    return fail(node, problems, "the first line of " + inQuotes(path) + " is empty");
  for (std::string_view rest = line; !rest.empty();) {
    const std::size_t length = utf8Length(rest);
    if (length == 0) return fail(node, problems, "the file " + inQuotes(path) + " is not UTF-8");
    if (static_cast<std::uint8_t>(rest.front()) < 0x20) {
      return fail(node, problems, "the file " + inQuotes(path) + " holds a control character");
    }
    rest.remove_prefix(length);
  }
  return made(std::string(line), node);
}

Node fromCredential(const Node& node, const std::string& name, Problems& problems) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (!directory || *directory == '\0') {
    return fail(node, problems, "there are no credentials: systemd sets CREDENTIALS_DIRECTORY",
                "LoadCredential=" + name + " in the unit; in a container use {file: /run/secrets/" +
                    name + "}");
  }
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    return fail(node, problems, "expected the name of a credential, got " + inQuotes(name));
  }
  return fromFile(node, std::string(directory) + "/" + name, problems);
}

std::string besideConfiguration(const Node& node, const std::string& name) {
  const std::filesystem::path path(name);
  const std::shared_ptr<const Source>& source = node.place().source;
  if (path.is_absolute() || !source || source->directory.empty()) return name;
  return (std::filesystem::path(source->directory) / path).string();
}

}  // namespace

bool isReference(const Node& node) {
  if (node.dialect() != Dialect::Yaml || node.entries().size() != 1) return false;
  const std::string& key = node.entries().front().key;
  return key == "env" || key == "file" || key == "credential";
}

Node resolveReference(const Node& node, Problems& problems) {
  if (!isReference(node)) return node;
  const Node::Entry& only = node.entries().front();
  if (!only.value.isString() || only.value.text().empty()) {
    expected(problems, only.value, "bad-type", "a name");
    return {};
  }
  const std::string& name = only.value.text();
  if (only.key == "env") return fromEnvironment(node, name, problems);
  if (only.key == "credential") return fromCredential(node, name, problems);
  return fromFile(node, besideConfiguration(node, name), problems);
}

Node resolveReferences(const Node& root, Problems& problems) {
  if (isReference(root)) {
    Node value = resolveReference(root, problems);
    return value ? value : root;
  }
  if (!root.isMap() && !root.isList()) return root;
  auto data = std::make_shared<Node::Data>(Node::Data::of(root));
  for (Node& item : data->items) item = resolveReferences(item, problems);
  for (Node::Entry& entry : data->entries) entry.value = resolveReferences(entry.value, problems);
  return Node(std::move(data));
}

bool isSecretKey(std::string_view key) {
  const std::string bare = bareWord(key);
  for (const std::string_view known :
       {"id", "uuid", "password", "pass", "psk", "token", "secret"}) {
    if (bare == known) return true;
  }
  return false;
}

bool isPublishedId(const Uuid& id) {
  const std::string text = toString(id);
  return std::find(kPublishedIds.begin(), kPublishedIds.end(), text) != kPublishedIds.end();
}

void warnIfPublished(const Node& node, const Uuid& id, Problems& problems) {
  if (!isPublishedId(id)) return;
  warning(problems, node, "secret", "this id stands in public manuals, so everybody knows it",
          "\"culvert id\" makes a new one; write it on both sides");
}

void warnIfShort(const Node& node, std::string_view password, Problems& problems) {
  if (password.empty() || password.size() >= kShortPassword) return;
  warning(
      problems, node, "secret",
      "a password of less than " + std::to_string(kShortPassword) + " characters can be guessed");
}

}  // namespace culvert::config
