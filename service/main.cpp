#include "service/Program.h"

#include <string>
#include <vector>

int main(int argc, char** argv) {
  culvert::service::Program program;
  return program.execute(argc > 0 ? argv[0] : "culvert",
                         std::vector<std::string>(argv + (argc > 0), argv + argc));
}
