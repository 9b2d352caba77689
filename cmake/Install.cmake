# What `cmake --install build/release --prefix P` puts where, and `cpack -G DEB` into a package:
#
#   bin/linnet                       the tool
#   include/linnet                   the runtime, for `linnet compile --runtime external`
#   lib/cmake/Linnet                 find_package(Linnet), linnet_add_model, a toolchain file for the core
#   share/linnet/boards, templates   linker scripts and start-up code; what generated code is made from (the tool carries its own)
#   share/linnet/include             a link to include/linnet that holds no other header: Linnet::runtime
#   share/doc/linnet, share/man      documentation
#   share/bash-completion, zsh, fish what the shells complete
#
# A Python wheel (pyproject.toml) is an installation without the last two, inside the package `linnet`, with the libraries that
# the tool needs.
include(CMakePackageConfigHelpers)

# ---- the tool ----------------------------------------------------------------------------------------------------------
if(LINNET_EXECUTABLE)
  file(REAL_PATH ${LINNET_EXECUTABLE} program)  # itself, not a link to it
  install(PROGRAMS ${program} DESTINATION bin RENAME linnet)
  install(CODE "set(strip \"${CMAKE_STRIP}\")")
  install(CODE [[
    if(CMAKE_INSTALL_DO_STRIP)  # as for a target
      execute_process(COMMAND ${strip} $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/bin/linnet)
    endif()
  ]])
else()
  install(TARGETS linnet)
  set(program "$<TARGET_FILE:linnet>")
endif()

# ---- the runtime, the boards, the templates ----------------------------------------------------------------------------
# No link in a wheel, which is an archive without links.
if(SKBUILD)
  set(headers share/linnet/include)
else()
  set(headers include)
  install(CODE [[
    set(folder $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/linnet/include)
    file(MAKE_DIRECTORY ${folder})
    file(CREATE_LINK ../../../include/linnet ${folder}/linnet SYMBOLIC)
  ]])
endif()
install(DIRECTORY runtime/include/linnet DESTINATION ${headers})
install(DIRECTORY runtime/kernels runtime/dsp DESTINATION ${headers}/linnet FILES_MATCHING PATTERN "*.h")
install(DIRECTORY runtime/boards templates DESTINATION share/linnet)

# ---- the CMake package -------------------------------------------------------------------------------------------------
# Of every architecture: what it describes are headers, and a tool for the machine that builds.
set(package ${PROJECT_BINARY_DIR}/cmake)
configure_package_config_file(cmake/LinnetConfig.cmake.in ${package}/LinnetConfig.cmake
  INSTALL_DESTINATION lib/cmake/Linnet NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${package}/LinnetConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${package}/LinnetConfig.cmake ${package}/LinnetConfigVersion.cmake
  cmake/LinnetModel.cmake cmake/LinnetSources.cmake tools/cortex-m7.cmake
  DESTINATION lib/cmake/Linnet)

# ---- a wheel's libraries -----------------------------------------------------------------------------------------------
if(SKBUILD)
  install(CODE "set(linnet_program \"${program}\")")
  install(SCRIPT cmake/InstallLibraries.cmake)
  return()
endif()

# ---- documentation, completions ----------------------------------------------------------------------------------------
install(DIRECTORY docs/ DESTINATION share/doc/linnet)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION share/doc/linnet)
install(CODE "set(linnet_program \"${program}\")")
install(SCRIPT cmake/InstallCompletions.cmake)

# ---- the Debian package ------------------------------------------------------------------------------------------------
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME linnet)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
# Nobody publishes this package yet; who does gives an address: -DCPACK_PACKAGE_CONTACT="Name <address>".
set(CPACK_PACKAGE_CONTACT "The Linnet developers <linnet@localhost>" CACHE STRING "Maintainer of the Debian package")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler of ONNX networks into C++ for Cortex-M7 microcontrollers")
set(CPACK_PACKAGE_DESCRIPTION
"Linnet quantizes a network to int8 with calibration data, gives every byte of
RAM its address, and emits C++17 sources that need nothing but a small runtime:
no heap, no exceptions, no operating system, no interpreter.
.
This package holds the tool, the runtime's headers, boards, and a CMake package
with linnet_add_model().")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What `linnet verify` and `linnet profile` run; `linnet compile` needs none of it.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "g++, cmake (>= 3.24), ninja-build")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS
  "gcc-arm-none-eabi, libnewlib-arm-none-eabi, libstdc++-arm-none-eabi-newlib, qemu-system-arm, llvm")
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/PackageFiles.cmake)
include(CPack)
