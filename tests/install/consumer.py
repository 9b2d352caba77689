"""What the tests of installation share: a prefix that Linnet is installed in, and users' projects that use it.

ctest runs each test as `python3 TEST.py BUILD`, where BUILD is Linnet's build tree; CMAKE_INSTALL's own output and the projects
are in BUILD/install_tests. The test `install/prefix` makes the prefix first.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1]).resolve()
WORK = BUILD / "install_tests"
PREFIX = WORK / "prefix"
PROGRAM = BUILD / "compiler" / "linnet"
PACKAGE = PREFIX / "lib" / "cmake" / "Linnet"
PICTURES = sorted((SOURCE / "models/images/calibration").glob("*.png"))
PHINET = SOURCE / "models/phinet_96/phinet_96.onnx"


def check(true, what):
    if not true:
        sys.exit(f"FAILED: {what}")
    print("ok:", what, flush=True)


def run(command, good=True, **options):
    """Runs a command; gives what it prints on stdout and stderr. Ends the test when its success is not `good`."""
    command = [str(part) for part in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          **options)
    if good is not None and (done.returncode == 0) != good:
        print(done.stdout)
        sys.exit(f"FAILED: {' '.join(command)} ended with {done.returncode}")
    return done.stdout


def fresh(name):
    """An empty folder for a test."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Project:
    """A project of a user, outside the repository's tree of sources: configure, build, run."""

    def __init__(self, name, generator="Ninja"):
        self.folder = fresh(name)
        self.build_folder = self.folder / "build"
        self.generator = generator

    def write(self, file, text):
        (self.folder / file).write_text(text)

    def consumer(self, pictures=2):
        """The project in consumer/, with a model and data of its own."""
        shutil.copytree(SOURCE / "tests/install/consumer", self.folder, dirs_exist_ok=True)
        shutil.copy(PHINET, self.folder / "phinet.onnx")
        (self.folder / "data").mkdir()
        for picture in PICTURES[:pictures]:
            shutil.copy(picture, self.folder / "data")
        return self

    def configure(self, *arguments, good=True):
        return run(["cmake", "-G", self.generator, "-S", self.folder, "-B", self.build_folder, *arguments], good)

    def build(self, *targets, good=True):
        return run(["cmake", "--build", self.build_folder, *(["--target", *targets] if targets else [])], good)

    def made(self, name):
        return self.build_folder / "linnet" / f"firmware_{name}"


def steps(output):
    """What a build did, of what takes time: Linnet, the compiler, the linker."""
    return [kind for kind, text in (("linnet", "Linnet: compiling"), ("compile", "Building CXX"), ("link", "Linking"))
            if re.search(text, output)]


# An environment without what a developer's shell may have set.
for variable in ("CMAKE_PREFIX_PATH", "Linnet_DIR", "CMAKE_TOOLCHAIN_FILE", "DESTDIR", "CMAKE_GENERATOR"):
    os.environ.pop(variable, None)
