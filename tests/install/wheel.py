"""The Python wheel: built here by scikit-build-core around the tool of this build tree, installed into an environment of its
own. Exits with 77 where the package index cannot be reached: scikit-build-core comes from there."""

import shutil
import sys

from consumer import BUILD, PHINET, PICTURES, PROGRAM, SOURCE, WORK, Project, check, fresh, run, steps

# The build backend is kept between runs, in an environment of its own; the wheel is built without isolation from it.
environment = WORK / "python"
backend = environment / "bin" / "pip"
if not (environment / "complete").is_file():
    shutil.rmtree(environment, ignore_errors=True)
    got = run([sys.executable, "-m", "venv", environment], good=None)
    if backend.is_file():
        got = run([backend, "install", "--retries", "1", "--timeout", "20", "scikit-build-core>=0.10", "mypy"], good=None)
    if "Successfully installed" not in got:
        print("skipped: scikit-build-core is not to be had:\n" + got)
        sys.exit(77)
    (environment / "complete").touch()

out = fresh("wheel")
run([backend, "wheel", SOURCE, "-w", out, "--no-deps", "--no-build-isolation", "--no-index",
     f"--config-settings=build-dir={WORK / 'wheel_build'}", f"--config-settings=cmake.define.LINNET_EXECUTABLE={PROGRAM}"])
wheels = list(out.glob("*.whl"))
check(len(wheels) == 1 and wheels[0].name.startswith("linnet-") and "-py3-none-linux_" in wheels[0].name,
      "one wheel, for any Python 3 of this kind of machine")
run([sys.executable, "-m", "venv", out / "user"])
python = out / "user/bin/python"
run([python, "-m", "pip", "install", "--no-index", wheels[0]])
check(run([python, "-m", "pip", "show", "linnet"]).count("Requires: \n") == 1, "it needs no other package")

linnet = out / "user/bin/linnet"
check(run([linnet, "--version"]) == run([PROGRAM, "--version"]), "the command `linnet`")
check(run([python, "-m", "linnet", "--version"]) == run([PROGRAM, "--version"]), "python -m linnet")
check(run([python, "-c", "import linnet; print('linnet', linnet.__version__)"]) == run([PROGRAM, "--version"]), "its version")

# Which libraries it takes from where.
program = run([python, "-c", "import linnet; print(linnet.executable())"]).strip()
own, system = [], []
for line in run(["ldd", program]).splitlines():
    name, _, place = line.strip().partition(" => ")
    if place:
        (own if "/lib/linnet/" in place else system).append(name)
check({"libprotobuf.so.32", "libonnx_proto.so.1", "libsndfile.so.1", "libFLAC.so.12"} <= set(own), "it brings its libraries")
check(set(system) <= {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"}, f"and takes {system} of the system")

script = out / "script.py"
script.write_text(f"""
import json, pathlib, pickle
import linnet

folder = pathlib.Path({str(out / 'generated')!r})
report = linnet.compile(pathlib.Path({str(PHINET)!r}), folder, calibrate=[{str(PICTURES[0])!r}, {str(PICTURES[1])!r}],
                        mean=(127.5, 127.5, 127.5), scale=1 / 127.5, resize=True, name="eyes", target="stm32h743",
                        ram=262144, flash="1M", bank={{"dtcm": "64K", "axi": 1024}}, place={{"input": "axi"}}, plan="auto",
                        input_shape={{"input": (1, 3, 96, 96)}}, input="rows", options=["--optimize", "speed"])
assert report == json.loads((folder / "report.json").read_text())
assert report["model"]["name"] == "eyes" and report["model"]["dtype"] == "int8" and report["input_rows"]
assert (folder / "eyes.cpp").is_file()
assert linnet.inspect(folder)["model"] == report["model"]
needs = linnet.inspect({str(PHINET)!r})
assert needs["supported"] and needs["model"]["macs"] == report["model"]["macs"]

def refused(**options):
    try:
        linnet.compile({str(PHINET)!r}, folder / "refused", **options)
    except linnet.Error as error:
        assert not (folder / "refused").exists()
        copy = pickle.loads(pickle.dumps(error))
        assert copy.diagnostics == error.diagnostics and copy.exit_code == error.exit_code and str(copy) == str(error)
        return error
    raise AssertionError(options)

budget = refused(ram="10K")
assert budget.exit_code == 3 and budget.diagnostics[0]["code"] == "E301" and "E301" in str(budget)
assert "--calibrate" in budget.diagnostics[0]["hint"]
class Array:  # what NumPy's have in common
    def tolist(self): return [123.5, 116]
assert linnet._options({{"mean": Array(), "resize": False}}) == ["--mean=123.5,116"]
usage = refused(ram="10Q")
assert usage.exit_code == 2 and "'10Q' is no size" in usage.diagnostics[0]["message"]
data = refused(calibrate="/nowhere", mean=-1.5)
assert data.exit_code == 1 and data.diagnostics[0]["code"].startswith("E2")
try:
    linnet.compile({str(PHINET)!r}, folder, ramm="10K")
    raise AssertionError("an unknown argument")
except TypeError:
    pass
print("script passed")
""")
check(run([python, "-W", "error", script]).endswith("script passed\n"), "compile, inspect, errors")

# Each option of the command line has an argument of the same name.
script.write_text("""
import inspect, re, subprocess, typing
import linnet

for function, own in ((linnet.compile, {"help", "output", "json", "quiet", "dump_after"}),
                      (linnet.inspect, {"help", "json", "quiet", "dump_after", "layers"})):
    text = subprocess.run([linnet.executable(), function.__name__, "--help"], stdout=subprocess.PIPE, text=True).stdout
    options = {name.replace("-", "_") for name in re.findall(r"^ +(?:-\\w,)?--([a-z-]+)", text, re.M)} - own
    arguments = set(inspect.signature(function).parameters) - {"model", "output", "options"}
    assert options == arguments, f"{function.__name__}: options and arguments differ by {options ^ arguments}"
    hints = typing.get_type_hints(function)
    for line in text.splitlines():
        found = re.match(r" +--([a-z-]+) +([a-z0-9-]+(?:[|][a-z0-9-]+)+)(?: |$)", line)
        name = found and found.group(1).replace("-", "_")
        if name in arguments and name != "place":
            literal = [kind for kind in typing.get_args(hints[name]) if kind is not type(None)][0]
            assert list(typing.get_args(literal)) == found.group(2).split("|"), f"{function.__name__}: words of {name}"
print("the same")
""")
check(run([python, script]) == "the same\n", "each option has its argument")
run([environment / "bin/mypy", "--strict", "--cache-dir", WORK / "mypy", SOURCE / "python/linnet"])
check(True, "mypy --strict has nothing to say")

# A project that builds with the wheel's CMake package.
project = Project("wheel_consumer").consumer()
folder = run([python, "-c", "import linnet; print(linnet.cmake_dir())"]).strip()
project.configure(f"-DLinnet_DIR={folder}")
project.build()
check(run([project.build_folder / "firmware"]) == "self test passed\n", "a CMake project finds the package in the wheel")
check(steps(project.build()) == [], "nothing to do in an unchanged tree")
