"""`cpack -G DEB`: what is in the package, what it depends on, and that it runs when it is unpacked elsewhere."""

import gzip

from consumer import BUILD, PHINET, PICTURES, Project, check, fresh, run, steps

out = fresh("deb")
run(["cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", out])
packages = list(out.glob("*.deb"))
check(len(packages) == 1 and packages[0].name.startswith("linnet_"), "one package")


def field(name):
    return run(["dpkg-deb", "-f", packages[0], name]).strip()


architecture = run(["dpkg", "--print-architecture"]).strip()
check(field("Package") == "linnet" and field("Architecture") == architecture, "its name and architecture")
depends = field("Depends")
for library in ("libc6", "libstdc++6", "libprotobuf32", "libonnx1", "libfmt9", "libsndfile1"):
    check(library + " " in depends + " ", f"depends on {library}")
check("-dev" not in depends, "and on nothing for development")

root = out / "root"
run(["dpkg-deb", "-x", packages[0], root])
usr = root / "usr"
check([path.name for path in root.iterdir()] == ["usr"], "everything is below /usr")
for file in ["bin/linnet", "include/linnet/rows.h", "include/linnet/kernels/conv2d_s8_1x1.h",
             "share/linnet/include/linnet/rows.h", "lib/cmake/Linnet/LinnetConfig.cmake",
             "share/linnet/boards/stm32h743/stm32h743.ld", "share/linnet/templates/network.cpp.mustache",
             "share/doc/linnet/copyright", "share/doc/linnet/changelog.gz", "share/doc/linnet/cmake.md",
             "share/bash-completion/completions/linnet", "share/zsh/vendor-completions/_linnet",
             "share/fish/vendor_completions.d/linnet.fish", "share/man/man1/linnet.1.gz"]:
    check((usr / file).is_file(), file)
check(b"LINNET" in gzip.decompress((usr / "share/man/man1/linnet.1.gz").read_bytes()), "the manual page can be read")
symbols = run(["nm", usr / "bin/linnet"], good=None)
check("no symbols" in symbols, "the program is stripped")

generated = fresh("deb/generated")
run([usr / "bin/linnet", "compile", PHINET, "-o", generated, "--calibrate", PICTURES[0], "--resize"])
check((generated / "phinet_96.cpp").is_file(), "the tool compiles a network")
project = Project("deb_consumer").consumer()
project.configure(f"-DCMAKE_PREFIX_PATH={usr}")
project.build()
check(run([project.build_folder / "firmware"]) == "self test passed\n", "a project finds the package")
check(steps(project.build()) == [], "nothing to do in an unchanged tree")
