"""Linnet as a folder of the user's project: add_subdirectory brings the same function, builds the tool on its own for this
machine, and nothing else. The tool's whole build takes minutes, so that it is only configured here, and what its build would do
is read; what follows uses a tool that is there."""

import os

from consumer import PROGRAM, SOURCE, Project, check, run, steps

project = Project("subproject").consumer()
folder = f"-DLINNET_FOLDER={SOURCE}"
toolchain = f"-DCMAKE_TOOLCHAIN_FILE={SOURCE / 'tools/cortex-m7.cmake'}"
project.configure(folder, toolchain)

# The environment names the core's compiler; the tool must not get it.
os.environ["CXX"] = "arm-none-eabi-g++"
os.environ["CXXFLAGS"] = "-mcpu=cortex-m7 -fno-exceptions"
project.build("linnet_host_configured")
host = project.build_folder / "linnet/host"
commands = run(["ninja", "-C", host, "-t", "commands", "linnet"])
check(" -o compiler/linnet " in commands, "the tool has a build of its own")
check("/tests/" not in commands and "Catch" not in commands, "without tests")
cache = (host / "CMakeCache.txt").read_text()
check("arm-none-eabi" not in cache and "CMAKE_BUILD_TYPE:STRING=Release" in cache, "for this machine, optimised")
commands = run(["ninja", "-C", project.build_folder, "-t", "commands", "firmware"])
check(0 < commands.find(f"--build {host} --target linnet") < commands.find("/linnet compile "), "and comes before the network")

project.configure(folder, toolchain, f"-DLINNET_EXECUTABLE={PROGRAM}")
project.build()
check(steps(project.build()) == [], "nothing to do in an unchanged tree")
check(run([SOURCE / "tools/qemu", project.build_folder / "firmware"]) == "self test passed\n",
      "LINNET_EXECUTABLE: the image runs on the emulated core")

del os.environ["CXX"], os.environ["CXXFLAGS"]
native = Project("subproject_native", "Unix Makefiles").consumer()
native.configure(folder, f"-DLINNET_EXECUTABLE={PROGRAM}", "-DCMAKE_CXX_FLAGS=-fno-exceptions -fno-rtti")
native.build()
check(run([native.build_folder / "firmware"]) == "self test passed\n", "and so on this machine")
check(steps(native.build()) == [], "nothing to do in an unchanged tree")
targets = run(["cmake", "--build", native.build_folder, "--target", "help"])
check("test_" not in targets.replace("_test_vector", "") and "tidy" not in targets, "the project has no target of Linnet's tests")
