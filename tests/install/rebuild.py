"""linnet_add_model runs the tool when the model, the data, an option or the tool changed, and never else; what comes out the same
is not compiled again. `rebuild.py BUILD GENERATOR`: Ninja goes by commands and a log, Makefiles by times alone."""

import shutil
import sys
import time

from consumer import PICTURES, PREFIX, PROGRAM, Project, check, run, steps

generator = sys.argv[2]
project = Project("rebuild_" + generator.split()[-1], generator).consumer()
tool = project.folder / "linnet"  # one that this test may touch
shutil.copy(PROGRAM, tool)
project.configure("-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_PREFIX_PATH={PREFIX}", f"-DLINNET_EXECUTABLE={tool}")
firmware = project.build_folder / "firmware"
model = project.folder / "phinet.onnx"
picture = project.folder / "data" / "another.png"


def build(what, expected):
    done = steps(project.build())
    check(done == expected, f"{what}: {', '.join(done) or 'nothing'}")


def change(action):
    time.sleep(0.02)  # file times of two events differ
    action()


EVERYTHING = ["linnet", "compile", "link"]
build("a first build", EVERYTHING)
check(run([firmware]) == "self test passed\n", "the firmware runs")
build("an unchanged tree", [])
check("no work to do" in project.build() or generator != "Ninja", "Ninja itself says so")

change(model.touch)
build("a model that is touched", ["linnet"])
build("and then", [])

# A later field of the same kind replaces the earlier one: producer_version is "next", and the model's hash another.
change(lambda: model.write_bytes(model.read_bytes() + b"\x1a\x04next"))
build("a model that is changed", EVERYTHING)
build("and then", [])

change(lambda: shutil.copyfile(PICTURES[2], picture))
build("another picture in the folder", EVERYTHING)
build("and then", [])
change(lambda: shutil.copyfile(PICTURES[3], picture))
build("a changed picture", EVERYTHING)
change(picture.unlink)
build("a picture less", EVERYTHING)
build("and then", [])

change(lambda: project.configure("-DRAM=200K"))
check("linnet" in steps(project.build()), "a changed option")
check("--ram;200K" in (project.made("phinet") / "arguments.txt").read_text(), "the tool got it")
build("and then", [])
project.configure("-DRAM=200K")
build("configured again with the same", [])

change(tool.touch)
build("another tool", ["linnet"])
build("and then", [])
check(run([firmware]) == "self test passed\n", "the firmware still runs")

# A failing compile stops the build with the tool's own line, once, and leaves what was there.
sources = project.made("phinet") / "sources"
before = {path.name: path.read_bytes() for path in sources.iterdir()}
project.configure("-DRAM=10K")
said = project.build(good=False)
lines = [line for line in said.splitlines() if " E301 " in line]
check(len(lines) == 1 and lines[0].startswith(f"{model}: E301 --ram 10.0 KiB"), "a budget that is not met stops the build")
check({path.name: path.read_bytes() for path in sources.iterdir()} == before, "and changes no source")
project.build(good=False)
check(True, "as often as it is built")
project.configure("-DRAM=200K")
project.build()
check(run([firmware]) == "self test passed\n", "and with the old budget all is well")

change(lambda: model.write_bytes(b"no model"))
lines = [line for line in project.build(good=False).splitlines() if line.startswith(f"{model}: E0")]
check(len(lines) == 1, "a file that is no model stops the build too")
