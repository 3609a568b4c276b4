// culvert-bench: the load generator, the services it is pointed at, and the raw relays that are the
// floor.
#include "bench/load/Commands.h"

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace culvert::load {
namespace {

struct Command {
  std::string_view name;
  void (*run)(Arguments&);
  const char* usage;
};

constexpr Command kCommands[] = {
    {"serve", serve,
     "KIND=ADDRESS:PORT...        services, until SIGTERM; prints \"ready\" and where they are.  "
     "Kinds:\n"
     "            echo sends back what it gets; sink reads all and answers the end with the count "
     "(8 bytes, big-endian);\n"
     "            source sends until the peer closes, source:N only N bytes; http answers a GET "
     "with 1 KiB"},
    {"relay", relay, "FROM=TO...                  raw relays between addresses, until SIGTERM"},
    {"crypto", crypto,
     "[--bytes N]                 what AES-128-GCM costs here, in pieces of 16 KiB"},
    {"bulk", bulk,
     "--direction up|down --streams N --seconds S [--warmup S]        against sink, source"},
    {"fetch", fetch,
     "--bytes N --streams K [--direction down|up]     transfers of N bytes; against source, sink"},
    {"echo", echo,
     "--streams N --seconds S [--size N]             questions and answers; against echo"},
    {"connect", connect,
     "--parallel N --seconds S [--size N]            connect, echo, close; against echo"},
    {"churn", churn,
     "--count N --parallel N [--size N]              the same for N visitors; against echo"},
    {"http", http,
     "--parallel N --seconds S [--close]             kept alive, or a connection each; against "
     "http"},
    {"idle", idle,
     "--visitors N [--parallel N]      opens N, reports, holds them until standard input ends; "
     "against echo"},
    {"sleep", sleep,
     "--visitors N                     N that never read, until standard input ends; against "
     "source"},
};

void printHelp(std::FILE* to) {
  std::fputs("culvert-bench COMMAND ...   one line of JSON on standard output\n\n", to);
  for (const auto& command : kCommands) {
    std::fprintf(to, "  %-8s %s\n", std::string(command.name).c_str(), command.usage);
  }
  std::fputs(
      "\nClients: --to ADDRESS:PORT, and --source-spread or --no-source-spread: source addresses "
      "127.0.1.1 to .254 in\n"
      "turn (the default to loopback).  Those with --seconds also take --warmup S.\n",
      to);
}

int run(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h") {
    printHelp(words.empty() ? stderr : stdout);
    return words.empty() ? 64 : 0;
  }
  for (const auto& command : kCommands) {
    if (words[0] != command.name) continue;
    try {
      raiseDescriptorLimit();
      Arguments arguments({words.begin() + 1, words.end()});
      command.run(arguments);
      return 0;
    } catch (const Usage& error) {
      std::fprintf(stderr, "culvert-bench %s: %s\n", words[0].c_str(), error.what());
      return 64;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "culvert-bench %s: %s\n", words[0].c_str(), error.what());
      return 1;
    }
  }
  std::fprintf(stderr, "culvert-bench: unknown command \"%s\"; see culvert-bench --help\n",
               words[0].c_str());
  return 64;
}

}  // namespace
}  // namespace culvert::load

int main(int count, char** words) {
  return culvert::load::run({words + 1, words + count});
}
