# How a folder of Culvert becomes a target.  One target per folder, named for it; its link list is its row in the
# layer table (ARCHITECTURE.md), which the ctest `layers` checks against the #include lines.
#
#   culvert_library(mux SOURCES Frame.cpp MuxClient.cpp LINKS culvert::net)
#       static library culvert_mux, alias culvert::mux; headers are included as "mux/Frame.h".
#       Without SOURCES an interface library: a folder of headers.
#   culvert_protocol(vmess SOURCES Header.cpp Register.cpp LINKS culvert::proxy culvert::crypto)
#       the same for a folder under src/proxy, and enters it in the registry: its Register.cpp defines
#       void culvert::vmess::add(proxy::Registry&), and the generated Protocols.cpp calls it.
#   culvert_test(mux SOURCES FrameTest.cpp LINKS …)
#       GoogleTest program culvert_mux_tests, linked with culvert::mux where there is one and with
#       culvert::test_support; every TEST is a ctest of its own.  Tests run in tests/, where vectors/ is, and
#       CULVERT_TESTS_DIR is that folder's absolute name.
#   culvert_program(culvert SOURCES main.cpp LINKS …)
#       program <build>/bin/culvert.
#
# Options: CULVERT_WERROR (default: on, but for release builds) and CULVERT_SANITIZE (address;undefined or thread).
include_guard(GLOBAL)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(werror_default OFF)
else()
  set(werror_default ON)
endif()
option(CULVERT_WERROR "Warnings are errors" ${werror_default})
set(CULVERT_SANITIZE "" CACHE STRING "Sanitizers, separated by ;: address, undefined, thread")
set(CULVERT_TEST_TIMEOUT 60 CACHE STRING "Seconds one unit test may take")
set(CULVERT_E2E_TIMEOUT 900 CACHE STRING "Seconds one file of end-to-end tests may take")

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()  # makes the line above pass -pie to the linker
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CULVERT_CCACHE ccache)
  mark_as_advanced(CULVERT_CCACHE)
  if(CULVERT_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CULVERT_CCACHE}")
  endif()
endif()

# How every target of ours is compiled and linked.
add_library(culvert_build INTERFACE)
target_compile_features(culvert_build INTERFACE cxx_std_20)
if(MSVC)
  target_compile_options(culvert_build INTERFACE /W4 /permissive- /utf-8 $<$<BOOL:${CULVERT_WERROR}>:/WX>)
else()
  target_compile_options(culvert_build INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
    $<$<BOOL:${CULVERT_WERROR}>:-Werror>
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  target_compile_definitions(culvert_build INTERFACE _GLIBCXX_ASSERTIONS)
endif()
if(WIN32)
  target_compile_definitions(culvert_build INTERFACE NOMINMAX WIN32_LEAN_AND_MEAN)
endif()
if(NOT MSVC AND NOT APPLE)
  find_program(CULVERT_LLD ld.lld)
  mark_as_advanced(CULVERT_LLD)
  if(CULVERT_LLD)
    target_link_options(culvert_build INTERFACE -fuse-ld=lld)
  endif()
endif()

if(CULVERT_SANITIZE)
  list(JOIN CULVERT_SANITIZE "," sanitizers)
  target_compile_options(culvert_build INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(culvert_build INTERFACE -fsanitize=${sanitizers})
elseif(NOT MSVC AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # What shipped programs are hardened with (tests/hardening checks it); each works with GCC 12.
  target_compile_options(culvert_build INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE)
  if(WIN32)
    target_compile_definitions(culvert_build INTERFACE _FORTIFY_SOURCE=2)
    target_link_options(culvert_build INTERFACE
      -static -Wl,--dynamicbase,--nxcompat,--high-entropy-va)
  else()
    target_compile_options(culvert_build INTERFACE
      -fstack-clash-protection $<$<CXX_COMPILER_ID:GNU>:-ftrivial-auto-var-init=zero>
      $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection=full>
      $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},aarch64>:-mbranch-protection=standard>)
    target_compile_definitions(culvert_build INTERFACE _FORTIFY_SOURCE=3)
    target_link_options(culvert_build INTERFACE
      LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack LINKER:-z,separate-code)
  endif()
endif()

function(culvert_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "culvert_library(${name}): what is ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  if(arg_SOURCES)
    add_library(culvert_${name} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(culvert_${name} PRIVATE culvert_build)
    set_target_properties(culvert_${name} PROPERTIES CXX_EXTENSIONS OFF)
  else()
    add_library(culvert_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(culvert::${name} ALIAS culvert_${name})
  target_compile_features(culvert_${name} ${scope} cxx_std_20)
  target_include_directories(culvert_${name} ${scope} "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(culvert_${name} ${scope} ${arg_LINKS})
endfunction()

function(culvert_protocol name)
  culvert_library(${name} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY CULVERT_PROTOCOLS ${name})
endfunction()

function(culvert_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE culvert_build ${arg_LINKS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}")
  set_target_properties(${name} PROPERTIES
    CXX_EXTENSIONS OFF RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

function(culvert_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "culvert_test(${name}): what is ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  set(program culvert_${name}_tests)
  add_executable(${program} ${arg_SOURCES})
  set_target_properties(${program} PROPERTIES
    CXX_EXTENSIONS OFF RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
  target_compile_definitions(${program} PRIVATE "CULVERT_TESTS_DIR=\"${PROJECT_SOURCE_DIR}/tests\"")
  target_link_libraries(${program} PRIVATE culvert_build ${arg_LINKS}
    $<TARGET_NAME_IF_EXISTS:culvert::${name}>
    $<TARGET_NAME_IF_EXISTS:culvert::test_support>
    GTest::gtest GTest::gtest_main)
  # Listed when ctest starts, so that a build runs nothing.
  gtest_discover_tests(${program}
    DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}/tests"
    TEST_PREFIX "${name}/"
    PROPERTIES TIMEOUT ${CULVERT_TEST_TIMEOUT} LABELS unit)
endfunction()
