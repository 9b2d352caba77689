# Linnet inside another project: add_subdirectory(linnet) gives what find_package(Linnet) gives.
#
# The tool is built in a build tree of its own, always: for this machine, optimised, with none of the project's flags. A
# firmware project is cross-compiled or has -fno-exceptions; its compiler or its flags cannot make the tool. No test is built.
# LINNET_EXECUTABLE takes a `linnet` that is there already instead.
set(LINNET_EXECUTABLE "" CACHE FILEPATH "A linnet of this version, for this machine, to use instead of building one")
set(LINNET_BOARDS_DIR ${CMAKE_CURRENT_SOURCE_DIR}/runtime/boards CACHE INTERNAL "")

add_subdirectory(runtime)

# ---- the tool ----------------------------------------------------------------------------------------------------------
add_executable(Linnet::linnet IMPORTED GLOBAL)
if(LINNET_EXECUTABLE)
  set_target_properties(Linnet::linnet PROPERTIES IMPORTED_LOCATION ${LINNET_EXECUTABLE})
else()
  set(host ${CMAKE_CURRENT_BINARY_DIR}/host)
  set(program ${host}/compiler/linnet)
  find_program(LINNET_NINJA ninja NO_CMAKE_FIND_ROOT_PATH)
  if(LINNET_NINJA)
    set(generator -G Ninja -DCMAKE_MAKE_PROGRAM=${LINNET_NINJA})
    set(jobs "")  # as many as there are processors
  else()
    include(ProcessorCount)
    ProcessorCount(processors)
    set(generator -G "Unix Makefiles")
    set(jobs --parallel ${processors})
  endif()
  # The environment may name the project's compiler, as the toolchain file does.
  set(clean_environment ${CMAKE_COMMAND} -E env --unset=CC --unset=CXX --unset=ASM --unset=CFLAGS --unset=CXXFLAGS
    --unset=ASMFLAGS --unset=LDFLAGS --unset=CMAKE_TOOLCHAIN_FILE --unset=CMAKE_GENERATOR)
  # Without CONFIGURE_DEPENDS, which would look at each build: an update of Linnet always changes a file that was there.
  file(GLOB_RECURSE inputs LIST_DIRECTORIES false
    ${CMAKE_CURRENT_SOURCE_DIR}/compiler/* ${CMAKE_CURRENT_SOURCE_DIR}/runtime/* ${CMAKE_CURRENT_SOURCE_DIR}/templates/*)
  add_custom_command(
    OUTPUT ${host}/CMakeCache.txt
    COMMAND ${clean_environment} ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_SOURCE_DIR} -B ${host} ${generator}
      -DCMAKE_BUILD_TYPE=Release -DLINNET_TESTS=OFF
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt
    COMMENT "Configuring Linnet for this machine"
    USES_TERMINAL VERBATIM)
  add_custom_command(
    OUTPUT ${program}
    COMMAND ${clean_environment} ${CMAKE_COMMAND} --build ${host} --target linnet ${jobs}
    COMMAND ${CMAKE_COMMAND} -E touch ${program}
    DEPENDS ${inputs} ${host}/CMakeCache.txt
    COMMENT "Building Linnet for this machine"
    USES_TERMINAL VERBATIM)
  add_custom_target(linnet_host_configured DEPENDS ${host}/CMakeCache.txt)
  add_custom_target(linnet_host DEPENDS ${program})
  add_dependencies(linnet_host linnet_host_configured)
  set_target_properties(Linnet::linnet PROPERTIES IMPORTED_LOCATION ${program})
  add_dependencies(Linnet::linnet linnet_host)
endif()

include(cmake/LinnetModel.cmake)
