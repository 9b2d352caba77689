# Part of linnet_add_model (LinnetModel.cmake), run after each `linnet compile`:
#
#   cmake -DNAME=phinet -DFROM=.../compiled -DTO=.../sources "-DFILES=.../sources/phinet.cpp;..." -P LinnetSources.cmake
#
# Copies each of FILES from FROM, unless it is the same already; where `linnet compile` wrote none it says so in its place.
cmake_minimum_required(VERSION 3.21)

set(names "")
foreach(file IN LISTS FILES)
  cmake_path(GET file FILENAME file_name)
  list(APPEND names ${file_name})
  if(EXISTS ${FROM}/${file_name})
    configure_file(${FROM}/${file_name} ${file} COPYONLY)
    continue()
  endif()
  set(text "// '${NAME}' needs no ${file_name}: its model or its options have no use for one.\n")
  if(file_name MATCHES "\\.(h|hpp)$")
    string(APPEND text "#error \"the network '${NAME}' has no ${file_name}\"\n")
  endif()
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
endforeach()

# A source that nobody would compile must not go unnoticed.
file(GLOB written RELATIVE ${FROM} ${FROM}/${NAME}*.cpp ${FROM}/${NAME}*.hpp ${FROM}/${NAME}*.h ${FROM}/*.S ${FROM}/*.bin)
list(REMOVE_ITEM written ${names} ${NAME}_trace.hpp)
if(written)
  message(FATAL_ERROR "linnet_add_model: does not know the file(s) ${written} that this version of linnet writes; "
    "the tool and the CMake package are of different versions")
endif()
