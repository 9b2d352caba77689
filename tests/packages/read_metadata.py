"""What a build system would take from a package: sources, include paths and flags, read from the package's own metadata.

Each reader gives a Build; nothing in it comes from anywhere else than the metadata and the ecosystem's rules for it. Paths
are absolute. A reader raises AssertionError when the metadata names what is not there or leaves out a source.
"""

import fnmatch
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Build:
    sources: list  # the network
    includes: list
    flags: list  # C++ flags that the metadata gives
    test_sources: list  # of the test vector
    machine_flags: list = field(default_factory=list)


def check_all_there(folder, paths):
    for path in paths:
        assert (folder / path).exists(), f"{folder}: the metadata names {path}, which is not there"


def check_complete(build, folder):
    """Every source of the folder is in the build."""
    on_disk = {path for path in folder.iterdir() if path.suffix in (".cpp", ".S")}
    named = {Path(path) for path in build.sources + build.test_sources}
    assert on_disk == named, f"{folder}: not the same sources: {on_disk ^ named}"


def read_cmsis_pack(package, name, scratch, runtime):
    """The .pack as an installer unpacks it, then the .pdsc's components."""
    (archive,) = package.glob("*.pack")
    (description,) = package.glob("*.pdsc")
    with zipfile.ZipFile(archive) as pack:
        assert pack.testzip() is None
        assert description.name in pack.namelist(), "the .pdsc is at the top of the archive"
        pack.extractall(scratch)
    for file in (path for path in package.rglob("*") if path.is_file()):
        if file.suffix not in (".pack", "") or file.name == "LICENSE":
            assert (scratch / file.relative_to(package)).read_bytes() == file.read_bytes(), file
    root = ElementTree.parse(scratch / description.name).getroot()
    vendor, pack_name = root.findtext("vendor"), root.findtext("name")
    assert description.name == f"{vendor}.{pack_name}.pdsc"
    version = root.find("releases/release").get("version")
    assert archive.name == f"{vendor}.{pack_name}.{version.split('+')[0]}.pack"
    check_all_there(scratch, [root.findtext("license")])
    known_conditions = {condition.get("id") for condition in root.iter("condition")}
    build = Build([], [], [], [])
    for component in root.iter("component"):
        assert component.get("condition") in known_conditions
        is_test = component.get("Cgroup").endswith("Test")
        for file in component.iter("file"):
            check_all_there(scratch, [file.get("name")])
            path = str(scratch / file.get("name"))
            if file.get("attr") == "template":
                continue
            if file.get("category") == "include":
                build.includes.append(path)
            elif file.get("category") == "source":
                (build.test_sources if is_test else build.sources).append(path)
    build.flags = ["-std=c++17"]  # the application's language-CPP: a pack has no flags
    check_complete(build, scratch / "src")
    return build


def read_platformio(package, name, scratch, runtime):
    manifest = json.loads((package / "library.json").read_text())
    assert manifest["name"] == name
    check_all_there(package, manifest["export"]["include"])
    for example in manifest["examples"]:
        check_all_there(package / example["base"], example["files"])
    settings = manifest["build"]
    folder = package / settings["srcDir"]
    check_all_there(package / settings["includeDir"], manifest["headers"])
    patterns = [re.fullmatch(r"\+<(.*)>", rule).group(1) for rule in settings["srcFilter"]]
    sources = [
        str(path)
        for path in sorted(folder.rglob("*"))
        if any(fnmatch.fnmatch(path.relative_to(folder).as_posix(), pattern) for pattern in patterns)
        and path.parent == folder
    ]
    test = [path for path in sources if path.endswith("_test_vector.cpp")]
    build = Build(
        [path for path in sources if path not in test],
        [str(folder), str(package / settings["includeDir"])],
        settings["flags"],
        test,
    )
    assert "-std=gnu++14" in settings["unflags"]
    check_complete(build, folder)
    return build


def read_arduino(package, name, scratch, runtime):
    """Rules of the library specification 2.2: with src/, that alone is on the include path, and all of it is compiled."""
    lines = (package / "library.properties").read_text().splitlines()
    properties = dict(line.split("=", 1) for line in lines)
    for key in ("name", "version", "author", "maintainer", "sentence", "category", "url", "architectures"):
        assert properties[key], key
    assert properties["name"] == name and properties["includes"] == f"{name}.hpp"
    assert not (package / "utility").exists()
    folder = package / "src"
    sources = [str(path) for path in sorted(folder.rglob("*")) if path.suffix in (".c", ".cpp", ".S")]
    test = [path for path in sources if path.endswith("_test_vector.cpp")]
    build = Build([path for path in sources if path not in test], [str(folder)], [], test)
    build.flags = ["-std=gnu++17"]  # the core's: a library has no flags
    check_complete(build, folder)
    return build


# Stands in for Zephyr's functions: it makes a plain library of what they are given, and records it.
ZEPHYR_FUNCTIONS = """
cmake_minimum_required(VERSION 3.20)
project(application LANGUAGES CXX ASM)
function(zephyr_library_named name)
  add_library(${name} STATIC)
  set(ZEPHYR_CURRENT_LIBRARY ${name} PARENT_SCOPE)
endfunction()
function(zephyr_library_sources)
  foreach(source ${ARGN})
    if(IS_ABSOLUTE ${source})
      message(FATAL_ERROR "Zephyr moves code of libraries whose paths are relative only: ${source}")
    endif()
    target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
endfunction()
function(zephyr_library_sources_ifdef feature)
  if(${feature})
    zephyr_library_sources(${ARGN})
  endif()
endfunction()
function(zephyr_library_include_directories)
  target_include_directories(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
function(zephyr_include_directories)
  set_property(GLOBAL APPEND PROPERTY public_includes ${ARGN})
endfunction()
function(zephyr_library_compile_options)
  target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
@settings@
set(CMAKE_CXX_STANDARD 17)  # CONFIG_STD_CPP17, which Kconfig demands
add_subdirectory(@folder@ module)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/library_$<COMPILE_LANGUAGE>.txt CONTENT
  "$<TARGET_PROPERTY:@library@,SOURCES>|$<TARGET_PROPERTY:@library@,INCLUDE_DIRECTORIES>|$<TARGET_PROPERTY:@library@,COMPILE_OPTIONS>")
"""

# The same for ESP-IDF.
ESP_IDF_FUNCTIONS = """
cmake_minimum_required(VERSION 3.16)
project(application LANGUAGES CXX ASM)
set(COMPONENT_LIB @library@)
function(idf_component_register)
  cmake_parse_arguments(given "" "" "SRCS;INCLUDE_DIRS;REQUIRES;PRIV_REQUIRES" ${ARGN})
  if(given_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "idf_component_register does not take ${given_UNPARSED_ARGUMENTS}")
  endif()
  list(TRANSFORM given_SRCS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(TRANSFORM given_INCLUDE_DIRS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  add_library(${COMPONENT_LIB} STATIC ${given_SRCS})
  target_include_directories(${COMPONENT_LIB} PUBLIC ${given_INCLUDE_DIRS})
endfunction()
add_subdirectory(@folder@ component)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/library_$<COMPILE_LANGUAGE>.txt CONTENT
  "$<TARGET_PROPERTY:@library@,SOURCES>|$<TARGET_PROPERTY:@library@,INCLUDE_DIRECTORIES>|$<TARGET_PROPERTY:@library@,COMPILE_OPTIONS>")
"""


def configured_library(scratch, text, runtime):
    """Runs CMake over `text` and gives the library's sources, include folders and options. `runtime` is the folder of an
    external one: without being told of it the package stops, with a message that names it."""
    (scratch / "CMakeLists.txt").write_text(text)
    command = ["cmake", "-S", str(scratch), "-B", str(scratch / "build"), "--log-level=WARNING"]
    if runtime:
        finished = subprocess.run(command, capture_output=True, text=True)
        assert finished.returncode != 0 and "set LINNET_RUNTIME_DIR" in finished.stderr
        command.append(f"-DLINNET_RUNTIME_DIR={runtime}")
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, f"cmake: {finished.stdout}{finished.stderr}"
    parts = (scratch / "build/library_CXX.txt").read_text().split("|")
    return [[item for item in part.split(";") if item] for part in parts]


def cmake_build(lists, flags, folder):
    sources, includes, options = lists
    check_all_there(Path("/"), sources + includes)
    sources = [str(Path(path).resolve()) for path in sources]
    test = [path for path in sources if path.endswith("_test_vector.cpp")]
    build = Build([path for path in sources if path not in test], includes, options + flags, test)
    check_complete(build, folder.resolve())
    return build


def read_zephyr(package, name, scratch, runtime):
    text = (package / "zephyr/module.yml").read_text()
    values = dict(re.findall(r"^ *(name|cmake|kconfig): *(\S+)$", text, re.MULTILINE))
    assert values["name"] == f"linnet_{name}"
    folder = package / values["cmake"]
    symbols = re.findall(r"^config (\w+)$", (package / values["kconfig"]).read_text(), re.MULTILINE)
    used = set(re.findall(r"CONFIG_(\w+)", (folder / "CMakeLists.txt").read_text()))
    assert used == set(symbols), f"Kconfig has {symbols}, CMakeLists.txt uses {used}"
    sample = (package / "samples/self_test/prj.conf").read_text()
    assert set(symbols) <= set(re.findall(r"^CONFIG_(\w+)=y$", sample, re.MULTILINE))
    settings = "\n".join(f"set(CONFIG_{symbol} y)" for symbol in symbols)
    template = ZEPHYR_FUNCTIONS.replace("@library@", f"linnet_{name}").replace("@folder@", str(folder))
    build = cmake_build(
        configured_library(scratch, template.replace("@settings@", settings), runtime),
        ["-std=c++17"],  # CONFIG_STD_CPP17
        package / "src",
    )
    # Without CONFIG_LINNET_NAME the module adds nothing.
    without = scratch / "without"
    without.mkdir()
    text = template.replace("@settings@", "").split("file(GENERATE")[0]
    (without / "CMakeLists.txt").write_text(text + f"if(TARGET linnet_{name})\nmessage(FATAL_ERROR there)\nendif()\n")
    subprocess.run(["cmake", "-S", without, "-B", without / "build"], check=True, capture_output=True)
    return build


def read_esp_idf(package, name, scratch, runtime):
    manifest = (package / "idf_component.yml").read_text()
    for key in ("version", "description", "license", "dependencies"):
        assert re.search(rf"^{key}:", manifest, re.MULTILINE), key
    text = ESP_IDF_FUNCTIONS.replace("@library@", f"component_{name}").replace("@folder@", str(package))
    return cmake_build(configured_library(scratch, text, runtime), ["-std=gnu++17"], package / "src")


READERS = {
    "cmsis-pack": read_cmsis_pack,
    "platformio": read_platformio,
    "arduino": read_arduino,
    "zephyr": read_zephyr,
    "esp-idf": read_esp_idf,
}
