#include "config/Convert.h"

#include "config/ConvertParts.h"

#include <string>
#include <utility>

namespace culvert::config {
namespace {

/// A file name as the program opens it: relative ones count from the configuration's directory.
std::string pathOf(const Given<FileName>& file) {
  const std::string& name = file->text;
  const auto& source = file.node.place().source;
  if (name.front() == '/' || !source || source->directory.empty()) return name;
  return source->directory + "/" + name;
}

LogConfig logOf(const SimpleLog& log) {
  LogConfig config;
  config.access = "none";
  if (log.level) config.level = static_cast<LogLevel>(log.level.value);
  if (log.file) config.file = pathOf(log.file);
  if (log.access) {
    const std::string& access = log.access->text;
    config.access = access == "stdout" || access == "none" ? access : pathOf(log.access);
  }
  config.json = log.format && *log.format == LogFormat::Json;
  if (log.addresses) config.addresses = log.addresses.value;
  return config;
}
static_assert(static_cast<int>(SimpleLevel::None) == static_cast<int>(LogLevel::None) &&
              static_cast<int>(SimpleLevel::Debug) == static_cast<int>(LogLevel::Debug));

Policy policyOf(const SimpleTimeouts& timeouts) {
  const auto seconds = [](const Given<Seconds>& given) {
    return given ? std::optional(given->value) : std::nullopt;
  };
  return {.handshake = seconds(timeouts.handshake),
          .connIdle = seconds(timeouts.idle),
          .uplinkOnly = seconds(timeouts.halfClose),
          .downlinkOnly = seconds(timeouts.halfClose),
          .udpIdle = seconds(timeouts.udpIdle)};
}

}  // namespace

Model simpleToModel(const Node& root, Problems& problems) {
  SimpleFile file = readSimple(root, problems);
  checkSimple(file, problems);

  Model model;
  model.dialect = Dialect::Yaml;
  if (root.place().source) model.file = root.place().source->name;
  if (file.log) model.log = logOf(*file.log);
  if (file.timeouts) model.policy = policyOf(*file.timeouts);
  if (file.threads) model.threads = static_cast<int>(file.threads->value);

  const bool both = file.bridge.given() && file.portal.given();
  const bool generated = file.bridge.given() || file.portal.given();
  const bool hasAdvanced = file.advanced.given();
  // First of the outbounds, or the bridge's tunnel would be the default for whatever a portal's
  // user asks.
  const bool denyFirst = both || (generated && hasAdvanced);
  if (denyFirst) model.outbounds.push_back(convert::deny(root));
  if (file.bridge) convertBridge(*file.bridge, file.bridge.node, denyFirst, model);
  if (file.portal) {
    const bool alone = !both && !hasAdvanced;
    convertPortal(
        *file.portal, file.portal.node,
        {.hasAdvanced = hasAdvanced, .timeouts = file.timeouts ? &*file.timeouts : nullptr}, model);
    if (!denyFirst && portalNeedsDeny(*file.portal, alone))
      model.outbounds.push_back(convert::deny(file.portal.node));
  }
  if (hasAdvanced) addAdvanced(file, model, problems);
  return model;
}

}  // namespace culvert::config
