// See labels.h.
#include "compiler/emit/labels.h"

#include <fmt/format.h>

#include "compiler/emit/render.h"
#include "compiler/emit/runtime_files.h"
#include "compiler/emit/text.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

// Any bytes inside a string literal: what is not plain ASCII as three octal digits, which no following character joins.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '?';
    result += plain ? std::string(1, c) : fmt::format("\\{:03o}", byte);
  }
  return result;
}

std::string codes_of(const LabelSet& labels, std::size_t label) {
  constexpr std::size_t kLine = 24;
  const auto dimension = static_cast<std::size_t>(labels.dimension);
  std::string text;
  for (std::size_t i = 0; i < dimension; ++i) {
    if (i > 0) text += i % kLine == 0 ? ",\n    " : ", ";
    text += std::to_string(labels.codes[label * dimension + i]);
  }
  return text;
}

}  // namespace

Files emit_labels(const std::string& name, const std::vector<std::string>& banks,
                  const LabelSet& labels) {
  std::string casts;
  for (const std::string& bank : banks)
    casts += (casts.empty() ? "" : ", ") + fmt::format("static_cast<std::byte*>(arenas->{})", bank);
  TemplateList list;
  for (std::size_t i = 0; i < labels.count(); ++i) {
    list.push_back(TemplateData()
                       .set("label", escaped(labels.names[i]))
                       .set("scale", float_literal(labels.scales[i]))
                       .set("codes", codes_of(labels, i)));
  }
  TemplateData data;
  data.set("banner", fmt::format("Made by Linnet {}; do not edit.", kVersion))
      .set("name", name)
      .set("macro", upper(name))
      .set("count", static_cast<std::int64_t>(labels.count()))
      .set("dimension", labels.dimension)
      .set("logit_scale", float_literal(labels.logit_scale))
      .set("arena_casts", casts)
      .set("labels", std::move(list));
  Files files;
  for (const char* extension : {"h", "hpp", "cpp"})
    files[fmt::format("{}_labels.{}", name, extension)] =
        render(std::string("labels.") + extension, data);
  return files;
}

Files label_runtime_files() {
  Files files;
  for (const std::string& path : runtime_files({}, {"linnet/labels.h"}))
    files[path] = bundled_text(path);
  return files;
}

}  // namespace linnet
