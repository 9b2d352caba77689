// The description of the command line as the texts that are made of it; see describe.h. Their forms are in templates/cli.
#include "compiler/cli/describe.h"

#include <algorithm>
#include <cctype>

#include "compiler/emit/render.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

using Escape = std::string (*)(const std::string&);

std::string joined(const std::vector<std::string>& parts, const std::string& between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

// Each character of `special` gets `mark` in front.
std::string marked(const std::string& text, const std::string& special, const std::string& mark) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) out += mark;
    out += c;
  }
  return out;
}

std::string as_it_is(const std::string& text) { return text; }

// Within '...' of fish.
std::string for_fish(const std::string& text) { return marked(text, "'\\", "\\"); }

// Within '...' of zsh, as a message of _arguments, where brackets and colons end it.
std::string for_zsh(const std::string& text) {
  std::string out;
  for (const char c : marked(text, "[]:\\", "\\")) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out;
}

// A hyphen is a minus to roff, a dot or an apostrophe at the start of a line a request. A break in the text stays one.
std::string for_roff(const std::string& text) {
  std::string out;
  bool starts_line = true;
  for (const char c : text) {
    if (starts_line && (c == '.' || c == '\'')) out += "\\&";
    starts_line = c == '\n';
    out += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return out;
}

// Within a cell of a table.
std::string for_markdown(const std::string& text) { return marked(text, "|<*_", "\\"); }

std::string without_edges(const std::string& text) {
  const std::size_t begin = text.find_first_not_of('\n');
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of('\n') - begin + 1);
}

TemplateData data_of(const OptionText& option, Escape escape) {
  std::vector<std::string> shorts, longs, names;
  for (const std::string& name : option.names) {
    names.push_back(escape(name));
    const bool is_long = name.starts_with("--");
    (is_long ? longs : shorts).push_back(name.substr(is_long ? 2 : 1));
  }
  const auto form_starts = [&](const char* start) { return option.form.starts_with(start); };
  const bool folder = form_starts("DIR");
  // MODEL has no form of its own.
  const bool file = form_starts("FILE") || form_starts("PATH") ||
                    (option.positional && option.words.empty() && !folder);
  // '(-o --output)'{-o,--output}: one excludes the other.
  const std::string zsh_names = option.names.size() < 2 ? option.names.front()
                                                        : "'(" + joined(option.names, " ") + ")'{" +
                                                              joined(option.names, ",") + "}";
  TemplateData data;
  data.set("names", joined(names, ", "))
      .set("spelled", joined(option.names, " "))
      .set("any_of", joined(option.names, "|"))
      .set("zsh_names", zsh_names)
      .set("cell", marked(joined(option.names, ", ") +
                              (option.form.empty() || option.positional ? "" : " " + option.form),
                          "|", "\\"))
      .set("short", joined(shorts, " "))
      .set("has_short", !shorts.empty() && !option.positional)
      .set("long", joined(longs, " "))
      .set("has_long", !longs.empty())
      .set("form", escape(option.form))
      .set("label", for_zsh(option.form.empty() ? option.names.front() : option.form))
      .set("takes_value", !option.form.empty())
      .set("flag", option.form.empty() && !option.positional)
      .set("words", joined(option.words, " "))
      .set("has_words", !option.words.empty())
      .set("file", file)
      .set("folder", folder)
      .set("any_value", !file && !folder && option.words.empty() && !option.form.empty())
      .set("many", option.many)
      .set("required", option.required)
      .set("help", escape(option.help));
  return data;
}

// `parent` is the path of words before it, without "linnet": of "kernels" it is "bench".
TemplateData data_of(const CommandText& command, Escape escape, const std::string& parent,
                     const std::string& path) {
  TemplateList options, positionals, rows, commands;
  std::vector<std::string> spelled, names;
  for (const OptionText& option : command.options) {
    rows.push_back(data_of(option, escape));
    (option.positional ? positionals : options).push_back(data_of(option, escape));
    if (!option.positional) spelled.insert(spelled.end(), option.names.begin(), option.names.end());
  }
  for (const CommandText& inner : command.commands) {
    const std::string inner_path = path.empty() ? inner.name : path + " " + inner.name;
    commands.push_back(data_of(inner, escape, path, inner_path));
    names.push_back(inner.name);
  }
  std::string identifier = path, upper = command.name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::replace(identifier.begin(), identifier.end(), ' ', '_');
  const bool has_commands = !commands.empty(), has_options = !options.empty();
  TemplateData data;
  data.set("name", command.name)
      .set("path", path)
      .set("path_parent", parent)
      .set("upper", upper)
      .set("raw_notes", without_edges(command.notes))
      .set("identifier", identifier)
      .set("about", escape(command.about))
      .set("notes", escape(without_edges(command.notes)))
      .set("spelled_options", joined(spelled, " "))
      .set("command_names", joined(names, " "))
      .set("has_commands", has_commands)
      .set("has_options", has_options)
      .set("options", std::move(options))
      .set("positionals", std::move(positionals))
      .set("rows", std::move(rows))
      .set("commands", std::move(commands))
      .set("version", std::string(kVersion));
  return data;
}

}  // namespace

std::string completions_for(const CommandText& linnet, const std::string& shell) {
  const Escape escape = shell == "zsh" ? for_zsh : shell == "fish" ? for_fish : as_it_is;
  return render("cli/completions." + shell, data_of(linnet, escape, {}, {}));
}

std::string man_page(const CommandText& linnet) {
  return render("cli/linnet.1", data_of(linnet, for_roff, {}, {}));
}

std::string reference_page(const CommandText& linnet) {
  return render("cli/cli.md", data_of(linnet, for_markdown, {}, {}));
}

}  // namespace linnet
