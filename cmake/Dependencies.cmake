# The libraries Culvert stands on, each as one target:
#   Poco::Foundation, Poco::Net, Poco::Util; deps::openssl, deps::yaml, deps::cares, deps::re2;
#   GTest::gtest for the tests.
include_guard(GLOBAL)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Poco: one in CMAKE_PREFIX_PATH or on the system if it is new enough (Debian 12's is not), else the one
# scripts/deps-poco built into the cache.  ThreadSanitizer needs its own build, so never the system's.
set(poco_flavour native)
if("thread" IN_LIST CULVERT_SANITIZE)
  set(poco_flavour tsan)
endif()
set(poco_parts Foundation Net Util)
if(NOT poco_flavour STREQUAL "tsan")
  find_package(Poco 1.14.2 QUIET COMPONENTS ${poco_parts})
endif()
if(NOT Poco_FOUND)
  unset(Poco_DIR CACHE)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "CXX=${CMAKE_CXX_COMPILER}"
      "${PROJECT_SOURCE_DIR}/scripts/deps-poco" --prefix ${poco_flavour}
    OUTPUT_VARIABLE poco_prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE poco_result)
  if(NOT poco_result EQUAL 0 OR NOT EXISTS "${poco_prefix}/complete")
    message(FATAL_ERROR "Poco 1.14.2 is not here; scripts/deps-poco ${poco_flavour} builds it "
      "(scripts/build does that by itself)")
  endif()
  find_package(Poco 1.14.2 REQUIRED COMPONENTS ${poco_parts}
    PATHS "${poco_prefix}" NO_DEFAULT_PATH)
endif()
message(STATUS "Poco ${Poco_VERSION}: ${Poco_DIR}")

find_package(OpenSSL 3.0 REQUIRED)
add_library(deps_openssl INTERFACE)
add_library(deps::openssl ALIAS deps_openssl)
target_link_libraries(deps_openssl INTERFACE OpenSSL::Crypto)

find_package(yaml-cpp 0.7 REQUIRED)
add_library(deps_yaml INTERFACE)
add_library(deps::yaml ALIAS deps_yaml)
if(TARGET yaml-cpp::yaml-cpp)
  target_link_libraries(deps_yaml INTERFACE yaml-cpp::yaml-cpp)
else()
  target_link_libraries(deps_yaml INTERFACE yaml-cpp)
endif()

# Debian 12's packages of these two bring no CMake files.
function(culvert_plain_dependency name header library)
  find_path(CULVERT_${name}_INCLUDE ${header} REQUIRED)
  find_library(CULVERT_${name}_LIBRARY ${library} REQUIRED)
  mark_as_advanced(CULVERT_${name}_INCLUDE CULVERT_${name}_LIBRARY)
  add_library(deps_${name} INTERFACE)
  add_library(deps::${name} ALIAS deps_${name})
  target_include_directories(deps_${name} SYSTEM INTERFACE "${CULVERT_${name}_INCLUDE}")
  target_link_libraries(deps_${name} INTERFACE "${CULVERT_${name}_LIBRARY}")
endfunction()
if(NOT WIN32)
  culvert_plain_dependency(cares ares.h cares)
endif()
culvert_plain_dependency(re2 re2/re2.h re2)
target_link_libraries(deps_re2 INTERFACE Threads::Threads)

if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
