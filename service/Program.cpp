#include "service/Program.h"

#include "service/Commands.h"
#include "service/Runner.h"

#include <Poco/Exception.h>

#include <exception>
#include <iostream>
#include <utility>
#include <variant>

namespace culvert::service {

int Program::execute(const std::string& name, const std::vector<std::string>& arguments) {
  try {
    auto parsed = parseCommandLine(arguments);
    if (const UsageError* error = std::get_if<UsageError>(&parsed)) {
      std::cerr << "culvert: " << error->text << "\n" << usage();
      return kUsage;
    }
    line_ = std::get<CommandLine>(std::move(parsed));
    if (line_.file.empty()) line_.file = kUsualFile;
    init({name});
    return run();
  } catch (const Poco::Exception& error) {
    std::cerr << "culvert: internal error: " << error.displayText() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "culvert: internal error: " << error.what() << "\n";
  }
  return kInternal;
}

int Program::main(const std::vector<std::string>&) {
  if (line_.command == CommandLine::Command::Run) return Runner(line_).run();
  return runCommand(line_, std::cout, std::cerr);
}

}  // namespace culvert::service
