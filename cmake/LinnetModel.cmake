# linnet_add_model: a network as part of a CMake target. docs/cmake.md is the user's page.
#
#   add_executable(firmware main.cpp)
#   linnet_add_model(firmware MODEL phinet.onnx CALIBRATION data/ TARGET stm32h743 RAM 256K FLASH 1M)
#
# What it adds to the build, with NAME that of the network:
#
#   custom command        linnet compile MODEL -o .../compiled --depfile ...     when model, data, options or tool changed
#   custom command        LinnetSources.cmake: .../compiled -> .../sources       after it; only what differs
#   library               firmware_NAME, of .../sources                          linked to firmware
#   library               firmware_NAME_test_vector                              self_test(), for who links it
#
# Which files Linnet writes depends on the model (NAME_detect.cpp is there when the graph has a YOLO head), which nobody knows
# when CMake configures. So .../sources always holds the same names; LinnetSources.cmake puts a file that says so where the
# model has no use for one. Build tools thus know every file by name: what includes one of them is compiled again in the
# same build that changed it.
#
# The includer defines the targets Linnet::linnet (the tool) and Linnet::runtime (the headers).
include_guard(GLOBAL)

cmake_policy(PUSH)
cmake_policy(VERSION 3.24...3.25)

set(LINNET_SOURCES_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/LinnetSources.cmake CACHE INTERNAL "")

# The options of `linnet compile` by the names that they have here. A flag, one value, or several.
set(LINNET_FLAGS RESIZE CACHE INTERNAL "")
set(LINNET_VALUES NAME TARGET RAM FLASH CALIBRATION_METHOD INPUT FRONT_END FRONT_END_OPTIONS OUTPUTS PLAN OPTIMIZE WEIGHTS
  WEIGHTS_FORMAT CACHE INTERNAL "")
set(LINNET_REPEATED BANK PLACE INPUT_SHAPE CACHE INTERNAL "")  # the option once for each value

# The name that `linnet compile` gives the network of a file.
function(linnet_name_of model result)
  cmake_path(GET model STEM LAST_ONLY name)
  string(REGEX REPLACE "[^A-Za-z0-9]+" "_" name "${name}")
  string(REGEX REPLACE "^_|_$" "" name "${name}")
  if(NOT name MATCHES "^[A-Za-z]")
    string(REGEX REPLACE "_$" "" name "network_${name}")
  endif()
  set(${result} ${name} PARENT_SCOPE)
endfunction()

# The file names of .../sources.
function(linnet_sources_of name weights_format result)
  set(files ${name}.hpp ${name}.h ${name}.cpp ${name}_c.cpp
    ${name}_test_vector.hpp ${name}_test_vector.h ${name}_test_vector.cpp)
  if(weights_format STREQUAL "incbin")
    list(APPEND files ${name}_weights.S ${name}_weights.bin)
  else()
    list(APPEND files ${name}_weights.cpp)
  endif()
  foreach(part audio camera detect labels)
    list(APPEND files ${name}_${part}.hpp ${name}_${part}.h ${name}_${part}.cpp)
  endforeach()
  set(${result} ${files} PARENT_SCOPE)
endfunction()

# Stops unless `target` is one that a library can be linked to.
function(linnet_check_target target)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "linnet_add_model: there is no target '${target}'; "
      "call add_executable(${target} ...) or add_library(${target} ...) before it")
  endif()
  get_target_property(aliased ${target} ALIASED_TARGET)
  get_target_property(imported ${target} IMPORTED)
  get_target_property(type ${target} TYPE)
  if(aliased OR imported OR type STREQUAL "UTILITY")
    message(FATAL_ERROR "linnet_add_model: nothing can be linked to '${target}'; give an executable or a library of this project")
  endif()
endfunction()

# As target_link_libraries, which however refuses to mix its forms with and without PRIVATE: the form is the user's choice.
function(linnet_link target library)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES ${library})
  endif()
  if(NOT type STREQUAL "EXECUTABLE")
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES ${library})
  endif()
endfunction()

# Absolute paths, and an error for one that is not there.
function(linnet_paths keyword result)
  set(paths "")
  foreach(path IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH path BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    # A file that the build makes is there later only.
    get_source_file_property(generated ${path} GENERATED)
    if(NOT EXISTS ${path} AND NOT generated)
      message(FATAL_ERROR "linnet_add_model: ${keyword} ${path} does not exist")
    endif()
    list(APPEND paths ${path})
  endforeach()
  set(${result} "${paths}" PARENT_SCOPE)
endfunction()

# The arguments of `linnet compile` for the keywords given (in `given_...` of the caller).
function(linnet_arguments_of result)
  set(arguments "")
  foreach(keyword IN LISTS LINNET_FLAGS LINNET_VALUES LINNET_REPEATED)
    string(TOLOWER ${keyword} option)
    string(REPLACE "_" "-" option --${option})
    if(keyword IN_LIST LINNET_FLAGS AND given_${keyword})
      list(APPEND arguments ${option})
    elseif(NOT keyword IN_LIST LINNET_FLAGS AND DEFINED given_${keyword})
      foreach(value IN LISTS given_${keyword})
        list(APPEND arguments ${option} ${value})
      endforeach()
    endif()
  endforeach()
  foreach(keyword MEAN SCALE)
    if(DEFINED given_${keyword})
      string(TOLOWER --${keyword} option)
      list(JOIN given_${keyword} "," value)
      list(APPEND arguments ${option}=${value})  # with = : a value may begin with a minus
    endif()
  endforeach()
  set(${result} "${arguments}" PARENT_SCOPE)
endfunction()

function(linnet_add_model target)
  cmake_parse_arguments(PARSE_ARGV 1 given "${LINNET_FLAGS}" "MODEL;LABELS;${LINNET_VALUES}"
    "CALIBRATION;MEAN;SCALE;OPTIONS;${LINNET_REPEATED}")
  linnet_check_target(${target})
  if(given_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "linnet_add_model: unknown '${given_UNPARSED_ARGUMENTS}'; what has no keyword here goes behind OPTIONS")
  endif()
  if(given_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "linnet_add_model: no value for ${given_KEYWORDS_MISSING_VALUES}")
  endif()
  if(NOT given_MODEL)
    message(FATAL_ERROR "linnet_add_model: MODEL is required: linnet_add_model(${target} MODEL network.onnx ...)")
  endif()
  foreach(option IN LISTS given_OPTIONS)
    string(REGEX REPLACE "=.*" "" word "${option}")
    if(word MATCHES "^(-o|--(output|name|labels|calibrate|runtime|weights-format|depfile|quiet|json|package))$")
      message(FATAL_ERROR "linnet_add_model: ${option} is not for OPTIONS: "
        "NAME, LABELS, CALIBRATION and WEIGHTS_FORMAT have keywords, the others are linnet_add_model's own")
    endif()
  endforeach()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT "CXX" IN_LIST languages)
    message(FATAL_ERROR "linnet_add_model: the sources are C++17; add CXX to the LANGUAGES of project()")
  endif()
  if("${given_WEIGHTS_FORMAT}" STREQUAL "incbin" AND NOT "ASM" IN_LIST languages)
    message(FATAL_ERROR "linnet_add_model: WEIGHTS_FORMAT incbin is an assembler file; add ASM to the LANGUAGES of project()")
  endif()

  linnet_paths(MODEL model ${given_MODEL})
  linnet_paths(CALIBRATION calibration ${given_CALIBRATION})
  linnet_paths(LABELS labels ${given_LABELS})
  set(target_file "")
  if("${given_TARGET}" MATCHES "\\.json$")
    linnet_paths(TARGET target_file ${given_TARGET})
    set(given_TARGET ${target_file})
  endif()
  if(NOT given_NAME)
    linnet_name_of(${model} given_NAME)
  endif()
  set(name ${given_NAME})
  set(library ${target}_${name})
  if(TARGET ${library})
    message(FATAL_ERROR "linnet_add_model: '${target}' has a network '${name}' already; give this one another NAME")
  endif()

  set(work ${CMAKE_CURRENT_BINARY_DIR}/linnet/${library})
  set(compiled ${work}/compiled)
  set(sources ${work}/sources)
  linnet_arguments_of(arguments)
  if(labels)
    list(APPEND arguments --labels ${labels})
  endif()
  if(calibration)
    list(APPEND arguments --calibrate ${calibration})
  endif()
  list(APPEND arguments ${given_OPTIONS})

  # Makefiles do not notice that a command changed: the arguments are a file that the command depends on.
  file(CONFIGURE OUTPUT ${work}/arguments.txt CONTENT "@arguments@\n" @ONLY)

  linnet_sources_of(${name} "${given_WEIGHTS_FORMAT}" names)
  list(TRANSFORM names PREPEND ${sources}/ OUTPUT_VARIABLE files)
  cmake_path(GET model FILENAME model_file)
  # CMake's Makefiles keep what earlier depfiles said: a picture that is gone would be missed for ever. So they start anew.
  set(forget "")
  if(CMAKE_GENERATOR MATCHES "Makefiles")
    set(forget COMMAND ${CMAKE_COMMAND} -E rm -f
      ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${library}_sources.dir/compiler_depend.internal)
  endif()
  # What is in folders of data is in the depfile, the folders too, for a picture more or less.
  add_custom_command(
    OUTPUT ${compiled}/report.json
    COMMAND Linnet::linnet compile ${model} -o ${compiled} --quiet --depfile ${work}/depends.d --runtime external ${arguments}
    # Linnet leaves an unchanged file alone; this one is what the build tool compares with the model's time.
    COMMAND ${CMAKE_COMMAND} -E touch ${compiled}/report.json
    ${forget}
    DEPENDS ${model} ${labels} ${target_file} ${work}/arguments.txt Linnet::linnet $<TARGET_FILE:Linnet::linnet>
    DEPFILE ${work}/depends.d
    COMMENT "Linnet: compiling ${model_file} for ${target}"
    VERBATIM)
  add_custom_command(
    OUTPUT ${work}/sources.stamp
    BYPRODUCTS ${files}
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DFROM=${compiled} -DTO=${sources} "-DFILES=${names}" -P ${LINNET_SOURCES_SCRIPT}
    COMMAND ${CMAKE_COMMAND} -E touch ${work}/sources.stamp
    DEPENDS ${compiled}/report.json ${LINNET_SOURCES_SCRIPT}
    COMMENT "Linnet: sources of ${name}"
    VERBATIM)
  add_custom_target(${library}_sources DEPENDS ${work}/sources.stamp)

  set(compiled_files ${files})
  list(FILTER compiled_files INCLUDE REGEX "\\.(cpp|S)$")
  list(FILTER compiled_files EXCLUDE REGEX "_test_vector\\.cpp$")
  add_library(${library} STATIC ${compiled_files})
  add_dependencies(${library} ${library}_sources)
  target_include_directories(${library} PUBLIC ${sources})
  target_link_libraries(${library} PUBLIC Linnet::runtime)
  add_library(${library}_test_vector STATIC EXCLUDE_FROM_ALL ${sources}/${name}_test_vector.cpp)
  add_dependencies(${library}_test_vector ${library}_sources)
  target_link_libraries(${library}_test_vector PUBLIC ${library})

  foreach(made ${library} ${library}_test_vector)
    target_compile_features(${made} PUBLIC cxx_std_17)
    # Results are defined bit for bit.
    target_compile_options(${made} PRIVATE -ffp-contract=off)
  endforeach()
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    message(STATUS "${library}: no CMAKE_BUILD_TYPE given, using -O2")
    target_compile_options(${library} PRIVATE -O2)
  endif()
  if("${given_WEIGHTS_FORMAT}" STREQUAL "incbin")
    set_source_files_properties(${sources}/${name}_weights.S PROPERTIES
      OBJECT_DEPENDS ${sources}/${name}_weights.bin
      INCLUDE_DIRECTORIES ${sources})
  endif()
  set_target_properties(${library} PROPERTIES LINNET_REPORT ${compiled}/report.json)
  linnet_link(${target} ${library})
endfunction()

cmake_policy(POP)
