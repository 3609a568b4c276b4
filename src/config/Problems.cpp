#include "config/Problems.h"

#include "base/Secret.h"
#include "config/NodeWriters.h"
#include "config/Secrets.h"
#include "config/Suggest.h"
#include "config/Text.h"

#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <tuple>
#include <utility>

namespace culvert::config {
namespace {

constexpr std::size_t kMaxShown = 20;       // of errors, and of what is less
constexpr std::size_t kMaxLineShown = 120;  // code points
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return "note";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "error";
}

std::string position(const Place& place) {
  std::string text = place.source ? printable(place.source->name) + ":" : "";
  if (place.line > 0) {
    text += std::to_string(place.line) + ":" + std::to_string(std::max(place.column, 1)) + ":";
  }
  return text.empty() ? text : text + " ";
}

/// The source line with a mark under the place; a long one is cut around it.
void printLine(std::ostream& out, const Place& place) {
  std::string_view line = lineOf(place.source->text, place.line);
  const auto column = static_cast<std::size_t>(std::max(place.column, 1));
  const std::size_t first = column > kMaxLineShown * 2 / 3 && codePoints(line) > kMaxLineShown
                                ? column - kMaxLineShown / 2
                                : 1;
  std::string shown = first > 1 ? "..." : "", before = shown, marked;
  std::size_t at = 1;
  for (; !line.empty() && at < first + kMaxLineShown; ++at) {
    const std::size_t length = std::max<std::size_t>(utf8Length(line), 1);
    const std::string_view character = line.substr(0, length);
    line.remove_prefix(length);
    if (at < first) continue;
    const std::string text = character == "\t" ? " " : printable(character);
    shown += text;
    if (at < column) before += text;
    if (at >= column && at < column + static_cast<std::size_t>(std::max(place.length, 1))) {
      marked += text;
    }
  }
  if (!line.empty()) shown += "...";
  const std::size_t width = std::max<std::size_t>(codePoints(marked), 1);
  out << std::setw(4) << place.line << " | " << shown << '\n'
      << "     | " << std::string(codePoints(before), ' ') << '^' << std::string(width - 1, '~')
      << '\n';
}

/// Whether the text of a line is, or may be, a secret: it has the shape of an id, or follows a key
/// that is meant to hold one.  References are no secrets.
bool holdsSecret(std::string_view line) {
  static const std::vector<std::string> kLikely = {"password", "passwort", "secret", "token"};
  if (holdsId(line)) return true;
  std::string name;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c != ':') {
      if (c == ',' || c == '{' || c == '[') name.clear();
      if (c != ' ' && c != '\t' && c != '"' && c != '\'' && c != ',' && c != '{' && c != '[')
        name += c;
      continue;
    }
    const bool secret = isSecretKey(name) || !nearest(name, kLikely).empty();
    name.clear();
    if (!secret) continue;
    std::string_view value = trimmed(line.substr(i + 1));
    if (value.starts_with('{')) value = trimmed(value.substr(1));
    const bool reference =
        value.starts_with("env:") || value.starts_with("file:") || value.starts_with("credential:");
    if (!value.empty() && !reference) return true;
  }
  return false;
}

bool isShowable(const Problem& problem) {
  return !problem.secret && problem.place.source && problem.place.line > 0 &&
         !holdsSecret(lineOf(problem.place.source->text, problem.place.line));
}

void print(std::ostream& out, const Problem& problem) {
  out << position(problem.place) << word(problem.severity) << ": ";
  if (!problem.path.empty()) out << problem.path << ": ";
  out << problem.message << '\n';
  if (isShowable(problem)) printLine(out, problem.place);
  if (!problem.hint.empty()) out << "   hint: " << problem.hint << '\n';
  for (const auto& related : problem.related) {
    out << position(related.place) << "note: " << related.message << '\n';
  }
}

auto rank(const Place& place) {
  return std::tuple(place.line, place.column);
}

std::vector<const Problem*> sorted(const std::vector<Problem>& problems) {
  std::vector<const Problem*> order;
  order.reserve(problems.size());
  for (const Problem& problem : problems) order.push_back(&problem);
  std::stable_sort(order.begin(), order.end(), [](const Problem* a, const Problem* b) {
    return rank(a->place) < rank(b->place);
  });
  return order;
}

bool isSame(const Problem& a, const Problem& b) {
  return a.severity == b.severity && a.place.source == b.place.source &&
         rank(a.place) == rank(b.place) && a.path == b.path && a.message == b.message;
}

}  // namespace

std::shared_ptr<const Source> makeSource(std::string name, std::string text,
                                         std::string directory) {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  auto source = std::make_unique<Source>();
  source->name = std::move(name);
  source->text = std::move(text);
  source->directory = std::move(directory);
  return {source.release(), [](const Source* gone) {
            std::unique_ptr<Source> last(const_cast<Source*>(gone));
            wipe({reinterpret_cast<std::uint8_t*>(last->text.data()), last->text.size()});
          }};
}

void Problems::add(Problem problem) {
  problem.path = printable(problem.path);
  problem.message = printable(problem.message);
  problem.hint = printable(problem.hint);
  const auto same = [&problem](const Problem& other) { return isSame(problem, other); };
  if (std::none_of(problems_.begin(), problems_.end(), same)) {
    problems_.push_back(std::move(problem));
  }
}

void Problems::add(const Problems& others) {
  for (const Problem& problem : others.all()) add(problem);
}

void Problems::add(Severity severity, const Place& place, std::string path, std::string code,
                   std::string message, std::string hint) {
  Problem problem;
  problem.severity = severity;
  problem.place = place;
  problem.path = std::move(path);
  problem.code = std::move(code);
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  add(std::move(problem));
}

void Problems::error(const Place& place, std::string path, std::string code, std::string message,
                     std::string hint) {
  add(Severity::Error, place, std::move(path), std::move(code), std::move(message),
      std::move(hint));
}

void Problems::warning(const Place& place, std::string path, std::string code, std::string message,
                       std::string hint) {
  add(Severity::Warning, place, std::move(path), std::move(code), std::move(message),
      std::move(hint));
}

void Problems::note(const Place& place, std::string path, std::string code, std::string message,
                    std::string hint) {
  add(Severity::Note, place, std::move(path), std::move(code), std::move(message), std::move(hint));
}

std::size_t Problems::count(Severity severity) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(problems_.begin(), problems_.end(),
                    [severity](const Problem& problem) { return problem.severity == severity; }));
}

std::string Problems::text() const {
  std::ostringstream out;
  std::size_t moreErrors = 0, moreOthers = 0, shownErrors = 0, shownOthers = 0;
  for (const Problem* problem : sorted(problems_)) {
    const bool isError = problem->severity == Severity::Error;
    if ((isError ? shownErrors : shownOthers)++ < kMaxShown) {
      print(out, *problem);
    } else {
      ++(isError ? moreErrors : moreOthers);
    }
  }
  if (moreErrors > 0) out << "and " << moreErrors << " more errors\n";
  if (moreOthers > 0) out << "and " << moreOthers << " more warnings\n";
  return out.str();
}

std::string Problems::json() const {
  const auto place = [](std::vector<Node::Entry>& entries, const Place& where) {
    entries.push_back({"file", {}, Node::string(where.source ? where.source->name : "")});
    entries.push_back({"line", {}, Node::number(std::int64_t{where.line})});
    entries.push_back({"column", {}, Node::number(std::int64_t{where.column})});
  };
  std::vector<Node> list;
  for (const Problem* problem : sorted(problems_)) {
    std::vector<Node::Entry> entries;
    place(entries, problem->place);
    entries.push_back({"path", {}, Node::string(problem->path)});
    entries.push_back({"severity", {}, Node::string(std::string(word(problem->severity)))});
    entries.push_back({"code", {}, Node::string(problem->code)});
    entries.push_back({"message", {}, Node::string(problem->message)});
    entries.push_back({"hint", {}, Node::string(problem->hint)});
    std::vector<Node> related;
    for (const auto& other : problem->related) {
      std::vector<Node::Entry> inner;
      place(inner, other.place);
      inner.push_back({"message", {}, Node::string(other.message)});
      related.push_back(Node::map(std::move(inner)));
    }
    entries.push_back({"related", {}, Node::list(std::move(related))});
    list.push_back(Node::map(std::move(entries)));
  }
  return writeJson(Node::list(std::move(list)));
}

}  // namespace culvert::config
