#!/usr/bin/env python3
"""Packages judged by the tools of their own ecosystems.

    judge_package.py TOOL --linnet build/dev/compiler/linnet --source .

    arduino     arduino-builder (Debian) builds a sketch with two libraries, and the library's own example; the emulator runs them
    platformio  PlatformIO packs the library and builds a project with it; the emulator runs that
    esp-idf     the component manager's `compote manifest lint`
    zephyr      Kconfiglib reads the module's Kconfig and the sample's prj.conf

A tool that is not installed is skipped: exit code 77. PlatformIO (with SCons), the component manager and Kconfiglib are on PyPI,
and are looked for in the environment build/pypi (or $LINNET_PYPI_VENV) and in that of this interpreter:

    python3 -m venv build/pypi && build/pypi/bin/pip install platformio scons idf-component-manager kconfiglib

Nothing is downloaded: both builders are given a platform of their own, the emulated board (fixtures/).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from build_package import arguments_of, run

FIXTURES = Path(__file__).parent / "fixtures"
SKIPPED = 77


class Judge:
    def __init__(self, linnet, source, folder):
        self.linnet, self.source, self.folder = linnet, source, folder
        self.board = source / "runtime/boards/mps2_an500"
        self.environment = dict(os.environ, LINNET_BOARD=str(self.board))

    def compile_model(self, kind, name, output, *more):
        run([self.linnet, "compile", *arguments_of(self.source / "models", name), "-o", output, "--package", kind,
             "--quiet", *more])  # fmt: skip
        return output

    def emulate(self, image):
        run([self.source / "tools/qemu", image])

    def python_with(self, *modules):
        """An interpreter that has them, or the end of the test."""
        environment = Path(os.environ.get("LINNET_PYPI_VENV", self.source / "build/pypi"))
        for python in (environment / "bin/python3", Path(sys.executable)):
            command = [python, "-c", "import " + ", ".join(modules)]
            if python.exists() and subprocess.run(command, capture_output=True).returncode == 0:
                return python
        print(f"skipped: {', '.join(modules)} from PyPI are not installed (see judge_package.py)")
        sys.exit(SKIPPED)

    def arduino(self):
        builder = shutil.which("arduino-builder")
        if not builder:
            print("skipped: arduino-builder is not installed")
            sys.exit(SKIPPED)
        libraries = self.folder / "libraries"
        for name in ("phinet_96", "tinyclap_small"):
            self.compile_model("arduino", name, libraries / name)
        hardware = self.folder / "hardware"
        shutil.copytree(FIXTURES / "arduino", hardware)
        core = hardware / "linnet/stm32/cores/an500"
        for path in [self.board / "startup.cpp", *self.board.glob("*.h")]:
            shutil.copy(path, core)
        platform = hardware / "linnet/stm32/platform.txt"
        platform.write_text(platform.read_text().replace("@board@", str(self.board)))
        for sketch in (libraries / "phinet_96/examples/self_test/self_test.ino", FIXTURES / "both/both.ino"):
            build = self.folder / f"build_{sketch.stem}"
            build.mkdir()
            said = run([builder, "-compile", "-hardware", "/usr/share/arduino-builder", "-hardware", hardware,
                        "-tools", "/usr/bin", "-libraries", libraries, "-fqbn", "linnet:stm32:an500", "-warnings", "all",
                        "-build-path", build, sketch])  # fmt: skip
            assert "WARNING" not in said and "warning" not in said, said
            self.emulate(build / f"{sketch.name}.elf")
            print(f"arduino-builder: {sketch.name} built and run: as expected")

    def platformio(self):
        python = self.python_with("platformio", "SCons")
        core = self.folder / "core"
        self.environment.update(PLATFORMIO_CORE_DIR=str(core), PLATFORMIO_SETTING_ENABLE_TELEMETRY="no")
        shutil.copytree(FIXTURES / "platformio/tool-scons", core / "packages/tool-scons")
        project = self.folder / "project"
        shutil.copytree(FIXTURES / "platformio/project", project)
        shutil.copytree(FIXTURES / "platformio/platform", self.folder / "platform")
        plain = self.compile_model("platformio", "tinyclap_small", project / "lib/tinyclap_small")
        binary = self.compile_model("platformio", "phinet_96", project / "lib/phinet_96", "--weights-format", "incbin")
        for path in [self.board / "startup.cpp", *self.board.glob("*.h")]:
            shutil.copy(path, project / "src")
        pio = [python, FIXTURES / "platformio/pio.py"]
        for package in (plain, binary):
            run([*pio, "pkg", "pack", package, "-o", self.folder / "packed.tar.gz"], env=self.environment)
        said = run([*pio, "run", "-v", "-d", project], env=self.environment)
        for name in ("phinet_96", "tinyclap_small"):
            assert f"|-- {name} @" in said, said
            (line,) = [line for line in said.splitlines() if f"-c " in line and line.endswith(f"/{name}.cpp")]
            assert "-ffp-contract=off" in line and "-std=gnu++14" not in line, line
        self.emulate(project / ".pio/build/an500/program.elf")
        print("PlatformIO: both libraries packed, built and run: as expected")

    def esp_idf(self):
        python = self.python_with("idf_component_manager")
        more = ["--package-url", "https://example.org/networks"]
        for name, options in (("phinet_96", []), ("tinyclap_small", more)):
            package = self.compile_model("esp-idf", name, self.folder / name, *options)
            lint = [python, FIXTURES / "compote.py", "-W", "manifest", "lint", package]
            run(lint)
        manifest = package / "idf_component.yml"  # a fault is noticed
        manifest.write_text(manifest.read_text().replace(">=5.0", "five"))
        assert subprocess.run(lint, capture_output=True).returncode != 0
        print("compote: manifests as expected")

    def zephyr(self):
        python = self.python_with("kconfiglib")
        package = self.compile_model("zephyr", "phinet_96", self.folder / "phinet_96")
        print(run([python, FIXTURES / "zephyr/read_kconfig.py", package, "PHINET_96"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=("arduino", "platformio", "esp-idf", "zephyr"))
    parser.add_argument("--linnet", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linnet-judge-") as folder:
        judge = Judge(options.linnet.resolve(), options.source.resolve(), Path(folder).resolve())
        getattr(judge, options.tool.replace("-", "_"))()
    return 0


if __name__ == "__main__":
    sys.exit(main())
