#include "bench/netsim/Options.h"

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>

namespace culvert::netsim {
namespace {

constexpr double kLeastOffloadRate = 1e9;  // below it 64 KiB at a time would be a lump

double number(const std::string& text, const std::string& name) {
  std::size_t used = 0;
  double value = -1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || value < 0) {
    throw std::invalid_argument("--" + name + ": \"" + text + "\" is no number");
  }
  return value;
}

/// "20" for both directions, "20,75" for there and back.
std::array<double, 2> pair(const std::string& text, const std::string& name) {
  const std::size_t comma = text.find(',');
  const double there = number(text.substr(0, comma), name);
  if (comma == std::string::npos) return {there, there};
  return {there, number(text.substr(comma + 1), name)};
}

Nanoseconds milliseconds(double value) {
  return static_cast<Nanoseconds>(value * static_cast<double>(kMillisecond));
}

}  // namespace

bool Options::usesOffload() const {
  if (offload != Offload::Auto) return offload == Offload::On;
  return std::all_of(paths.begin(), paths.end(), [](const PathSettings& path) {
    return path.loss == 0 && path.duplicate == 0 && path.reorder == 0 &&
           (path.bitsPerSecond == 0 || path.bitsPerSecond >= kLeastOffloadRate);
  });
}

const char* usage() {
  return "culvert-netsim A B [option...]: joins network namespaces A and B by a long path.\n"
         "A, B: a name in /run/netns, a path, or pid:N.  VALUE: both directions, or "
         "A-to-B,B-to-A.\n"
         "  --address-a CIDR, --address-b CIDR   addresses of the two devices; may be repeated\n"
         "  --device-a NAME, --device-b NAME     names of the devices\n"
         "  --delay MS      one way                 --jitter MS   the delay wanders by +-MS\n"
         "  --loss %        --dup %                 --reorder %   held back by 1 to 5 ms\n"
         "  --rate MBIT/S   0: no limit             --queue MS    in front of the rate (100)\n"
         "  --mtu BYTES     of the devices          --mtu-hole BYTES   larger ones vanish\n"
         "  --offload auto|on|off   whole segments instead of packets; auto: when nothing is\n"
         "                          lost, doubled, reordered or slower than 1000 Mbit/s\n"
         "  --seed N        printed; random unless given\n"
         "Prints a line \"ready ...\" when the path is up; on SIGTERM, and SIGUSR1, a line of "
         "JSON.\n";
}

Options parseOptions(const std::vector<std::string>& arguments) {
  Options options;
  options.seed = std::random_device()();
  for (PathSettings& path : options.paths) path.queue = 100 * kMillisecond;

  using Set = std::function<void(PathSettings&, double)>;
  const std::map<std::string, Set> values{
      {"delay", [](auto& path, double value) { path.delay = milliseconds(value); }},
      {"jitter", [](auto& path, double value) { path.jitter = milliseconds(value); }},
      {"loss", [](auto& path, double value) { path.loss = value / 100; }},
      {"dup", [](auto& path, double value) { path.duplicate = value / 100; }},
      {"reorder", [](auto& path, double value) { path.reorder = value / 100; }},
      {"rate", [](auto& path, double value) { path.bitsPerSecond = value * 1e6; }},
      {"queue", [](auto& path, double value) { path.queue = milliseconds(value); }},
      {"mtu-hole",
       [](auto& path, double value) { path.holeBytes = static_cast<std::size_t>(value); }},
  };
  std::size_t spaces = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].starts_with("--")) {
      if (spaces == 2) throw std::invalid_argument("what is \"" + arguments[i] + "\"?");
      options.nameSpaces[spaces++] = arguments[i];
      continue;
    }
    const std::string name = arguments[i].substr(2);
    if (i + 1 == arguments.size()) throw std::invalid_argument("--" + name + ": its value?");
    const std::string& text = arguments[++i];
    if (const auto found = values.find(name); found != values.end()) {
      const auto both = pair(text, name);
      for (std::size_t side : {0u, 1u}) found->second(options.paths[side], both[side]);
    } else if (name == "address-a" || name == "address-b") {
      options.addresses[name.back() == 'b'].push_back(text);
    } else if (name == "device-a" || name == "device-b") {
      options.devices[name.back() == 'b'] = text;
    } else if (name == "mtu") {
      const auto both = pair(text, name);
      options.mtu = {static_cast<int>(both[0]), static_cast<int>(both[1])};
    } else if (name == "seed") {
      options.seed = static_cast<std::uint64_t>(number(text, name));
    } else if (name == "offload" && (text == "auto" || text == "on" || text == "off")) {
      options.offload = text == "auto" ? Offload::Auto : text == "on" ? Offload::On : Offload::Off;
    } else {
      throw std::invalid_argument("--" + name + " " + text + ": no such option");
    }
  }
  if (spaces != 2) throw std::invalid_argument("two namespaces are needed");
  return options;
}

}  // namespace culvert::netsim
