# Installs the man page and what the shells complete, as the tool itself prints them. Run by `cmake --install` with
# `linnet_program`.
set(share $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share)
function(linnet_install_output file)
  cmake_path(GET file PARENT_PATH folder)
  file(MAKE_DIRECTORY ${share}/${folder})
  message(STATUS "Installing: ${share}/${file}")
  execute_process(COMMAND ${linnet_program} ${ARGN} OUTPUT_FILE ${share}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

linnet_install_output(bash-completion/completions/linnet completions bash)
linnet_install_output(zsh/vendor-completions/_linnet completions zsh)
linnet_install_output(fish/vendor_completions.d/linnet.fish completions fish)
linnet_install_output(man/man1/linnet.1 man)
