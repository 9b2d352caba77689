# Documentation: pages that commands write, pages whose commands are run, and what pages say of the code.
set(docs_python python3)
add_test(NAME docs/codes COMMAND ${docs_python} ${CMAKE_CURRENT_LIST_DIR}/codes.py)
add_test(NAME docs/links COMMAND ${docs_python} ${CMAKE_CURRENT_LIST_DIR}/links.py)
add_test(NAME docs/runner COMMAND ${docs_python} ${CMAKE_CURRENT_LIST_DIR}/run_page_test.py)
add_test(NAME docs/api COMMAND ${docs_python} ${CMAKE_CURRENT_LIST_DIR}/api.py)
add_test(NAME docs/troubleshooting.md_is_current COMMAND bash -c
  "diff '${PROJECT_SOURCE_DIR}/docs/troubleshooting.md' <('$<TARGET_FILE:linnet>' explain --markdown)")
add_test(NAME docs/operators.md_is_current COMMAND bash -c
  "diff '${PROJECT_SOURCE_DIR}/docs/operators.md' <('$<TARGET_FILE:linnet>' operators --markdown)")
add_test(NAME docs/phinet_96_plan.svg_is_current WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} COMMAND bash -c
  "folder=$(mktemp -d) && trap 'rm -r $folder' EXIT && '$<TARGET_FILE:linnet>' plan models/phinet_96/phinet_96.onnx \
   --calibrate models/images/calibration --mean 127.5 --scale 0.00784313725490196 --resize -o $folder/plan.svg --quiet && \
   cmp docs/images/phinet_96_plan.svg $folder/plan.svg")
set_tests_properties(docs/codes docs/links docs/phinet_96_plan.svg_is_current docs/runner docs/api docs/troubleshooting.md_is_current
  docs/operators.md_is_current PROPERTIES LABELS docs)

# One test for each page; those that need PyPI once more, whole, in a virtual environment that is kept between runs.
# $LINNET_PYPI_VENV names another one.
set(docs_venv ${PROJECT_SOURCE_DIR}/build/pypi)
file(GLOB docs_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/docs/*.md
  ${PROJECT_SOURCE_DIR}/models/README.md ${PROJECT_SOURCE_DIR}/runtime/boards/*/README.md)
file(GLOB_RECURSE docs_examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*README.md)
add_test(NAME docs/opsets COMMAND ${docs_python} ${CMAKE_CURRENT_LIST_DIR}/opsets.py
  $<TARGET_FILE:linnet> ${docs_venv})
# After the page that puts the onnx package there, and not while it does.
set_tests_properties(docs/opsets PROPERTIES LABELS "docs;pypi" SKIP_RETURN_CODE 77
  DEPENDS docs/pypi/docs/getting-started.md RESOURCE_LOCK pypi_venv)
foreach(page IN LISTS docs_pages docs_examples)
  cmake_path(RELATIVE_PATH page BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE name)
  set(run_page ${docs_python} ${CMAKE_CURRENT_LIST_DIR}/run_page.py ${page} --linnet $<TARGET_FILE:linnet>)
  add_test(NAME docs/page/${name} COMMAND ${run_page})
  set_tests_properties(docs/page/${name} PROPERTIES LABELS docs TIMEOUT 600)
  # An example is its README: what that shows is what the emulated board must print.
  if(page IN_LIST docs_examples)
    set_tests_properties(docs/page/${name} PROPERTIES LABELS "docs;examples")
    if(CCACHE)
      set_tests_properties(docs/page/${name} PROPERTIES
        ENVIRONMENT "CMAKE_CXX_COMPILER_LAUNCHER=${CCACHE};CMAKE_C_COMPILER_LAUNCHER=${CCACHE}")
    endif()
  endif()
  file(STRINGS ${page} marks REGEX "^<!-- pypi -->")
  if(marks)
    add_test(NAME docs/pypi/${name} COMMAND ${run_page} --pypi ${docs_venv})
    set_tests_properties(docs/pypi/${name} PROPERTIES
      LABELS "docs;pypi" TIMEOUT 1800 SKIP_RETURN_CODE 77 RESOURCE_LOCK pypi_venv)
  endif()
endforeach()
