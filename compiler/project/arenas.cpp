// See arenas.h.
#include "compiler/project/arenas.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/emit/render.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

std::vector<std::string> banks_of(const Report& report) {
  std::vector<std::string> banks;
  for (const ReportBank& bank : report.banks)
    if (bank.used_bytes > 0) banks.push_back(bank.name);
  return banks;
}

std::string array_name(std::size_t group, const std::string& bank) {
  return fmt::format("arena_{}_{}", group, bank);
}

// One array for each bank that a model of the group uses, as large as the largest wants it.
TemplateList arrays_of(const BuiltProject& built, std::size_t group) {
  std::map<std::string, std::vector<std::string>> users;
  for (const std::size_t index : built.project.groups[group]) {
    const BuiltModel& model = built.models[index];
    for (const std::string& bank : banks_of(model.report))
      users[bank].push_back(fmt::format("::{}::kArenaBytes.{}", model.name, bank));
  }
  TemplateList arrays;
  for (const auto& [bank, sizes] : users) {
    TemplateData array;
    array.set("bank", bank)
        .set("array", array_name(group, bank))
        .set("sizes", fmt::format("{}", fmt::join(sizes, ", ")));
    arrays.push_back(std::move(array));
  }
  return arrays;
}

TemplateData data_of(const BuiltProject& built) {
  TemplateList models, groups;
  for (std::size_t g = 0; g < built.project.groups.size(); ++g) {
    std::vector<std::string> names;
    for (const std::size_t index : built.project.groups[g]) {
      const BuiltModel& model = built.models[index];
      names.push_back(model.name);
      std::vector<std::string> members;
      for (const std::string& bank : banks_of(model.report)) members.push_back(array_name(g, bank));
      TemplateData data;
      data.set("model", model.name).set("members", fmt::format("{}", fmt::join(members, ", ")));
      models.push_back(std::move(data));
    }
    TemplateData group;
    group.set("names", fmt::format("{}", fmt::join(names, ", ")))
        .set("shared", names.size() > 1)
        .set("arrays", arrays_of(built, g));
    groups.push_back(std::move(group));
  }
  TemplateData data;
  data.set("banner", fmt::format("Made by Linnet {}; do not edit.", kVersion))
      .set("first", built.models.front().name)
      .set("models", std::move(models))
      .set("groups", std::move(groups));
  return data;
}

}  // namespace

std::map<std::string, std::string> arena_files(const BuiltProject& built) {
  const TemplateData data = data_of(built);
  return {{"linnet_arenas.hpp", render("project/arenas.hpp", data)},
          {"linnet_arenas.h", render("project/arenas.h", data)},
          {"linnet_arenas.cpp", render("project/arenas.cpp", data)},
          {"CMakeLists.txt", render("project/CMakeLists.txt", data)}};
}

}  // namespace linnet
