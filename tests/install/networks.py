"""Every kind of network that linnet_add_model can meet: which sources it has is known only after `linnet compile`."""

import json
import shutil
import time

from consumer import PICTURES, PREFIX, PROGRAM, SOURCE, PHINET, Project, check, fresh, run, steps

MODELS = SOURCE / "models"
PICTURE = sorted(path.name for path in (MODELS / "detection_images/calibration").iterdir())[0]
project = Project("networks")
project.write("CMakeLists.txt", f"""
cmake_minimum_required(VERSION 3.24)
project(networks LANGUAGES CXX ASM)
find_package(Linnet REQUIRED)
add_executable(firmware main.cpp)
target_link_libraries(firmware PRIVATE m)   # a user's own form, with the keyword
set(models {MODELS})
linnet_add_model(firmware MODEL detector.onnx NAME detector FRONT_END camera
  CALIBRATION ${{models}}/detection_images/calibration/{PICTURE}
  MEAN 0 0 0 SCALE 0.00392 0.00392 0.00392 RESIZE)
linnet_add_model(firmware MODEL ${{models}}/tinyclap_small/tinyclap_small.onnx INPUT rows FRONT_END log-mel
  FRONT_END_OPTIONS rate=44100,n_fft=1024,hop=320,mels=64 LABELS ${{models}}/tinyclap_small/labels.json)
linnet_add_model(firmware MODEL {PHINET} WEIGHTS_FORMAT incbin TARGET stm32h743 CALIBRATION {PICTURES[0]} {PICTURES[1]}
  MEAN 127.5 SCALE 0.0078 RESIZE BANK dtcm=64K axi=128K PLACE input=axi output=sram4 PLAN auto OPTIMIZE speed
  CALIBRATION_METHOD minmax WEIGHTS int8 INPUT_SHAPE input=1x3x96x96 OUTPUTS tensor OPTIONS --bank itcm=16K)

# A library that is linked to others; its target is in another folder than the call.
add_library(vision STATIC vision.cpp)
add_subdirectory(below)
add_executable(tool tool.cpp)
target_link_libraries(tool vision)
""")
(project.folder / "below").mkdir()
project.write("below/CMakeLists.txt", f"linnet_add_model(vision MODEL {PHINET} NAME eyes TARGET board.json)\n")
target = json.loads((SOURCE / "runtime/boards/stm32h743/target.json").read_text())
target.update(name="small", memory=[{"name": "ram", "size_bytes": 262144, "rank": 0, "address": "0x20000000", "dma": True}])
project.write("below/board.json", json.dumps(target))
project.write("vision.cpp", '#include "eyes.hpp"\nstd::size_t vision() { return eyes::kArenaBytes.ram; }\n')
project.write("tool.cpp", '#include "eyes.hpp"\nstd::size_t vision();\n'
                          'int main() { return vision() == eyes::kArenaBytes.ram ? 0 : 1; }\n')
project.write("main.cpp", """
#include "detector.hpp"
#include "detector_camera.hpp"
#include "detector_detect.hpp"
#include "phinet_96.hpp"
#include "tinyclap_small.hpp"
#include "tinyclap_small_audio.hpp"
#include "tinyclap_small_labels.hpp"
int main() {
  const void* volatile used[] = {
      reinterpret_cast<const void*>(&detector::run_frame), reinterpret_cast<const void*>(&detector::move_to_frame),
      reinterpret_cast<const void*>(&phinet_96::run), reinterpret_cast<const void*>(&tinyclap_small::push_samples),
      reinterpret_cast<const void*>(&tinyclap_small::use_labels)};
  return used[0] == nullptr;
}
""")
shutil.copy(MODELS / "yolophinet_128_one_head/yolophinet_128_one_head.onnx", project.folder / "detector.onnx")
project.configure("-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_PREFIX_PATH={PREFIX}")
project.build()
run([project.build_folder / "firmware"])
run([project.build_folder / "tool"])
check(True, "a detector with a camera, a sound classifier, weights as a binary, and a library of another folder link and run")
check(steps(project.build()) == [], "nothing to do in an unchanged tree")

time.sleep(0.02)
target["memory"][0]["size_bytes"] = 262144 + 1024
project.write("below/board.json", json.dumps(target))
check("linnet" in steps(project.build()), "a target's file that changed")
check(steps(project.build()) == [], "and then nothing")

command = (project.build_folder / "build.ninja").read_text()
check("--bank itcm=16K" in command and "--mean=0,0,0" in command and "--place input=axi --place output=sram4" in command,
      "options reach the tool")

# Every name that the tool gives a source is one that linnet_add_model knows: LinnetSources.cmake ends the build otherwise. A
# model whose head goes takes its sources along, and one that comes brings them, in the same build.
detect = project.made("detector") / "sources/detector_detect.hpp"
check("Detection" in detect.read_text(), "the detector has detect()")
project.write("main.cpp", '#include "detector.hpp"\n#include "detector_detect.hpp"\nint main() { return 0; }\n')
shutil.copy(PHINET, project.folder / "detector.onnx")
said = project.build(good=False)
check("the network 'detector' has no detector_detect.hpp" in said, "a model without a head says so where its header is included")
shutil.copy(MODELS / "yolophinet_128_one_head/yolophinet_128_one_head.onnx", project.folder / "detector.onnx")
project.build()
check("Detection" in detect.read_text() and steps(project.build()) == [], "and the head comes back")

# A tool that writes a source which this package does not know must not build in silence.
strange = fresh("strange")
(strange / "from").mkdir()
(strange / "from/net_new.cpp").write_text("")
said = run(["cmake", "-DNAME=net", f"-DFROM={strange / 'from'}", f"-DTO={strange / 'to'}", "-DFILES=net.cpp", "-P",
            PREFIX / "lib/cmake/Linnet/LinnetSources.cmake"], good=False)
check("does not know" in said and "net_new.cpp" in said, "a source of another version is noticed")
