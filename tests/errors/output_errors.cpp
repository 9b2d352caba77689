// What the user reads when the output cannot be written, a budget cannot be met, or the command line is wrong.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/cli/parse_values.h"
#include "compiler/data/npy.h"
#include "compiler/emit/report.h"
#include "compiler/emit/text.h"
#include "compiler/support/json.h"
#include "compiler/support/read_text.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/run_linnet.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;
using namespace linnet::testing;

// y = Log(x) of four numbers; gives the model's path.
std::string write_log_model(const TemporaryFolder& scratch) {
  const fs::path path = scratch.path() / "log.onnx";
  testing::OnnxFile file;
  file.input("x", {1, 4}).node("Log", {"x"}, {"y"}).output("y");
  testing::write_bytes(path, file.model());
  return path.string();
}

const std::string kModel = std::string(LINNET_SOURCE_DIR) + "/models/phinet_96/phinet_96.onnx";

}  // namespace

TEST_CASE("an output folder that is a file is refused and nothing is written") {
  const TemporaryFolder scratch;
  const fs::path file = scratch.path() / "taken";
  std::ofstream(file) << "mine";
  const Run run = run_linnet("compile " + kModel + " -o " + file.string());
  CHECK(run.exit_code == 1);
  CHECK(run.output ==
        kModel + ": E501 cannot write to '" + file.string() +
            "': it is not a folder; choose another folder with -o, or make room and give yourself "
            "permission\n");
  CHECK(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("an output folder below a file cannot be made") {
  const TemporaryFolder scratch;
  std::ofstream(scratch.path() / "taken") << "mine";
  const std::string folder = (scratch.path() / "taken" / "out").string();
  const Run run = run_linnet("compile " + kModel + " -o " + folder);
  CHECK(run.exit_code == 1);
  CHECK(run.output ==
        kModel + ": E501 cannot write to '" + folder +
            "': Not a directory; choose another folder with -o, or make room and give yourself "
            "permission\n");
}

TEST_CASE("a folder that cannot be written is refused, and left as it was") {
  // /proc takes no files, not even from root.
  const Result<WrittenFiles> written = write_files("/proc/linnet_out", {{"a.txt", "a"}});
  REQUIRE_FALSE(written);
  CHECK(format(written.diagnostics()) ==
        "E501 cannot write to '/proc/linnet_out': No such file or directory; choose another folder "
        "with -o, or make "
        "room and give yourself permission\n");
}

TEST_CASE("a file in the folder that linnet runs in is written by its bare name") {
  const TemporaryFolder scratch;
  const fs::path before = fs::current_path();
  fs::current_path(scratch.path());
  const Result<Nothing> written = replace_file("plan.svg", "<svg/>");
  fs::current_path(before);
  CHECK(written);
  CHECK(fs::file_size(scratch.path() / "plan.svg") == 6);
}

TEST_CASE("a link stays a link, a pipe a pipe") {
  const TemporaryFolder scratch;
  std::ofstream(scratch.path() / "page.html") << "old";
  fs::create_directory(scratch.path() / "sub");
  fs::create_symlink("../page.html", scratch.path() / "sub/link.html");
  fs::create_symlink("new.html", scratch.path() / "dangling.html");
  REQUIRE(replace_file(scratch.path() / "sub/link.html", "page"));
  REQUIRE(replace_file(scratch.path() / "dangling.html", "page"));
  CHECK(fs::is_symlink(scratch.path() / "sub/link.html"));
  CHECK(read_text(scratch.path() / "page.html") == "page");
  CHECK(read_text(scratch.path() / "new.html") == "page");

  const fs::path pipe = scratch.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  CHECK(replace_file(pipe, "page"));
  char text[8] = {};
  CHECK(::read(reader, text, sizeof text) == 4);
  ::close(reader);
  CHECK(std::string(text) == "page");
  CHECK(fs::is_fifo(pipe));
}

TEST_CASE("files are replaced, stale ones go, strangers stay, no temporary folder is left") {
  const TemporaryFolder scratch;
  const fs::path folder = scratch.path() / "out";
  REQUIRE(write_files(folder, {{"a.txt", "old"}, {"sub/b.txt", "b"}}));
  std::ofstream(folder / "mine.txt") << "mine";
  const Result<WrittenFiles> again = write_files(folder, {{"a.txt", "new"}});
  REQUIRE(again);
  CHECK(again->removed == std::vector<std::string>{"sub/b.txt"});
  std::string text;
  std::ifstream(folder / "a.txt") >> text;
  CHECK(text == "new");
  CHECK_FALSE(fs::exists(folder / "sub"));  // ours, and of no use to the new network
  CHECK(fs::exists(folder / "mine.txt"));
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 3);
  CHECK(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("a file that Linnet did not write is never replaced") {
  const TemporaryFolder scratch;
  const fs::path folder = scratch.path() / "mine";
  fs::create_directories(folder);
  std::ofstream(folder / "CMakeLists.txt") << "mine";
  const Run run = run_linnet("compile " + kModel + " -o " + folder.string());
  CHECK(run.exit_code == 1);
  CHECK(run.output == kModel + ": E504 '-o " + folder.string() +
                          "' holds CMakeLists.txt, which Linnet did not write; choose another "
                          "folder\n");
  std::string text;
  std::ifstream(folder / "CMakeLists.txt") >> text;
  CHECK(text == "mine");
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);

  // A file or a dangling link where a folder is needed, a folder where a file is needed; more than three are counted.
  const auto said = [&](const std::map<std::string, std::string>& files) {
    const Result<WrittenFiles> written = write_files(folder, files);
    REQUIRE_FALSE(written);
    return written.diagnostics().front().message;
  };
  const std::string holds = "'-o " + folder.string() + "' holds ";
  const std::string why = ", which Linnet did not write";
  std::ofstream(folder / "linnet") << "mine";
  CHECK(said({{"linnet/a.h", ""}, {"linnet/b.h", ""}}) == holds + "linnet" + why);
  fs::remove(folder / "linnet");
  fs::create_symlink("nowhere", folder / "a.cpp");
  CHECK(said({{"a.cpp", ""}, {"b.cpp", ""}}) == holds + "a.cpp" + why);
  for (const char* name : {"b", "c", "d"}) fs::create_directory(folder / name);
  CHECK(said({{"CMakeLists.txt", ""}, {"a.cpp", ""}, {"b", ""}, {"c", ""}, {"d", ""}}) ==
        holds + "CMakeLists.txt, a.cpp, b and 2 more" + why);
}

TEST_CASE("a RAM budget that cannot be met says the best reached and the layer at the peak") {
  const TemporaryFolder scratch;
  const fs::path folder = scratch.path() / "out";
  const Run run = run_linnet("compile " + kModel + " --ram 64K -o " + folder.string());
  CHECK(run.exit_code == 3);
  CHECK_THAT(
      run.output,
      Catch::Contains(kModel +
                      ": E301 --ram 64.0 KiB (65536 bytes) cannot be met: the best reached is "));
  CHECK_THAT(run.output, Catch::Contains("the peak is set by layer '/_layers."));
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("a RAM budget that the input breaks: the remedy is to give it by rows") {
  const TemporaryFolder scratch;
  const fs::path folder = scratch.path() / "out";
  const std::string data =
      "compile " + kModel + " --calibrate models/images/calibration --resize -o " + folder.string();
  const Run whole = run_linnet(data + " --ram 30K");
  CHECK(whole.exit_code == 3);
  CHECK_THAT(whole.output, Catch::Contains("(--input rows): 27.0 KiB of it live at the peak"));
  const Run rows = run_linnet(data + " --ram 30K --input rows");
  CHECK(rows.exit_code == 0);
}

TEST_CASE("a flash budget that cannot be met says what needs it") {
  const TemporaryFolder scratch;
  const fs::path folder = scratch.path() / "out";
  const Run run = run_linnet("compile " + kModel + " --flash 50KB -o " + folder.string());
  CHECK(run.exit_code == 3);
  CHECK_THAT(run.output,
             Catch::Contains(kModel + ": E302 --flash 50.0 KiB (51200 bytes) cannot be met: "));
  CHECK_THAT(run.output,
             Catch::Contains("give calibration data (--calibrate): int8 weights take a quarter"));
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("a name that cannot be a namespace is refused") {
  for (const char* name : {"2nd", "a-b", "class", "std", "_x", "a__b", "string", "index"}) {
    const Run run = run_linnet("compile " + kModel + " -o /nowhere/out --name " + name);
    CHECK(run.exit_code == 2);
    CHECK(run.output == kModel + ": E502 the name '" + name +
                            "' is not usable as a C++ namespace; give --name letters, digits and "
                            "single underscores, "
                            "starting with a letter, no keyword or name of the C library\n");
  }
  CHECK(make_identifier("my-net (2)") == "my_net_2");
  CHECK(make_identifier("2nd") == "network_2nd");
  CHECK(make_identifier("class") == "network_class");
  CHECK(make_identifier("signal") == "network_signal");
  CHECK(make_identifier("...") == "network");
}

TEST_CASE("sizes are read in small letters too") {
  CHECK(std::get<std::int64_t>(parse_bytes("256k")) == 256 * 1024);
  CHECK(std::get<std::int64_t>(parse_bytes("2mib")) == 2 * 1024 * 1024);
  CHECK(std::get<std::int64_t>(parse_bytes("7")) == 7);
  CHECK(std::holds_alternative<std::string>(parse_bytes("k")));
  CHECK(std::holds_alternative<std::string>(parse_bytes("9223372036854775807k")));
}

TEST_CASE("options about pictures without pictures are noticed") {
  const TemporaryFolder scratch;
  const std::string compile =
      "compile " + write_log_model(scratch) + " -o " + (scratch.path() / "out").string();
  CHECK(run_linnet(compile + " --mean 3 --resize", kOnlyStderr).output ==
        "note: --mean, --resize not used: only pictures are changed, and none is given\n");
  CHECK(run_linnet("compile " + kModel + " -o " + (scratch.path() / "p").string() +
                       " --resize --calibrate " + LINNET_SOURCE_DIR + "/models/images/calibration",
                   kOnlyStderr)
            .output.empty());
  CHECK(run_linnet("compile " + kModel + " -o " + (scratch.path() / "p").string() +
                       " --mean 127.5 --scale 127.5 --resize --calibrate " + LINNET_SOURCE_DIR +
                       "/models/images/calibration",
                   kOnlyStderr)
            .output ==
        "note: --scale 127.5 multiplies pixels of 0 to 255; to divide by it give --scale "
        "0.00784314\n");
}

TEST_CASE("compile says what the calibration saw, how to go on, and whose files went") {
  const TemporaryFolder scratch;
  const std::string out = (scratch.path() / "out").string();
  const std::string data = std::string(" --calibrate ") + LINNET_SOURCE_DIR +
                           "/models/images/calibration --resize --mean 127.5 --scale "
                           "0.00784313725490196";
  const Run first = run_linnet("compile " + kModel + " -o " + out + data);
  CHECK_THAT(first.output, Catch::Contains("ranges from 16 samples; input 'input' -1 .. 1\n"));
  CHECK_THAT(first.output, Catch::Contains("next: add_subdirectory(" + out +
                                           " phinet_96), link phinet_96, and call "
                                           "phinet_96::run().\n"));
  CHECK_THAT(first.output,
             Catch::Contains("link phinet_96_test_vector and call phinet_96::self_test(arenas)"));
  CHECK_THAT(first.output, !Catch::Contains("removed"));

  const std::string quantized =
      std::string(LINNET_SOURCE_DIR) + "/models/phinet_96/variants/qdq_u8s8_per_tensor/model.onnx";
  const Run second =
      run_linnet("compile " + quantized + " -o " + out + data + " --name other --target stm32h743");
  CHECK_THAT(second.output, Catch::Contains("the model is quantized already; calibration data not "
                                            "used for ranges\n"));
  CHECK_THAT(second.output, Catch::Contains(" files of 'phinet_96', which was there before\n"));
}

TEST_CASE("int8 is not recommended where it takes more") {
  const TemporaryFolder scratch;
  const Run run = run_linnet("compile " + write_log_model(scratch) + " -o " +
                             (scratch.path() / "out").string());
  CHECK(run.exit_code == 0);  // a table of 256 bytes instead of none
  CHECK_THAT(run.output, !Catch::Contains("In int8"));
  CHECK_THAT(run.output, Catch::Contains(" 1 layer\n"));
}

TEST_CASE("inspect with a budget or a target says what compile makes of it") {
  const Run plain = run_linnet("inspect " + kModel);
  CHECK_THAT(plain.output, !Catch::Contains("with these options"));
  const Run fits = run_linnet("inspect " + kModel + " --target stm32h743");
  CHECK(fits.exit_code == 0);
  CHECK_THAT(fits.output, Catch::Contains("phinet_96: float32 for stm32h743"));
  CHECK_THAT(fits.output, Catch::Contains("fits    the banks of stm32h743, the target's flash"));
  const Run small = run_linnet("inspect " + kModel + " --ram 20K");
  CHECK(small.exit_code == 3);
  CHECK_THAT(small.output, Catch::Contains("E301 --ram"));
  const Result<Json> json =
      parse_json(run_linnet("inspect " + kModel + " --flash 1M --json", kOnlyStdout).output);
  REQUIRE(json);
  CHECK(json->at("compiled").at("layers").array().size() > 50);
}

TEST_CASE("files that do not exist are called by the path that was typed") {
  CHECK(run_linnet("inspect nowhere/m.onnx").output ==
        "nowhere/m.onnx: E001 the file does not exist; check the path\n");
  const Run labels = run_linnet("verify " + kModel + " --labels nowhere.txt");
  CHECK(labels.exit_code == 1);
  CHECK(labels.output ==
        kModel + ": E292 'nowhere.txt' does not exist; check the path of --labels\n");
}

TEST_CASE("inspect of a model with an unsupported operator gives the reason once") {
  const TemporaryFolder scratch;
  testing::OnnxFile file;
  file.input("x", {1, 4}).node("Det", {"x"}, {"y"}).output("y");
  const std::string path = (scratch.path() / "det.onnx").string();
  testing::write_bytes(path, file.model());
  const Run run = run_linnet("inspect " + path);
  CHECK(run.exit_code == 1);
  CHECK_THAT(run.output, Catch::Contains("   not supported\n"));
  CHECK_THAT(run.output, Catch::Contains("parameters         unknown\n"));
  CHECK_THAT(run.output, Catch::Contains("E101 node 'n0' (Det): the operator is not supported; "));
}

TEST_CASE("inspect of a folder without a report says so") {
  const TemporaryFolder scratch;
  const Run run = run_linnet("inspect " + scratch.path().string());
  CHECK(run.exit_code == 1);
  CHECK_THAT(run.output,
             Catch::Contains("E503 there is no report.json in '" + scratch.path().string() + "'"));
}

TEST_CASE("dumps leave stdout to --json") {
  const std::string arguments = "inspect " + kModel + " --json --dump-after passes";
  const Result<Json> json = parse_json(run_linnet(arguments, kOnlyStdout).output);
  REQUIRE(json);
  CHECK(json->at("supported").boolean());
  CHECK_THAT(run_linnet(arguments, kOnlyStderr).output, Catch::Contains("Conv2d"));
  CHECK_THAT(run_linnet("inspect " + kModel + " --dump-after passes", kOnlyStdout).output,
             Catch::Contains("Conv2d"));
}

TEST_CASE("a dump after a stage that does not come says so") {
  const TemporaryFolder scratch;
  const std::string compile =
      "compile " + write_log_model(scratch) + " -o " + (scratch.path() / "out").string();
  for (const std::string stage : {"calibrate", "quantize"}) {
    CHECK(run_linnet(compile + " --dump-after " + stage, kOnlyStderr).output ==
          "note: --dump-after " + stage + " shows nothing: this run has no such stage\n");
  }
  CHECK(run_linnet(compile + " --dump-after plan", kOnlyStderr).output.empty());
  CHECK_THAT(run_linnet("inspect " + kModel + " --dump-after emit", kOnlyStderr).output,
             Catch::Contains("--dump-after emit shows nothing"));
}

TEST_CASE("inspect --quiet of a compiled folder prints nothing") {
  const TemporaryFolder scratch;
  const std::string folder = (scratch.path() / "out").string();
  REQUIRE(run_linnet("compile " + write_log_model(scratch) + " -o " + folder).exit_code == 0);
  const Run quiet = run_linnet("inspect " + folder + " --quiet");
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.output.empty());
  CHECK_THAT(run_linnet("inspect " + folder).output, Catch::Contains(", at layer 'n0'"));
}

TEST_CASE("a report that is damaged is no report of this version") {
  const TemporaryFolder scratch;
  const fs::path path = scratch.path() / "report.json";
  const std::string said = "E503 '" + path.string() + "' is not a report of this version: ";
  std::ofstream(path) << "{\"tool\": ";
  CHECK_THAT(run_linnet("inspect " + scratch.path().string()).output,
             Catch::Contains(said + "it is not JSON"));
  std::ofstream(path) << R"({"tool": {"version": "1"}})";
  CHECK_THAT(run_linnet("inspect " + scratch.path().string()).output,
             Catch::Contains(said + "'model' is missing; compile the model again"));
}

TEST_CASE("a network without layers has no layer at its peak") {
  Report report;
  report.name = "nothing";
  const TemporaryFolder scratch;
  std::ofstream(scratch.path() / "report.json") << to_json(report);
  const Run run = run_linnet("inspect " + scratch.path().string());
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.output, Catch::Contains("most live at once: 0 B\n"));
}

TEST_CASE("calibration that meets infinities says so") {
  const TemporaryFolder scratch;
  const std::vector<float> values{1, 0, 2, 3};  // the logarithm of 0
  const std::vector<std::byte> bytes = npy_bytes({1, 4}, values);
  std::ofstream(scratch.path() / "x.npy", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  const std::string folder = (scratch.path() / "out").string();
  const Run run = run_linnet("compile " + write_log_model(scratch) + " --calibrate " +
                             (scratch.path() / "x.npy").string() + " -o " + folder);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.output,
             Catch::Contains("1 tensor held infinities or NaN during calibration, first: 'y'"));
}

TEST_CASE("JSON keeps order, kinds and bounds") {
  const std::string text =
      "{\n  \"b\": 0.1,\n  \"a\": [\n    -1,\n    9223372036854775807,\n    true,\n    null\n  ],\n"
      "  \"c\": {},\n  \"d\": \"\\n\u00e9\"\n}";
  const Result<Json> json = parse_json(text);
  REQUIRE(json);
  CHECK(to_text(*json) == text);
  CHECK(json->at("b").real() == 0.1);
  CHECK(json->at("a").array().at(1).integer() == 9223372036854775807);
  CHECK(json->integer_or("missing", 7) == 7);
  CHECK_THROWS_AS(json->at("missing"), JsonError);
  CHECK_THROWS_AS(json->at("d").integer(), JsonError);
  CHECK_FALSE(parse_json("[1, 2"));
  CHECK_FALSE(parse_json(""));
  CHECK(to_text(Json(std::string("\xff"))) == "\"\xef\xbf\xbd\"");  // no UTF-8
}

TEST_CASE("plan prints what RAM buys, draws it, and says when it cannot") {
  const TemporaryFolder scratch;
  const std::string model = write_log_model(scratch);
  const std::string picture = (scratch.path() / "plan.svg").string();
  const Run run = run_linnet("plan " + model + " --json -o " + picture);
  REQUIRE(run.exit_code == 0);
  const Result<Json> json = parse_json(run.output);
  REQUIRE(json);
  CHECK_FALSE(json->at("front").array().empty());
  CHECK(json->at("chosen").at("arena_bytes").integer() > 0);
  CHECK(fs::file_size(picture) > 500);
  std::ofstream(scratch.path() / "taken") << "a file";
  const Run refused =
      run_linnet("plan " + model + " -o " + (scratch.path() / "taken/p.svg").string());
  CHECK(refused.exit_code == 1);
  CHECK_THAT(refused.output, Catch::Contains("E501 cannot write to '"));
}

TEST_CASE("an input that has no rows to give, or is not alone") {
  const TemporaryFolder scratch;
  const auto refuse = [&](const char* name, const testing::OnnxFile& file) {
    const fs::path model = scratch.path() / name;
    testing::write_bytes(model, file.model());
    const fs::path out = scratch.path() / "out";
    const Run run =
        run_linnet("compile " + model.string() + " --input rows --quiet -o " + out.string());
    CHECK(run.exit_code == 2);
    CHECK_FALSE(fs::exists(out));
    return run.output.substr(model.string().size());
  };
  testing::OnnxFile two;
  two.input("a", {1, 4, 6, 6}).input("b", {1, 4, 6, 6}).node("Add", {"a", "b"}, {"y"}).output("y");
  CHECK(refuse("two.onnx", two) ==
        ": E306 --input rows: the network has 2 inputs, and rows can be given of one only; leave "
        "--input rows out\n");
  testing::OnnxFile vector;
  vector.input("x", {1, 8}).node("Relu", {"x"}, {"y"}).output("y");
  CHECK(refuse("vector.onnx", vector) ==
        ": E306 --input rows: the input is a single row; leave --input rows out\n");
  testing::OnnxFile unread;
  unread.input("x", {1, 4, 6, 6}).node("Identity", {"x"}, {"y"}).output("y");
  CHECK(refuse("unread.onnx", unread) ==
        ": E306 --input rows: no layer reads the input; leave --input rows out\n");
}

TEST_CASE("banks that a target does not have, or not so much of") {
  const std::string compile = "compile " + kModel + " --target stm32h743 --quiet -o nowhere ";
  Run run = run_linnet(compile + "--bank ccm=1K");
  CHECK(run.exit_code == 2);
  CHECK(run.output == kModel +
                          ": E305 --bank: stm32h743 has no bank 'ccm'; its banks are dtcm, axi, "
                          "sram123, sram4, itcm\n");
  run = run_linnet(compile + "--bank dtcm=1M");
  CHECK(run.exit_code == 2);
  CHECK(run.output ==
        kModel + ": E305 --bank dtcm=1048576: the bank has 126976 bytes; keep less of it\n");
  run = run_linnet(compile + "--place output=ccm");
  CHECK(run.output == kModel +
                          ": E305 --place: stm32h743 has no bank 'ccm'; its banks are dtcm, axi, "
                          "sram123, sram4, itcm\n");
  run = run_linnet(compile + "--place middle=axi");
  CHECK(run.exit_code == 2);
  CHECK_THAT(run.output, Catch::Contains("give input=BANK or output=BANK"));
  CHECK_FALSE(fs::exists("nowhere"));
}
