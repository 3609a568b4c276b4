// The manual's page of all keys, as `culvert schema --reference` prints it.
#pragma once

#include <string>

namespace culvert::service {

std::string referencePage();

}  // namespace culvert::service
