"""What a user reads who calls linnet_add_model or find_package(Linnet) wrongly; and that no option is out of reach."""

import re

from consumer import PHINET, PREFIX, PROGRAM, Project, check, run

HEAD = """cmake_minimum_required(VERSION 3.24)
project(mistakes LANGUAGES {languages})
find_package(Linnet {version} REQUIRED)
add_library(app INTERFACE)
add_custom_target(no_library)
"""
project = Project("mistakes")
project.write("labels.json", "{}")


def says(expected, call, languages="CXX", version="", arguments=()):
    project.write("CMakeLists.txt", HEAD.format(languages=languages, version=version) + call)
    said = project.configure(f"-DCMAKE_PREFIX_PATH={PREFIX}", *arguments, good=False)
    check(expected in re.sub(r"\s+", " ", said), expected)


says("there is no target 'firmware'; call add_executable(firmware ...)", f"linnet_add_model(firmware MODEL {PHINET})")
says("nothing can be linked to 'no_library'", f"linnet_add_model(no_library MODEL {PHINET})")
says("MODEL is required", "linnet_add_model(app)")
says("MODEL /nowhere/a.onnx does not exist", "linnet_add_model(app MODEL /nowhere/a.onnx)")
says(f"CALIBRATION {project.folder}/data/ does not exist", f"linnet_add_model(app MODEL {PHINET} CALIBRATION data/)")
says("unknown 'RAMM;256K'; what has no keyword here goes behind OPTIONS", f"linnet_add_model(app MODEL {PHINET} RAMM 256K)")
says("no value for RAM", f"linnet_add_model(app MODEL {PHINET} RAM TARGET stm32h743)")
says("--runtime=bundled is not for OPTIONS", f"linnet_add_model(app MODEL {PHINET} OPTIONS --runtime=bundled)")
says("'app' has a network 'phinet_96' already; give this one another NAME",
     f"linnet_add_model(app MODEL {PHINET})\nlinnet_add_model(app MODEL {PHINET})")
says("add ASM to the LANGUAGES", f"linnet_add_model(app MODEL {PHINET} WEIGHTS_FORMAT incbin)")
says("add CXX to the LANGUAGES", f"linnet_add_model(app MODEL {PHINET})", languages="C")
says("compatible with requested version", "", version="9.0")

project = Project("mistakes_of_tool")
says("--version says", "", arguments=["-DLINNET_EXECUTABLE=/bin/false"])
project = Project("mistakes_none")
project.write("CMakeLists.txt", HEAD.format(languages="CXX", version="") + f"linnet_add_model(app MODEL {PHINET} NAME other)")
project.configure(f"-DCMAKE_PREFIX_PATH={PREFIX}", f"-DLINNET_EXECUTABLE={PROGRAM}")
check(True, "and none of that otherwise")

# Each option of `linnet compile` has a keyword; the rest is linnet_add_model's own, or of no use in a build.
text = (PREFIX / "lib/cmake/Linnet/LinnetModel.cmake").read_text()
keywords = set()
for name in ("LINNET_FLAGS", "LINNET_VALUES", "LINNET_REPEATED"):
    keywords |= set(re.search(rf"set\({name} ([A-Z_\s]+?) CACHE", text).group(1).split())
keywords = {word.lower().replace("_", "-") for word in keywords} | {"calibrate", "mean", "scale", "labels"}
options = set(re.findall(r"^ +(?:-\w,)?--([a-z0-9-]+)", run([PROGRAM, "compile", "--help"]), re.M))
own = {"help", "output", "depfile", "quiet", "json", "runtime", "dump-after", "package", "package-vendor", "package-url"}
check(options - own == keywords,
      "every option of the command line has its keyword")
