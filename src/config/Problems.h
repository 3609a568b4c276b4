// What is wrong with a configuration: collected with its place, all of it, and told at once
// (form and severities: docs/configuration.md, "Messages").
//
//   config.yaml:7:11: error: bridge.server: expected "host:port", got "vps.example.com"
//      7 |   server: vps.example.com
//        |           ^~~~~~~~~~~~~~~
//      hint: add the port the portal listens on, e.g. vps.example.com:16823
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::config {

/// A file as it was read; shared by all places in it.
struct Source {
  std::string name;  ///< as messages show it
  std::string text;
  std::string directory;  ///< absolute; relative file names inside count from here.  Empty: the
                          ///< working directory
};

/// A Source that wipes its text when the last place in it is gone (KEY-5).
std::shared_ptr<const Source> makeSource(std::string name, std::string text,
                                         std::string directory = {});

/// A position in a source.  Line and column count from 1, columns in code points; 0: no position.
struct Place {
  std::shared_ptr<const Source> source;
  int line = 0, column = 0;
  int length = 0;  ///< code points to underline; 0: one
};

enum class Severity { Note, Warning, Error };

struct Problem {
  Severity severity = Severity::Error;
  Place place;
  std::string path;  ///< bridge.server, portal.publish[2] (ssh2).listen
  std::string
      code;  ///< stable: unknown-key, missing-key, bad-form, bad-type, duplicate, conflict, ...
  std::string message;  ///< what was expected and what was found; secrets never
  std::string hint;     ///< the remedy, or empty
  bool secret = false;  ///< the source line must not be printed
  struct Related {
    Place place;
    std::string message;
  };
  std::vector<Related> related;  ///< printed as `note:` lines
};

class Problems {
 public:
  /// The same problem at the same place is kept once.
  void add(Problem problem);
  void add(const Problems& others);
  void error(const Place& place, std::string path, std::string code, std::string message,
             std::string hint = {});
  void warning(const Place& place, std::string path, std::string code, std::string message,
               std::string hint = {});
  void note(const Place& place, std::string path, std::string code, std::string message,
            std::string hint = {});

  [[nodiscard]] const std::vector<Problem>& all() const noexcept { return problems_; }
  [[nodiscard]] std::size_t errors() const noexcept { return count(Severity::Error); }
  [[nodiscard]] std::size_t warnings() const noexcept { return count(Severity::Warning); }
  /// Text for people: sorted by position, at most 20 errors and then "and N more".
  [[nodiscard]] std::string text() const;
  /// One JSON array (`check --format json`).
  [[nodiscard]] std::string json() const;

 private:
  void add(Severity severity, const Place& place, std::string path, std::string code,
           std::string message, std::string hint);
  [[nodiscard]] std::size_t count(Severity severity) const noexcept;
  std::vector<Problem> problems_;
};

}  // namespace culvert::config
