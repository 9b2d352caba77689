# Part of linnet_add_model (LinnetModel.cmake), run after each `linnet compile`:
#
#   cmake -DNAME=phinet -DFROM=.../compiled -DTO=.../sources "-DFILES=phinet.cpp;..." -P LinnetSources.cmake
#
# Copies each of FILES from FROM, unless it is the same already; where `linnet compile` wrote none it says so in its place.
cmake_minimum_required(VERSION 3.24)

foreach(file IN LISTS FILES)
  if(EXISTS ${FROM}/${file})
    configure_file(${FROM}/${file} ${TO}/${file} COPYONLY)
    continue()
  endif()
  set(text "// '${NAME}' needs no ${file}: its model or its options have no use for one.\n")
  if(file MATCHES "\\.(h|hpp)$")
    string(APPEND text "#error \"the network '${NAME}' has no ${file}\"\n")
  endif()
  file(CONFIGURE OUTPUT ${TO}/${file} CONTENT "${text}" @ONLY)
endforeach()

# A source that nobody would compile must not go unnoticed.
file(GLOB written RELATIVE ${FROM} ${FROM}/${NAME}*.cpp ${FROM}/${NAME}*.hpp ${FROM}/${NAME}*.h ${FROM}/*.S ${FROM}/*.bin)
list(REMOVE_ITEM written ${FILES} ${NAME}_trace.hpp)
if(written)
  message(FATAL_ERROR "linnet_add_model: does not know the file(s) ${written} that this version of linnet writes; "
    "the tool and the CMake package are of different versions")
endif()
