# Installs, into lib/linnet of a Python wheel, the shared libraries that the tool loads, each with the text of its licence. What
# every Debian system has (glibc, and GCC's runtime) stays out; LIBRARIES.txt names both kinds. Run by `cmake --install` with
# `linnet_program`.
set(folder $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/linnet)
set(every_system "^(ld-linux.*|lib(c|m|dl|rt|pthread|stdc\\+\\+|gcc_s))\\.so")
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${linnet_program}
  RESOLVED_DEPENDENCIES_VAR all
  UNRESOLVED_DEPENDENCIES_VAR missing)
if(missing)
  message(FATAL_ERROR "libraries of ${linnet_program} that are not here: ${missing}")
endif()
list(SORT all)

find_program(dpkg_query dpkg-query NO_CACHE)
set(text "The shared libraries of linnet. These are in this folder, with their licences:\n\n")
set(system "")
foreach(library IN LISTS all)
  cmake_path(GET library FILENAME name)
  if(name MATCHES "${every_system}")
    string(APPEND system "  ${name}\n")
    continue()
  endif()
  # Under the name that the loader looks for: an archive holds no links.
  file(REAL_PATH ${library} real)
  file(MAKE_DIRECTORY ${folder})
  file(COPY_FILE ${real} ${folder}/${name})
  set(package "")
  if(dpkg_query)
    execute_process(COMMAND ${dpkg_query} -S ${real} OUTPUT_VARIABLE owner ERROR_QUIET)
    if(NOT owner)  # known by its place before /lib became /usr/lib
      string(REGEX REPLACE "^/usr" "" short ${real})
      execute_process(COMMAND ${dpkg_query} -S ${short} OUTPUT_VARIABLE owner ERROR_QUIET)
    endif()
    string(REGEX REPLACE ":.*" "" package "${owner}")
  endif()
  if(package AND EXISTS /usr/share/doc/${package}/copyright)
    file(REAL_PATH /usr/share/doc/${package}/copyright licence)
    file(COPY_FILE ${licence} ${folder}/${package}.copyright)
  endif()
  string(APPEND text "  ${name} (${package})\n")
endforeach()
string(APPEND text "\nThese are the system's; linnet needs versions at least as new as where it was built:\n\n${system}")
file(WRITE ${folder}/LIBRARIES.txt "${text}")
