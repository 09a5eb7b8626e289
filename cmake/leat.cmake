# The repeated work of every CMakeLists.txt in this tree.

add_library(leat_options INTERFACE)
target_compile_options(leat_options INTERFACE
  $<$<CONFIG:Release,RelWithDebInfo>:-fno-semantic-interposition>
  -ffunction-sections)
# Topologies run on the machine that builds them; simdjson's fast paths need to know its instructions.
if(LEAT_NATIVE)
  target_compile_options(leat_options INTERFACE -march=native)
endif()
if(LEAT_WARNINGS)
  target_compile_options(leat_options INTERFACE -Wall -Wextra -Werror -Wshadow -Wno-missing-field-initializers)
endif()
# False alarms of GCC 12 that come and go with optimization: in its own AVX-512 headers (bug 105593) and in string
# concatenation (bug 105651). The dev preset, which optimizes less, still has these warnings.
target_compile_options(leat_options INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release,RelWithDebInfo>>:-Wno-uninitialized -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds>)
if(LEAT_SANITIZE)
  # With sanitizers GCC also takes members of an empty std::optional for uninitialized.
  target_compile_options(leat_options INTERFACE -fsanitize=${LEAT_SANITIZE} -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(leat_options INTERFACE -fsanitize=${LEAT_SANITIZE})
  if(LEAT_SANITIZE MATCHES thread)
    target_compile_options(leat_options INTERFACE -Wno-tsan)  # Asio has a fence, which it does not see; tests/tsan.supp
  endif()
endif()
if(LEAT_FUZZ)
  target_compile_options(leat_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(leat_options INTERFACE -fsanitize=address,undefined)
endif()

find_program(LEAT_MOLD mold)
find_program(LEAT_LLD ld.lld)
if(LEAT_MOLD)
  target_link_options(leat_options INTERFACE -fuse-ld=mold)
elseif(LEAT_LLD)
  target_link_options(leat_options INTERFACE -fuse-ld=lld)
endif()

# leat_program(TARGET): links the allocator of our programs. Batches are made on one thread and freed on another, which
# glibc's malloc pays for with a lock; sanitizers bring an allocator of their own.
function(leat_program target)
  if(mimalloc_FOUND AND NOT LEAT_SANITIZE)
    target_link_libraries(${target} PRIVATE mimalloc)
  endif()
endfunction()

# What most files of the rooms include, compiled once. Clang's builds (fuzz, tidy) do without it, and so notice a file that
# does not include what it uses.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(leat_options INTERFACE -pthread)  # some libraries ask for it; a precompiled header wants all to
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/leat_pch.cpp CONTENT "" @ONLY)
  add_library(leat_pch OBJECT ${CMAKE_BINARY_DIR}/leat_pch.cpp)
  set_target_properties(leat_pch PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(leat_pch PRIVATE leat_options tl::expected fmt::fmt)
  target_precompile_headers(leat_pch PRIVATE <fmt/format.h> <tl/expected.hpp> <algorithm> <chrono> <cstring> <functional> <map>
    <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <vector>)
endif()
function(leat_precompiled target)
  if(TARGET leat_pch)
    target_precompile_headers(${target} REUSE_FROM leat_pch)
  endif()
endfunction()

# leat_library(NAME SOURCES ... [DEPENDS module ...] [LINK target ...])
# One room of the runtime or one actor family: an object library `leat_NAME`, alias `leat::NAME`.
# Every room ends up in the one shared library `libleat`. DEPENDS are the arrows of docs/architecture.md.
function(leat_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LINK")
  add_library(leat_${name} OBJECT ${arg_SOURCES})
  add_library(leat::${name} ALIAS leat_${name})
  target_include_directories(leat_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/runtime/include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/runtime>)
  target_link_libraries(leat_${name} PUBLIC leat_options tl::expected fmt::fmt)
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(leat_${name} PUBLIC leat_${dependency})
  endforeach()
  target_link_libraries(leat_${name} PUBLIC ${arg_LINK})
  leat_precompiled(leat_${name})
  set_property(GLOBAL APPEND PROPERTY LEAT_ROOMS leat_${name})
endfunction()

# leat_actors(FAMILY SOURCES ... [LINK target ...]): like leat_library, but it sees the public API only.
function(leat_actors family)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_library(leat_actors_${family} OBJECT ${arg_SOURCES})
  add_library(leat::actors_${family} ALIAS leat_actors_${family})
  target_include_directories(leat_actors_${family} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/runtime/include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/actors>)
  target_link_libraries(leat_actors_${family} PUBLIC leat_options tl::expected fmt::fmt ${arg_LINK})
  leat_precompiled(leat_actors_${family})
  set_property(GLOBAL APPEND PROPERTY LEAT_ROOMS leat_actors_${family})
endfunction()

# Joins all rooms into libleat.so, which users link as leat::leat, and installs the package.
function(leat_shared_library)
  get_property(rooms GLOBAL PROPERTY LEAT_ROOMS)
  add_library(leat SHARED)
  add_library(leat::leat ALIAS leat)
  foreach(room IN LISTS rooms)
    target_sources(leat PRIVATE $<TARGET_OBJECTS:${room}>)
    get_target_property(libraries ${room} LINK_LIBRARIES)
    foreach(library IN LISTS libraries)
      if(NOT library IN_LIST rooms)
        target_link_libraries(leat PRIVATE $<BUILD_INTERFACE:${library}>)
      endif()
    endforeach()
  endforeach()
  target_link_libraries(leat PUBLIC tl::expected fmt::fmt)
  target_include_directories(leat PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/runtime/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  # Our own calls go straight to our functions: a batch of one row makes forty of them.
  if(NOT LEAT_SANITIZE)
    target_link_options(leat PRIVATE LINKER:-Bsymbolic-functions)
  endif()
  target_compile_features(leat PUBLIC cxx_std_20)
  set_target_properties(leat PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} INSTALL_RPATH "$ORIGIN")
endfunction()

# leat_test(NAME SOURCES ... [LINK target ...]): one GoogleTest program, registered test by test.
function(leat_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/runtime ${PROJECT_SOURCE_DIR}/actors ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE leat leat_options GTest::gmock GTest::gtest_main ${arg_LINK})
  # Half of a full build is tests, whose own code need not be fast.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  # The precompiled header fits only if both are compiled alike; left alone, an object library and a program differ.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  if(TARGET leat_test_pch)
    target_precompile_headers(${name} REUSE_FROM leat_test_pch)
  endif()
  set(seconds_max 120)
  if(LEAT_SANITIZE)
    set(seconds_max 600)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES PROPERTIES TIMEOUT ${seconds_max}
    ENVIRONMENT "LEAT_SOURCE_DIR=${PROJECT_SOURCE_DIR};LEAT_BINARY_DIR=${CMAKE_BINARY_DIR};TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
endfunction()
