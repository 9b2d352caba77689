"""`cmake --install`: everything is in its place, the tool runs from there, and what it generates compiles with what is there."""

import re

from consumer import BUILD, PICTURES, PHINET, PREFIX, SOURCE, check, fresh, run

fresh("prefix")
run(["cmake", "--install", BUILD, "--prefix", PREFIX])

program = PREFIX / "bin/linnet"
version = re.search(r"project\(linnet VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
check(run([program, "--version"]) == f"linnet {version}\n", "the installed tool says its version")

for file in ["lib/cmake/Linnet/LinnetConfig.cmake", "lib/cmake/Linnet/LinnetConfigVersion.cmake",
             "lib/cmake/Linnet/LinnetModel.cmake", "lib/cmake/Linnet/cortex-m7.cmake",
             "share/linnet/boards/stm32h743/stm32h743.ld", "share/linnet/templates/network.hpp.mustache",
             "share/doc/linnet/LICENSE", "share/doc/linnet/README.md", "share/doc/linnet/quantization.md"]:
    check((PREFIX / file).is_file(), file)


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


headers = files_below(SOURCE / "runtime/include/linnet")
for folder in ("kernels", "dsp"):
    headers.update({f"{folder}/{name}": text for name, text in files_below(SOURCE / "runtime" / folder).items()
                    if name.endswith(".h")})
check(files_below(PREFIX / "include/linnet") == headers, "include/linnet is the runtime, with kernels and dsp")
check(files_below(PREFIX / "share/linnet/include/linnet") == headers, "share/linnet/include is the same")
check([path.name for path in (PREFIX / "share/linnet/include").iterdir()] == ["linnet"], "and has no other header")
check(files_below(PREFIX / "share/linnet/boards") == files_below(SOURCE / "runtime/boards"), "every board")

for file, arguments in {"bash-completion/completions/linnet": ["completions", "bash"],
                        "zsh/vendor-completions/_linnet": ["completions", "zsh"],
                        "fish/vendor_completions.d/linnet.fish": ["completions", "fish"],
                        "man/man1/linnet.1": ["man"]}.items():
    text = (PREFIX / "share" / file).read_text()
    check(text == run([program, *arguments]) and "linnet" in text, f"share/{file} is `linnet {' '.join(arguments)}`")

generated = fresh("external")
run([program, "compile", PHINET, "-o", generated, "--runtime", "external", "--name", "phinet", "--calibrate", PICTURES[0],
     "--resize"])
for source in ("phinet.cpp", "phinet_c.cpp", "phinet_weights.cpp"):
    run(["g++", "-std=c++17", "-fsyntax-only", "-I", PREFIX / "include", "-I", generated, generated / source])
check(True, "sources with --runtime external compile against the prefix")
