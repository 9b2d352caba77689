#!/usr/bin/env python3
"""Packages of one kind, built as their own metadata says, and run.

    build_package.py KIND --linnet build/dev/compiler/linnet --source .

Compiles two models into packages of that kind: phinet_96, and tinyclap_small with a front end and labels (more files). Reads
sources, include paths and flags back out of the metadata (read_metadata.py), builds exactly those for the Cortex-M7, links both
networks into one program and runs their self-tests in the emulator. Kinds that bring a build of their own (cmake, make) are
built by that. esp-idf, which has no Cortex-M7, is built for the host. Exits with 0 when all is well.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from read_metadata import READERS

CPU = ["-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"]
OURS = ["-O2", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections", "-fno-exceptions", "-fno-rtti"]
LINK = ["-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--enable-non-contiguous-regions"]
NETWORKS = ("phinet_96", "tinyclap_small")

# More options that a kind takes. What it does not take is refused: tests/errors/package_errors.cpp.
BINARY = ["--weights-format", "incbin"]
EXTERNAL = ["--runtime", "external"]
VARIANTS = {
    "cmake": BINARY + EXTERNAL,
    "make": BINARY + EXTERNAL,
    "cmsis-pack": BINARY,
    "platformio": BINARY,
    "arduino": [],
    "zephyr": BINARY + EXTERNAL,
    "esp-idf": BINARY + EXTERNAL,
}


def run(command, **options):
    finished = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if finished.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise AssertionError(f"{shown}\nends with {finished.returncode}:\n{finished.stdout}{finished.stderr}")
    return finished.stdout


def arguments_of(models, name):
    if name == "phinet_96":
        scale = ["--mean", "127.5", "--scale", "0.00784313725490196", "--resize"]
        return [models / "phinet_96/phinet_96.onnx", "--calibrate", models / "images/calibration/coffee_cup.png", *scale]
    folder = models / "tinyclap_small"
    rows = ["--input", "rows", "--front-end", "log-mel", "--labels", folder / "labels.json"]
    return [folder / "tinyclap_small.onnx", "--calibrate", folder / "calibration", *rows]


def program_of(packages):
    """A main() that runs the self-test of every network, in arenas that they share."""
    includes, arenas, tests = "", "", ""
    for name, package in packages.items():
        report = json.loads((package / "report.json").read_text())
        banks = [bank["name"] for bank in report["memory"]["banks"] if bank["used_bytes"] > 0]
        includes += f'#include "{name}_test_vector.hpp"\n'
        for bank in banks:
            arenas += f"LINNET_ARENA({bank}) static std::byte {name}_{bank}[{name}::kArenaBytes.{bank}];\n"
        members = ", ".join(f"{name}_{bank}" for bank in banks)
        tests += f"  if (!{name}::self_test({{ {members} }})) return {10 + len(tests)};\n"
    return f"{includes}{arenas}int main() {{\n{tests}  return 0;\n}}\n"


def external_runtime(source, folder):
    """The runtime as `cmake --install` lays it out."""
    shutil.copytree(source / "runtime/include/linnet", folder / "linnet")
    for part in ("kernels", "dsp"):
        shutil.copytree(source / "runtime" / part, folder / "linnet" / part)
    return folder


class Test:
    """Packages of `networks`, compiled with more options where `variant` has some."""

    def __init__(self, kind, linnet, source, folder, networks=NETWORKS, variant=()):
        self.kind, self.linnet, self.source, self.folder = kind, linnet, source, folder
        self.networks, self.variant = networks, list(variant)
        self.runtime = external_runtime(source, folder / "runtime") if "external" in self.variant else None
        self.host = kind == "esp-idf"
        self.board = source / "runtime/boards/mps2_an500"
        self.compiler = "g++" if self.host else "arm-none-eabi-g++"
        self.packages = {}

    def compile_models(self):
        for name in self.networks:
            package = self.folder / "packages" / name
            run([self.linnet, "compile", *arguments_of(self.source / "models", name), "-o", package,
                 "--package", self.kind, *self.variant, "--quiet"])  # fmt: skip
            self.packages[name] = package
            report = json.loads((package / "report.json").read_text())
            assert report["package"] == self.kind

    def compile(self, source, flags, includes):
        """An object of `source` and nothing else."""
        self.objects += 1
        object_file = self.folder / f"{self.objects}_{Path(source).name}.o"
        machine = [] if self.host else CPU
        language = [] if str(source).endswith(".S") else [*OURS, *flags]
        run([self.compiler, *machine, *language, *(f"-I{folder}" for folder in includes), "-c", source, "-o", object_file],
            cwd=self.folder)  # fmt: skip
        return object_file

    def run_program(self, objects):
        image = self.folder / "program.elf"
        if self.host:
            run([self.compiler, *objects, "-o", image])
            return run([image])
        startup = self.compile(self.board / "startup.cpp", ["-std=c++17"], [self.board])
        run([self.compiler, *CPU, startup, *objects, *LINK, "-T", self.board / "open.ld", "-o", image])
        return run([self.source / "tools/qemu", image])

    def build_by_metadata(self):
        """The networks' objects, each with its own package's include paths only, and a program that links them all."""
        self.objects = 0
        jobs, includes, flags = [], [], []
        for name, package in self.packages.items():
            scratch = self.folder / "scratch" / name
            scratch.mkdir(parents=True)
            build = READERS[self.kind](package, name, scratch, self.runtime)
            print(f"{name}: {len(build.sources)} sources, flags {build.flags}, include {build.includes}")
            jobs += [(source, build.flags, build.includes) for source in build.sources + build.test_sources]
            includes += build.includes
            flags += [flag for flag in build.flags if flag.startswith("-std")]
        main = self.folder / "main.cpp"
        main.write_text(program_of(self.packages))
        jobs.append((main, flags, includes))
        with ThreadPoolExecutor(2) as pool:
            objects = list(pool.map(lambda job: self.compile(*job), jobs))
        self.check_not_contracted(objects)
        self.run_program(objects)
        print(f"self-tests of {' and '.join(self.packages)} in one program: as expected")

    def check_not_contracted(self, objects):
        """No multiplication and addition was made one. That of the front end is, unless the package says no."""
        if self.host or "tinyclap_small" not in self.packages:
            return
        fused = self.fused_operations(objects)
        assert not fused, f"fused operations: {fused}"
        # The same source without what the package says: here the compiler does fuse, so the check above can fail.
        (source,) = self.packages["tinyclap_small"].rglob("tinyclap_small_audio.cpp")
        text = source.read_text().replace('#include "tinyclap_small_flags.h"\n', "")
        unguarded = source.with_name("unguarded.cpp")
        unguarded.write_text(text)
        assert self.fused_operations([self.compile(unguarded, ["-std=gnu++17"], [])])
        unguarded.unlink()

    def fused_operations(self, objects):
        return re.findall(r"\tvfn?m[as]\S*\t.*", run(["arm-none-eabi-objdump", "-d", *objects]))

    def build_by_cmake(self):
        project = self.folder / "project"
        project.mkdir()
        subdirectories = "".join(f"add_subdirectory({path} {name})\n" for name, path in self.packages.items())
        libraries = " ".join(f"{name}_test_vector" for name in self.packages)
        (project / "main.cpp").write_text(program_of(self.packages))
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(application LANGUAGES CXX)\n" + subdirectories
            + f"add_executable(program.elf main.cpp {self.board}/startup.cpp)\n"
            + f"target_include_directories(program.elf PRIVATE {self.board})\n"
            + f"target_link_libraries(program.elf PRIVATE {libraries})\n"
            + f"target_link_options(program.elf PRIVATE {' '.join(LINK)} -T {self.board}/open.ld)\n"
        )  # fmt: skip
        configure = ["cmake", "-S", project, "-B", project / "build",
                     f"-DCMAKE_TOOLCHAIN_FILE={self.source}/tools/cortex-m7.cmake"]  # fmt: skip
        if self.runtime:
            finished = subprocess.run(configure, capture_output=True, text=True)
            assert finished.returncode != 0 and "set LINNET_RUNTIME_DIR" in finished.stderr
            configure.append(f"-DLINNET_RUNTIME_DIR={self.runtime}")
        run(configure)
        run(["cmake", "--build", project / "build", "-j", "2"])
        run([self.source / "tools/qemu", project / "build/program.elf"])

    def build_by_make(self):
        """`make` and `make self-test` for the core and for this machine, and both libraries in one program."""
        emulator = f"{self.source}/tools/qemu"
        cross = ["CROSS_COMPILE=arm-none-eabi-"]
        if self.runtime:
            finished = subprocess.run(["make", "-C", self.packages["phinet_96"]], capture_output=True, text=True)
            assert finished.returncode != 0 and "set LINNET_RUNTIME_DIR" in finished.stderr
            cross.append(f"LINNET_RUNTIME_DIR={self.runtime}")
        libraries = []
        for name, package in self.packages.items():
            # The linker script by its absolute path: make runs in the package.
            board = [f"SELF_TEST_SOURCES={self.board}/startup.cpp", f"RUN={emulator}",
                     f"LDFLAGS={' '.join(LINK)} -T {self.board}/open.ld"]  # fmt: skip
            run(["make", "-j2", "-C", package, *cross])
            libraries.append(package / f"build/arm-none-eabi/lib{name}.a")
            assert libraries[-1].exists()
            assert "Nothing to be done" in run(["make", "-C", package, *cross])
            said = run(["make", "-C", package, *cross, *board, "self-test"])
            assert f"{name}: as expected" in said
        run(["make", "-j2", "-C", self.packages["phinet_96"], *cross[1:], "self-test"])  # on this machine
        self.objects = 0
        jobs = [(package / f"{name}_test_vector.cpp", ["-std=c++17"], [package]) for name, package in self.packages.items()]
        main = self.folder / "main.cpp"
        main.write_text(program_of(self.packages))
        jobs.append((main, ["-std=c++17"], self.packages.values()))
        self.check_not_contracted(libraries)
        self.run_program([self.compile(*job) for job in jobs] + libraries)

    def check_other_commands(self):
        """inspect, labels and profile of a package's folder."""
        package = self.packages["tinyclap_small"]
        assert "tinyclap_small: int8" in run([self.linnet, "inspect", package])
        labels = json.loads((self.source / "models/tinyclap_small/labels.json").read_text())
        labels["labels"] = labels["labels"][:2]
        new_labels = self.folder / "labels.json"
        new_labels.write_text(json.dumps(labels))
        run([self.linnet, "labels", new_labels, "-o", package])
        (source,) = package.rglob("tinyclap_small_labels.cpp")
        flat = self.kind in ("cmake", "make")
        assert source.parent == (package if flat else package / "src")
        text = source.read_text()
        assert labels["labels"][1]["name"] in text
        assert ("_flags.h" in text) == (self.kind in ("arduino", "cmsis-pack"))
        if self.kind == "arduino":  # one that has its sources elsewhere than at the top
            assert "cycles" in run([self.linnet, "profile", package])

    def build(self):
        self.compile_models()
        by_itself = {"cmake": self.build_by_cmake, "make": self.build_by_make}
        by_itself.get(self.kind, self.build_by_metadata)()
        return self.kind not in by_itself

    def run_all(self):
        by_metadata = self.build()
        self.check_other_commands()
        if by_metadata:  # with the new labels, in what the metadata names: the archive too
            shutil.rmtree(self.folder / "scratch")
            scratch = self.folder / "scratch/tinyclap_small"
            scratch.mkdir(parents=True)
            READERS[self.kind](self.packages["tinyclap_small"], "tinyclap_small", scratch, None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--linnet", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linnet-package-") as folder:
        places = [options.linnet.resolve(), options.source.resolve()]
        folders = [Path(folder).resolve() / "plain", Path(folder).resolve() / "variant"]
        for made in folders:
            made.mkdir()
        Test(options.kind, *places, folders[0]).run_all()
        if VARIANTS[options.kind]:
            Test(options.kind, *places, folders[1], ["phinet_96"], VARIANTS[options.kind]).build()
            print(f"with {' '.join(VARIANTS[options.kind])}: as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
