// E3xx to E9xx of the catalogue of diagnostics (diagnostic_codes.h): budgets and targets, front ends, external tools, output,
// and Linnet's own defects.
#include "compiler/support/diagnostic_codes.h"

namespace linnet {
namespace {

constexpr DiagnosticCode kUseCodes[] = {
    {"E301", "the RAM does not suffice",
     "Arenas and stack need more than `--ram`, or the arenas do not fit the banks of the target. "
     "Nothing is written. The "
     "message says the best that was reached, and the layer at which most bytes are live.",
     "In this order: calibration data (int8 takes a quarter of float32); `--input rows` when the "
     "input itself is a large part "
     "of the peak; a smaller input; a narrower layer at the named place. `linnet plan MODEL` shows "
     "arenas against kernel "
     "calls. For scratch of detect(): `--outputs tensor`, or a bank that is kept free for it.",
     "E301 --ram 16.0 KiB (16384 bytes) cannot be met: the best reached is 31.1 KiB (31872 bytes): "
     "arenas 30.5 KiB, stack 600 "
     "B; the peak is set by layer '/_layers.1/_layers.0/Conv' (Conv2d), where 30.6 KiB live at "
     "once; allow more, use a smaller "
     "input, or a network that is narrower there"},
    {"E302", "the flash does not suffice",
     "Weights, tables, schedule and code need more than `--flash`, or more than the flash of the "
     "target. Code is an estimate "
     "from the kernels used; the rest is exact.",
     "Calibration data first (int8 weights take a quarter of float32), then `--weights auto`, "
     "which puts weights into 4 bits "
     "where that costs least. `linnet inspect DIR --layers` shows the bytes of each layer.",
     "E302 --flash 50.0 KiB (51200 bytes) cannot be met: 78.8 KiB (80700 bytes) are needed: "
     "weights 42.7 KiB, tables 9.1 KiB, "
     "schedule 13.1 KiB, code 13.8 KiB; try --weights auto, or a network with fewer parameters"},
    {"E303", "a target that is not known",
     "`--target` names none of the targets that Linnet carries, and no file that ends in .json.",
     "Use a name from the message, or describe your device in a file (docs/boards.md): `--target "
     "mcu.json`.",
     "E303 unknown target 'stm32f7'; known targets: cortex-m7, stm32h743; or give a file, as "
     "docs/boards.md shows"},
    {"E304", "the stack does not suffice",
     "A function of the generated code needs more stack than the target allows (`stack_bytes` of "
     "target.json). Frames grow "
     "with the number of tensors that one Concat joins.",
     "Join fewer tensors at once: split the widest Concat in two.",
     "E304 2200 bytes of stack are needed where stm32h743 leaves 2048; join fewer tensors at once: "
     "split the widest Concat in "
     "two"},
    {"E305", "a bank that the target does not have",
     "`--bank` or `--place` names a bank that is not among those of the target, or `--bank` keeps "
     "more of it than it has.",
     "Use a name from the message. Without `--target` there is one bank, `ram`, without limit.",
     "E305 --bank: stm32h743 has no bank 'ccm'; its banks are dtcm, axi, sram123, sram4, itcm"},
    {"E306", "an input that cannot come by rows",
     "`--input rows` needs one input of several rows that layers read. This network has several "
     "inputs, or its input is a "
     "single row, or is not read.",
     "Leave `--input rows` out. A network with several inputs gets them whole.",
     "E306 --input rows: the input is a single row; leave --input rows out"},
    {"E307", "labels for an output that is no embedding",
     "`--labels` compares the network's output with the labels' vectors, so the output must be one "
     "vector.",
     "Export the network with its embedding as the only output (1xN). Class scores need no "
     "`--labels`: their index is the "
     "class.",
     "E307 --labels: the network's output is not one vector; give a network whose only output is "
     "an embedding, as 1x1024"},
    {"E308", "the models of a project do not fit a bank together",
     "Each model of `linnet build` may fit alone, and their arenas side by side need more of a "
     "bank than it has. They were "
     "planned again, each with what the others leave, and that did not suffice either. Nothing is "
     "written.",
     "Let models that never run at the same time share an arena (`share_arena`), give the others a "
     "smaller `ram`, or a target "
     "with more memory. `input = \"rows\"` helps where an input is large.",
     "E308 together the models need 600.0 KiB of bank 'axi' of stm32h743, which has 512.0 KiB; "
     "share_arena for models that never "
     "run together, or a smaller --ram"},
    {"E309", "the models of a project do not fit the flash together",
     "Weights, tables, schedules and code of all models of `linnet build` are more than the flash "
     "of the target.",
     "Give models budgets (`flash = \"1M\"`) with `weights = \"auto\"`, which puts weights into 4 "
     "bits where it costs least.",
     "E309 together the models need 2.3 MiB of flash; stm32h743 has 2.0 MiB; give them budgets: "
     "flash = \"1M\" with weights = "
     "\"auto\""},
    {"E311", "a target file that describes no target",
     "The .json file of `--target` cannot be read, is no JSON, lacks a key, or has sizes or names "
     "that cannot be.",
     "docs/boards.md shows one; `runtime/boards/stm32h743/target.json` is another. Names of banks "
     "are C++ identifiers, and the "
     "name of the target is none of Linnet's own.",
     "E311 target file 'mcu.json': 'memory' lists no bank; docs/boards.md shows one"},
    {"E320", "options of the log-mel front end that make no sense",
     "A name that does not exist, a value that is no number, or values that cannot be together: "
     "n_fft is a power of two from "
     "64 to 8192, hop at most n_fft, frequencies at most half the rate.",
     "Give the values of the training. docs/log-mel.md defines each one.",
     "E320 --front-end-options: n_fft=1000 is no power of two from 64 to 8192; give the length of "
     "the frames that the network "
     "was trained on"},
    {"E321", "a network that log-mel features do not fit",
     "The front end makes rows of mel bands, one after the other in time: the input is "
     "1x1xFRAMESxMELS and comes by rows. "
     "Here it has another shape, or the axes are turned, or it is taken whole.",
     "Give `--input rows`; set the number of bands with `--front-end-options mels=N`; export the "
     "network with time before mel "
     "bands. Without a front end the application fills the input with features of its own.",
     "E321 --front-end log-mel: input 'sound' is 1x1x64x640 where rows of 64 mel bands are made, "
     "one channel: 1x1xFRAMESx64; "
     "export the network with time before mel bands"},
    {"E322", "a network that camera frames do not fit",
     "`--front-end camera` writes frames into one input of one or three channels whose rows are "
     "those of the picture.",
     "Leave it out and fill the input yourself. If the graph transposes its input first, export it "
     "without that.",
     "E322 --front-end camera: the network has 2 inputs; leave --front-end out"},
    {"E330", "a network that grew",
     "`linnet size` measured more text, flash or RAM than the baseline has and `--tolerance` lets "
     "pass. What is printed before says which functions, constants and arenas grew, and why.",
     "Make it smaller. Where the price is right, adopt the new sizes with `--update` and commit "
     "the baseline with the change that needs them.",
     "E330 'phinet_96' grew by more than 1 %: text 21,168 -> 21,638 bytes, +470 (+2.22 %), most in "
     "run, 914 -> 1,384 bytes; make it smaller, or, where the price is right, adopt it with "
     "--update"},
    {"E401", "a program that is not installed",
     "`verify`, `profile` and `bench` build and run code with programs of the system: a compiler "
     "for the host or the core, "
     "QEMU, objdump, llvm-mca. `compile`, `inspect` and `plan` need none.",
     "Install the package in the message. On Debian 12 `tools/packages` installs all of them.",
     "E401 qemu-system-arm is needed to emulate the Cortex-M7 and is not installed; apt-get "
     "install qemu-system-arm"},
    {"E402", "a program that does not do what is needed",
     "The emulator does not take Linnet's counting plugin or writes no counts, or objdump cannot "
     "read the image. Another "
     "version than Debian 12's, or a build of QEMU without plugins, does that.",
     "Use Debian 12's packages: qemu-system-arm 7.2, binutils-arm-none-eabi. `which -a "
     "qemu-system-arm` shows whether another "
     "one comes first.",
     "E402 the emulator's plugin wrote no counts; use qemu-system-arm of Debian 12 (7.2)"},
    {"E501", "a file or folder that cannot be written",
     "The folder of `-o` or `--keep` cannot be made or written: no permission, no room, or a file "
     "is in its place. Nothing of "
     "an earlier result is lost: files are written beside it first.",
     "Choose another folder, make room, or repair the permissions.",
     "E501 cannot write to '/proc/out': No such file or directory; choose another folder with -o, "
     "or make room and give "
     "yourself permission"},
    {"E502", "a name that C++ does not take",
     "`--name` (or the model's file name) becomes a namespace, file names and the start of C "
     "identifiers. It is a keyword, a "
     "name of the C library, too long, or has other characters than letters, digits and single "
     "underscores.",
     "Give `--name` such a name: `--name detector`.",
     "E502 the name 'my-model' is not usable as a C++ namespace; give --name letters, digits and "
     "single underscores, starting "
     "with a letter, no keyword or name of the C library"},
    {"E503", "a folder without a report of this version",
     "A folder was given in the place of a model, and it holds no `report.json`, or one of another "
     "version of Linnet.",
     "Give the folder of `linnet compile -o`, or compile the model again.",
     "E503 there is no report.json in 'src'; give an ONNX model, or a folder that `linnet compile "
     "-o` wrote"},
    {"E504", "files that are not Linnet's",
     "The folder of `-o` holds files under names that would be written, and Linnet did not write "
     "them. It never replaces "
     "what is not its own.",
     "Choose a folder for the generated code alone.",
     "E504 '-o src' holds phinet_96.cpp, which Linnet did not write; choose another folder"},
    {"E505", "a generated folder that is not whole",
     "A file that `compile` wrote is missing, or has been changed so that the test vector cannot "
     "be read back.",
     "Compile the model again. Keep changes of your own outside the folder.",
     "E505 'tiny.cpp' is missing; compile the model again"},
    {"E506", "text that is not JSON",
     "A JSON file cannot be parsed; what follows says where. It is printed as part of another "
     "message (E280, E503).",
     "Repair the file: a comma too many and single quotes are the usual faults. `python3 -m "
     "json.tool FILE` finds them.",
     "E506 it is not JSON: parse error at line 1, column 2: syntax error"},
    {"E507", "a filter that nothing passes",
     "No kernel and no shape of `linnet bench kernels` has the text of `--filter` in its name.",
     "Without `--filter` all names are shown; it is compared letter by letter.",
     "E507 no kernel and no shape has '17x17' in its name; linnet bench kernels without --filter "
     "shows them all"},
    {"E508", "a baseline that is not there",
     "The file of `linnet size --baseline` does not exist or cannot be read.",
     "Give the right path, or make it from what the networks take now: `--update`.",
     "E508 there is no baseline 'size.json'; make it from what the networks take now: --update"},
    {"E509", "a baseline that cannot be understood",
     "The file of `linnet size --baseline` is no JSON, or lacks something that `--update` writes. "
     "A merge conflict does that.",
     "Take either side of the conflict, or the file from version control, then use `--update`.",
     "E509 'size.json' is not a baseline of linnet size: 'linnet_size' is missing; take it from "
     "version control again, or remove it and use --update"},
    {"E510", "a baseline of another format",
     "Another version of Linnet wrote the file of `linnet size --baseline`.",
     "Use that version, or a newer one. A file of an older format is removed and made again with "
     "`--update`.",
     "E510 'size.json' has format 7, and this linnet reads format 1; use the linnet that wrote it, "
     "or a newer one"},
    {"E511", "two networks of one name",
     "`linnet size` tells networks apart by their names, and two of one run have the same.",
     "Compile one of them with another `--name`.",
     "E511 'first' and 'second' are both called 'phinet_96'; compile one of them with another "
     "--name and give its folder"},
    {"E512", "sources of a folder that do not build",
     "`linnet size` builds a folder's sources as they are. They were changed since `compile` wrote "
     "them, and the compiler refuses them.",
     "Undo the change, or compile the model again. A folder that nobody changed is a defect of "
     "Linnet: please report it.",
     "E512 the sources in 'generated' do not build: arm-none-eabi-g++ -c phinet_96.cpp says; "
     "compile the model again"},
    {"E513", "functions without a bound for their stack",
     "Functions of a folder were changed so that they call themselves: `linnet size` can give no "
     "bound for their stack.",
     "Undo the change, or compile the model again.",
     "E513 functions of 'phinet_96' call themselves: its stack has no bound; compile the model "
     "again"},
    {"E514", "a network that the baseline does not have",
     "`linnet size` measured a network that nobody adopted yet: a new one, or one with a new name.",
     "Adopt what it takes now with `--update`.",
     "E514 the baseline has no 'phinet_96'; adopt what it takes now with --update"},
    {"E520", "a project file that cannot be parsed",
     "`linnet.toml` is no TOML, or `linnet.json` no JSON; the message says where it stops making "
     "sense.",
     "Repair that line. In TOML texts have quotes, lists brackets, and `[models.NAME]` stands "
     "above its keys.",
     "E520 line 4: Error while parsing key-value pair: encountered unexpected character; "
     "docs/projects.md shows the format"},
    {"E521", "no project file",
     "`linnet build` found no `linnet.toml` and no `linnet.json` in the folder, or cannot read the "
     "file that was given.",
     "Run it in the project's folder, or give the file: `linnet build path/linnet.toml`.",
     "E521 there is no linnet.toml and no linnet.json; docs/projects.md shows one"},
    {"E522", "a project file with keys or values that are not understood",
     "A key that does not exist, a value of the wrong kind, a model without a file, or names in "
     "`share_arena` that are no "
     "models. All such faults of a file are printed at once.",
     "The hint names the nearest key. Options are those of `linnet compile` (docs/cli.md) without "
     "the dashes.",
     "E522 model 'phinet': unknown key 'calibrat'; did you mean 'calibrate'?"},
    {"E523", "options of a project's model that do not go together",
     "What the keys of a model spell is not a command line that `linnet compile` takes, each key "
     "by itself being right.",
     "Correct its keys; the message is that of `linnet compile`. A key of `[defaults]` may be the "
     "one that does not fit.",
     "E523 model 'phinet': --front-end-options requires --front-end; correct its keys"},
    {"E530", "a package that cannot leave the runtime out",
     "`--runtime external` was given with `--package cmsis-pack`, `platformio` or `arduino`. Such "
     "a "
     "package cannot name a folder outside itself.",
     "Leave `--runtime` out: the package then holds the runtime files that it uses. The kinds "
     "cmake, "
     "make, zephyr and esp-idf take `LINNET_RUNTIME_DIR`.",
     "E530 a package for platformio holds all that it needs: --runtime external does not go with "
     "it; leave --runtime out, or take --package cmake, make, zephyr or esp-idf"},
    {"E531", "a package that cannot have binary weights",
     "`--weights-format incbin` was given with `--package arduino`. The assembler finds the binary "
     "on the include path, which not all of Arduino's cores give it.",
     "Leave `--weights-format` out: the weights are then C++ arrays.",
     "E531 Arduino's cores do not all give the assembler an include path, by which it finds the "
     "weights of --weights-format incbin; leave --weights-format out"},
    {"E532", "a name that the package's ecosystem does not take",
     "A component of a CMSIS-Pack has at most 32 characters, and names of Arduino libraries that "
     "begin with `arduino` are Arduino's own.",
     "Give another `--name`.",
     "E532 'arduino_net': names of Arduino libraries that begin so are Arduino's own; give another "
     "--name"},
    {"E590", "no room for temporary files",
     "`verify`, `profile` and `bench` build in a temporary folder, which cannot be made or is "
     "full.",
     "Set TMPDIR to a folder with room: `TMPDIR=$HOME/tmp linnet verify ...`.",
     "E590 no temporary folder can be made; set TMPDIR"},
    {"E900", "a defect: a graph that breaks its own rules",
     "After each stage the graph is checked, and a pass has made one that is not valid. Your model "
     "is not at fault.",
     "Please report it with the model. `--dump-after passes` shows the graph; until it is mended, "
     "another export (opset 17, "
     "through onnxsim) may go another way.",
     "E900 node 'n7' (Concat): after passes: a float tensor has a scale; this is a defect of "
     "linnet; please report it with the "
     "model"},
    {"E901", "a defect: a program that breaks its own rules",
     "Lowering has made kernel calls that do not fit together. Your model is not at fault.",
     "Please report it with the model and the command.",
     "E901 node 'n7' (Conv): a batch normalization reached lowering; please report this"},
    {"E902", "a defect: a memory plan that breaks its own rules",
     "Two tensors that live at once overlap, or a row is read before it is made. The plan is "
     "checked each time; this one "
     "failed and nothing is written.",
     "Please report it with the model and the command. `--plan whole` takes a simpler plan "
     "meanwhile.",
     "E902 'n7' writes over its own input; please report this"},
    {"E903", "a defect: a generated schedule that is not right",
     "`verify` reads the schedule back from the generated text and replays it, independently of "
     "the planner. It found a row "
     "that is read from the wrong place, or text that it cannot read.",
     "Please report it with the model and the command. If files of the folder were changed by "
     "hand, compile again.",
     "E903 rows of the input are longer than those of its ring; please report this"},
    {"E910", "a defect: generated code does not build",
     "The compiler refuses the generated sources or the harness around them; its messages follow. "
     "Flags in CXXFLAGS do not "
     "matter: Linnet gives its own.",
     "Please report it with the model and the compiler's version. If the folder was changed by "
     "hand, compile again.",
     "E910 the generated code does not build: g++ -O2 -c net.cpp in /tmp/linnet says"},
    {"E911", "a defect: generated code does not run to its end",
     "The program stopped with a fault, ended early, or did not end in time. On a slow machine a "
     "large network in the "
     "emulator may need longer than the limit.",
     "Run it on the host (`--on host`) to tell the two apart, with fewer samples in `--data`. A "
     "fault is to be reported with "
     "the model.",
     "E911 the generated code did not end within 600 s on qemu"},
    {"E912", "a defect: int8 results that differ from the definition",
     "docs/quantization.md defines every byte; the generated code gave another one. The message "
     "names the first layer and "
     "element.",
     "Please report it with the model and the command. `verify --layers` shows all layers.",
     "E912 node 'n7': 3 of 160 output bytes of the int8 code differ from the oracle on host; layer "
     "n7 (Conv2d, conv2d_s8_any) "
     "is the first: row 0, column 1, channel 2 is 17, not 18; this is a defect of Linnet; please "
     "report it"},
    {"E913", "float results that are too far off",
     "The generated float code differs from the float oracle, or from the stored outputs, by more "
     "than `--float-tolerance` "
     "(1e-4 of the output's range).",
     "Against stored outputs: are they of this model, for these inputs, with this `--mean` and "
     "`--scale`? Float networks with "
     "long sums may need `--float-tolerance 1e-3`. Against the oracle it is a defect: please "
     "report it.",
     "E913 the float code is 0.12 of the output's range from the stored outputs, more than 0.0001; "
     "if these are the right "
     "outputs this is a defect of Linnet; please report it"},
    {"E914", "a defect: more stack than the bound",
     "The emulated run used more stack than `memory.stack_bytes` of the report, which budgets and "
     "firmware rely on.",
     "Please report it with the model and the compiler's version. Until then leave more room for "
     "the stack.",
     "E914 the int8 code takes 700 bytes of stack where memory.stack_bytes is 600; this is a "
     "defect of Linnet; please report it"},
    {"E915", "profiled code gives another output",
     "`profile` runs the folder's stored test vector and compares. It differs: the sources were "
     "changed by hand, or the code "
     "is wrong.",
     "`linnet verify MODEL` shows where they begin to differ. If the sources are as Linnet wrote "
     "them, please report it.",
     "E915 output 0 of the profiled code is not the test vector's; linnet verify shows where they "
     "begin to differ; if the "
     "sources were not changed by hand, please report it"},
    {"E916", "a defect: boxes that are not those of the maps",
     "detect() of the generated code gives other boxes than the definition does from the same "
     "maps.",
     "Please report it with the model, the picture and the command.",
     "E916 the boxes of the int8 code are not what its maps say, in 1 of 16 samples on host; this "
     "is a defect of Linnet; "
     "please report it"},
    {"E998", "a defect: the compilation of a project's model broke off",
     "`linnet build` compiles each model in a process of its own, and one of them ended without "
     "saying why: killed for want of "
     "memory, perhaps, or a defect.",
     "Run `linnet compile` for that model alone. With little memory `linnet build --jobs 1` helps. "
     "Otherwise please report it.",
     "E998 `linnet compile` of model 'phinet' ended with 137: Killed; please report it"},
    {"E999", "a defect: the compiler itself failed",
     "Linnet stopped at an error that it did not expect. Nothing is written.",
     "Please report it with the model and the command.",
     "E999 a defect of linnet: vector::_M_range_check; please report it"},
};

}  // namespace

std::span<const DiagnosticCode> use_codes() { return kUseCodes; }

}  // namespace linnet
