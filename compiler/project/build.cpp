// See build.h.
#include "compiler/project/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <map>

#include "compiler/emit/text.h"
#include "compiler/plan/target.h"
#include "compiler/project/arenas.h"
#include "compiler/project/depfile.h"
#include "compiler/project/record.h"
#include "compiler/support/json.h"
#include "compiler/support/read_text.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;
using Failures = std::vector<BuildFailure>;

constexpr const char* kRecord = ".linnet_build";

// What `linnet compile` wrote to `folder`, by path; others may have put files of their own beside it.
Files files_of(const fs::path& folder) {
  Files files;
  for (const std::string& name : written_before(folder)) files[name] = read_text(folder / name);
  files[kManifest] = read_text(folder / kManifest);
  return files;
}

// The diagnostics that `linnet compile --json` printed behind what it says to people.
BuildFailure failure_of(const Project& project, const ProjectModel& model, const Finished& run) {
  const std::string file = (project.folder / model.arguments.front()).lexically_normal().string();
  const std::size_t start = run.output.starts_with("{") ? 0 : run.output.find("\n{");
  const Result<Json> json =
      start == std::string::npos ? Json() : parse_json(std::string_view(run.output).substr(start));
  BuildFailure failure{file, {}};
  if (json && json->find("diagnostics") != nullptr) {
    for (const Json& entry : json->at("diagnostics").array()) {
      Diagnostic why{entry.at("code").text(), entry.at("node").text(), entry.at("op").text(),
                     entry.at("message").text(), entry.at("hint").text()};
      if (why.code == "usage")  // E523: what a model's keys spell is no command line.
        return {project.file.string(),
                {{"E523", "", "", fmt::format("model '{}': {}", model.name, why.message),
                  "correct its keys"}}};
      failure.diagnostics.push_back(std::move(why));
    }
  } else {
    const std::string said = run.output.substr(0, run.output.find('\n'));
    failure.diagnostics.push_back({"E998", "", "",
                                   fmt::format("`linnet compile` of model '{}' ended with {}: {}",
                                               model.name, run.exit_code, said),
                                   "please report it"});
  }
  return failure;
}

class Builder {
 public:
  Builder(Project project, const ProjectOptions& options)
      : options_(options),
        output_((project.folder / project.output).lexically_normal()),
        tool_(this_program()),
        old_(options.force ? BuildRecord{} : read_record(output_ / kRecord)) {
    built_.project = std::move(project);
    record_.tool = hash_of_path(tool_);
    for (const auto& group : built_.project.groups)
      record_.groups += fmt::format("{} ", fmt::join(group, ","));
    if (old_.tool != record_.tool) old_ = {};
  }

  BuildResult run() {
    if (scratch_.path().empty())
      return Failures{
          {file(), {{"E590", "", "", "no temporary folder can be made", "set TMPDIR"}}}};
    const std::size_t count = built_.project.models.size();
    built_.models.resize(count);
    extra_.resize(count);
    std::vector<std::size_t> all(count);
    for (std::size_t i = 0; i < count; ++i) all[i] = i;
    unchanged_ = all_up_to_date();
    if (unchanged_) {
      for (const std::size_t i : all) extra_[i] = old_.models.at(name_of(i)).extra;
    }
    if (Failures failures = make(all); !failures.empty()) return failures;
    add_up();
    if (!banks_hold()) {
      if (Failures failures = make_one_after_the_other(); !failures.empty()) return failures;
      add_up();
    }
    if (Diagnostics why = check_totals(); !why.empty()) return Failures{{file(), std::move(why)}};
    if (Diagnostics why = write(); !why.empty()) return Failures{{file(), std::move(why)}};
    return std::move(built_);
  }

 private:
  std::string file() const { return built_.project.file.string(); }
  const std::string& name_of(std::size_t index) const { return built_.project.models[index].name; }
  fs::path made_folder(std::size_t index) const { return scratch_.path() / name_of(index); }

  // Whether what lies in the output is what this model's arguments, with `extra`, and inputs give.
  bool up_to_date(std::size_t index, const std::vector<std::string>& extra) const {
    const ProjectModel& model = built_.project.models[index];
    const auto found = old_.models.find(model.name);
    if (found == old_.models.end()) return false;
    const ModelRecord& then = found->second;
    if (then.arguments != model.arguments || then.extra != extra || then.inputs.empty())
      return false;
    for (const auto& [path, hash] : then.inputs)
      if (hash.empty() || hash_of_path(built_.project.folder / path) != hash) return false;
    return !then.outputs.empty() && hash_of_generated(output_ / model.name) == then.outputs;
  }

  bool all_up_to_date() const {
    if (old_.groups != record_.groups || old_.models.size() != built_.project.models.size())
      return false;
    for (std::size_t i = 0; i < built_.project.models.size(); ++i) {
      const auto found = old_.models.find(name_of(i));
      if (found == old_.models.end() || !up_to_date(i, found->second.extra)) return false;
    }
    return true;
  }

  // Compiles those that are not up to date, side by side, and takes all of their reports.
  Failures make(const std::vector<std::size_t>& which) {
    std::vector<Process> processes;
    std::vector<std::size_t> compiled;
    for (const std::size_t index : which) {
      BuiltModel& model = built_.models[index];
      model.name = name_of(index);
      model.compiled = !unchanged_ && !up_to_date(index, extra_[index]);
      if (!model.compiled) continue;
      Process process{{tool_.string(), "compile"}, built_.project.folder, std::chrono::hours(24)};
      append(process.arguments, built_.project.models[index].arguments);
      append(process.arguments, extra_[index]);
      append(process.arguments, {"-o", made_folder(index).string(), "--json", "--depfile",
                                 made_folder(index).string() + ".d"});
      processes.push_back(std::move(process));
      compiled.push_back(index);
    }
    const std::vector<Finished> runs =
        run_processes(processes, static_cast<unsigned>(std::max(0, options_.jobs)));
    Failures failures;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (!runs[i].succeeded())
        failures.push_back(failure_of(built_.project, built_.project.models[compiled[i]], runs[i]));
    }
    if (!failures.empty()) return failures;
    for (const std::size_t index : which) take(index);
    return failures;
  }

  // The report, the files and the record of a model that is made.
  void take(std::size_t index) {
    BuiltModel& model = built_.models[index];
    const fs::path folder = model.compiled ? made_folder(index) : output_ / model.name;
    const Result<Report> report = read_report(folder);
    assert(report && "it was written by this program");
    model.report = *report;
    if (!model.compiled) {
      record_.models[model.name] = old_.models.at(model.name);
      return;
    }
    ModelRecord& record = record_.models[model.name];
    record = {built_.project.models[index].arguments, extra_[index], {}, hash_of_generated(folder)};
    for (const fs::path& input : read_depfile(read_text(folder.string() + ".d"))) {
      const fs::path path = built_.project.folder / input;
      std::error_code ignored;
      // One that was saved while models were compiled may not be what was compiled: it has no hash, and never is up to date.
      const bool settled = fs::last_write_time(path, ignored) < started_;
      record.inputs[input.string()] = settled ? hash_of_path(path) : std::string();
    }
  }

  // What a model's own arguments plan for; a file's path starts at the project.
  Result<Target> target_of(std::size_t index) const {
    constexpr std::string_view option = "--target=";
    std::string name = "cortex-m7";
    for (const std::string& argument : built_.project.models[index].arguments)
      if (argument.starts_with(option)) name = argument.substr(option.size());
    if (name.ends_with(".json")) name = (built_.project.folder / name).string();
    return find_target(name);
  }

  void add_up() {
    std::map<std::string, TargetTotal> totals;
    for (const auto& group : built_.project.groups) {
      std::map<std::string, std::map<std::string, std::int64_t>> most;  // by target and bank
      for (const std::size_t index : group) {
        const Report& report = built_.models[index].report;
        TargetTotal& total = totals[report.target];
        total.target = report.target;
        total.stack_bytes = std::max(total.stack_bytes, report.stack_bytes);
        total.flash_bytes += report.flash_bytes();
        for (const ReportBank& bank : report.banks) {
          std::int64_t& bytes = most[report.target][bank.name];
          total.saved_bytes += std::min(bytes, bank.used_bytes);
          bytes = std::max(bytes, bank.used_bytes);
        }
      }
      for (const auto& [target, banks] : most) {
        for (const auto& [name, bytes] : banks) bank_of(totals[target], name).used_bytes += bytes;
      }
    }
    built_.totals.clear();
    for (std::size_t i = 0; i < built_.models.size(); ++i) {
      const Result<Target> target = target_of(i);
      assert(target && "a model was compiled for it");
      TargetTotal& total = totals[target->name];
      total.flash_size_bytes = target->flash_bytes;
      const auto place_of = [&](const SharedBank& bank) {
        return std::find_if(target->banks.begin(), target->banks.end(),
                            [&](const MemoryBank& known) { return known.name == bank.name; });
      };
      std::sort(total.banks.begin(), total.banks.end(), [&](const auto& left, const auto& right) {
        return place_of(left) < place_of(right);
      });
      for (SharedBank& bank : total.banks) {
        const auto known = place_of(bank);
        if (known != target->banks.end()) bank.size_bytes = known->size_bytes;
      }
    }
    for (auto& [name, total] : totals) built_.totals.push_back(std::move(total));
    keep_for_the_application();
  }

  static SharedBank& bank_of(TargetTotal& total, const std::string& name) {
    const auto found = std::find_if(total.banks.begin(), total.banks.end(),
                                    [&](const SharedBank& bank) { return bank.name == name; });
    if (found != total.banks.end()) return *found;
    total.banks.push_back({name, 0, {}});
    return total.banks.back();
  }

  // What `--bank` of a model keeps is kept from all: the smallest of what they were given.
  void keep_for_the_application() {
    for (const std::size_t index : models_without_extra()) {
      const Report& report = built_.models[index].report;
      for (TargetTotal& total : built_.totals) {
        if (total.target != report.target) continue;
        for (const ReportBank& bank : report.banks) {
          SharedBank& shared = bank_of(total, bank.name);
          if (shared.size_bytes && bank.size_bytes)
            shared.size_bytes = std::min(*shared.size_bytes, *bank.size_bytes);
        }
      }
    }
  }

  std::vector<std::size_t> models_without_extra() const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < extra_.size(); ++i)
      if (extra_[i].empty()) found.push_back(i);
    return found;
  }

  bool banks_hold() const {
    for (const TargetTotal& total : built_.totals) {
      for (const SharedBank& bank : total.banks)
        if (bank.size_bytes && bank.used_bytes > *bank.size_bytes) return false;
    }
    return true;
  }

  // Each group gets of the banks what those before it leave.
  Failures make_one_after_the_other() {
    const std::vector<BuiltModel> alone = built_.models;
    std::map<std::string, std::map<std::string, std::int64_t>> taken;  // by target and bank
    for (const auto& group : built_.project.groups) {
      for (const std::size_t index : group) {
        const Report& report = alone[index].report;
        const Result<Target> target = target_of(index);
        for (const auto& [bank, bytes] : taken[report.target]) {
          const std::int64_t kept = bytes + kept_of(*target, report, bank);
          extra_[index].push_back(fmt::format("--bank={}={}", bank, kept));
        }
      }
      if (Failures failures = make(group); !failures.empty()) return with_remedy(failures);
      std::map<std::string, std::map<std::string, std::int64_t>> most;
      for (const std::size_t index : group) {
        const Report& report = built_.models[index].report;
        for (const ReportBank& bank : report.banks) {
          if (bank.used_bytes == 0) continue;
          std::int64_t& bytes = most[report.target][bank.name];
          bytes = std::max(bytes, bank.used_bytes);
        }
      }
      for (const auto& [target, banks] : most)
        for (const auto& [bank, bytes] : banks) taken[target][bank] += bytes;
    }
    return {};
  }

  // What the model's own --bank keeps of it.
  static std::int64_t kept_of(const Target& target, const Report& alone, const std::string& name) {
    for (const MemoryBank& bank : target.banks) {
      for (const ReportBank& given : alone.banks) {
        if (bank.name == name && given.name == name && bank.size_bytes && given.size_bytes)
          return *bank.size_bytes - *given.size_bytes;
      }
    }
    return 0;
  }

  static Failures with_remedy(Failures failures) {
    for (BuildFailure& failure : failures) {
      for (Diagnostic& why : failure.diagnostics) {
        if (why.code != "E301") continue;
        // E308: what is left of the banks beside the other models.
        why.code = "E308";
        why.message = "beside the other models: " + why.message;
        why.hint =
            "share_arena for models that never run together, or a smaller --ram for the others";
      }
    }
    return failures;
  }

  Diagnostics check_totals() const {
    Diagnostics diagnostics;
    for (const TargetTotal& total : built_.totals) {
      for (const SharedBank& bank : total.banks) {
        if (!bank.size_bytes || bank.used_bytes <= *bank.size_bytes) continue;
        diagnostics.push_back(
            {"E308", "", "",
             fmt::format("together the models need {} of bank '{}' of {}, which has {}",
                         readable_bytes(bank.used_bytes), bank.name, total.target,
                         readable_bytes(*bank.size_bytes)),
             "share_arena for models that never run together, or a smaller --ram"});
      }
      if (total.flash_size_bytes && total.flash_bytes > *total.flash_size_bytes)
        // E309: each fits, all do not.
        diagnostics.push_back({"E309", "", "",
                               fmt::format("together the models need {} of flash; {} has {}",
                                           readable_bytes(total.flash_bytes), total.target,
                                           readable_bytes(*total.flash_size_bytes)),
                               "give them budgets: flash = \"1M\" with weights = \"auto\""});
    }
    return diagnostics;
  }

  // write_files() speaks of the option that `linnet compile` has.
  static Diagnostics in_words_of_projects(Diagnostics diagnostics) {
    for (Diagnostic& why : diagnostics) {
      if (why.message.starts_with("'-o ")) why.message.replace(0, 4, "output '");
      if (why.hint.starts_with("choose another folder")) why.hint = "set another 'output'";
    }
    return diagnostics;
  }

  // Everything at once: the models' folders, what holds them together, report.json and the record.
  Diagnostics write() {
    Files files = arena_files(built_);
    for (std::size_t i = 0; i < built_.models.size(); ++i) {
      const BuiltModel& model = built_.models[i];
      for (auto& [path, text] : files_of(model.compiled ? made_folder(i) : output_ / model.name))
        files[model.name + "/" + path] = std::move(text);
    }
    files["report.json"] = to_json(built_);
    files[kRecord] = to_text(record_);
    if (const Result<WrittenFiles> written = write_files(output_, files); !written)
      return in_words_of_projects(written.diagnostics());
    if (options_.depfile.empty()) return {};
    touch(output_ / "report.json");
    std::vector<fs::path> inputs{built_.project.file};
    for (const auto& [name, model] : record_.models) {
      for (const auto& [path, hash] : model.inputs)
        inputs.push_back((built_.project.folder / path).lexically_normal());
    }
    const Result<Nothing> kept =
        replace_file(options_.depfile, depfile_text(output_ / "report.json", std::move(inputs)));
    return kept ? Diagnostics{} : kept.diagnostics();
  }

  const fs::file_time_type started_ = fs::file_time_type::clock::now();
  const ProjectOptions& options_;
  TemporaryFolder scratch_;
  BuiltProject built_;
  fs::path output_, tool_;
  BuildRecord old_, record_;
  bool unchanged_ = false;                       // all of it is up to date: nothing is hashed again
  std::vector<std::vector<std::string>> extra_;  // --bank, so that models fit beside each other
};

}  // namespace

BuildResult build_project(const ProjectOptions& options) {
  Result<Project> project = read_project(options.project, options.keys);
  if (!project) return Failures{{project_file(options.project).string(), project.diagnostics()}};
  return Builder(*std::move(project), options).run();
}

std::string to_json(const std::vector<BuildFailure>& failures, int exit_code) {
  Json::Array list;
  for (const BuildFailure& failure : failures) {
    for (const Diagnostic& why : failure.diagnostics) list.push_back(json_of(why, failure.file));
  }
  return to_text(Json::object({{"diagnostics", std::move(list)}, {"exit_code", exit_code}})) + "\n";
}

std::string to_json(const BuiltProject& built) {
  Json::Array models, totals, groups;
  for (const BuiltModel& model : built.models) {
    models.push_back(Json::object({{"name", model.name},
                                   {"target", model.report.target},
                                   {"arena_bytes", model.report.arena_bytes},
                                   {"stack_bytes", model.report.stack_bytes},
                                   {"flash_bytes", model.report.flash_bytes()},
                                   {"report", model.name + "/report.json"}}));
  }
  for (const TargetTotal& total : built.totals) {
    Json::Array banks;
    for (const SharedBank& bank : total.banks)
      banks.push_back(Json::object(
          {{"name", bank.name}, {"used_bytes", bank.used_bytes}, {"size_bytes", bank.size_bytes}}));
    totals.push_back(Json::object({{"target", total.target},
                                   {"banks", std::move(banks)},
                                   {"stack_bytes", total.stack_bytes},
                                   {"flash_bytes", total.flash_bytes},
                                   {"flash_size_bytes", total.flash_size_bytes},
                                   {"saved_by_sharing_bytes", total.saved_bytes}}));
  }
  for (const auto& group : built.project.groups) {
    std::vector<std::string> names;
    for (const std::size_t index : group) names.push_back(built.project.models[index].name);
    if (names.size() > 1) groups.push_back(names);
  }
  return to_text(Json::object({{"models", std::move(models)},
                               {"totals", std::move(totals)},
                               {"shared_arenas", std::move(groups)}})) +
         "\n";
}

}  // namespace linnet
