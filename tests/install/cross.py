"""find_package(Linnet) in a project for the core: the tool is this machine's, the headers drag in no others, the image runs."""

from consumer import PACKAGE, PREFIX, SOURCE, Project, check, run, steps

toolchain = f"-DCMAKE_TOOLCHAIN_FILE={PACKAGE / 'cortex-m7.cmake'}"
project = Project("cross").consumer()
project.configure(toolchain, f"-DCMAKE_PREFIX_PATH={PREFIX}")
project.build()
check(steps(project.build()) == [], "nothing to do in an unchanged tree")
image = project.build_folder / "firmware"
check(run([SOURCE / "tools/qemu", image]) == "self test passed\n", "the image runs on the emulated core")

# A toolchain file that looks for packages, libraries and headers in its sysroot only: the package by its folder, and the tool
# still from here.
strict = Project("cross_strict").consumer()
strict.write("toolchain.cmake", f"""
include({PACKAGE / 'cortex-m7.cmake'})
set(CMAKE_FIND_ROOT_PATH /usr/arm-none-eabi)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${{kind}} ONLY)
endforeach()
""")
strict.configure(f"-DCMAKE_TOOLCHAIN_FILE={strict.folder / 'toolchain.cmake'}",
                 f"-DLinnet_DIR={PACKAGE}")
strict.build("firmware_phinet_sources")
check((strict.made("phinet") / "sources/phinet.cpp").is_file(), "with a sysroot for everything, the tool is found")
