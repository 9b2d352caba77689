#!/usr/bin/env python3
"""Holds docs/generated-api.md against the templates of the generated headers: every public name of theirs is on the page, and
every name on the page is one of theirs.

    tests/docs/api.py [SOURCE_FOLDER]

In the page's C names NAME stands for the network, BANK for a bank, 0 for an index.
"""

import pathlib
import re
import sys

HEADERS = ("network", "test_vector", "trace", "network_detect", "camera", "audio", "labels")


def plain(text):
    """A template without comments and tags, its placeholders as the page writes them."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", " ", text)
    text = re.sub(r"\{\{[#/^][^}]*\}\}", " ", text)
    for tag, word in (("name", "NAME"), ("macro", "NAME"), ("bank_macro", "BANK"), ("index", "0")):
        text = text.replace("{{{%s}}}" % tag, word)
    return re.sub(r"\{\{\{[^}]*\}\}\}", "T", text)


def cpp_names(text):
    text = plain(text)
    names = set(re.findall(r"\b(k[A-Z]\w*)\s*(?:\[|\{|=|;)", text))
    names |= set(re.findall(r"^(?:struct|enum class) (\w+)\b(?!;)", text, re.M)) | set(re.findall(r"^using (\w+)", text, re.M))
    names |= set(re.findall(r"(\w+)\([^()]*\)\s*noexcept;", text))
    return names | set(re.findall(r"#define (LINNET_ARENA)\b", text))


def c_names(text):
    text = plain(text)
    names = set(re.findall(r"#define (NAME_\w+)", text)) | set(re.findall(r"\b(NAME_[A-Z]\w*) = \d", text))
    names |= set(re.findall(r"\b(NAME_[a-z]\w*)\(", text)) | set(re.findall(r"\}\s*(NAME_[a-z]\w*|linnet_\w+);", text))
    names |= set(re.findall(r"extern const \w+ (NAME_\w+)\[", text))
    return {name for name in names if not re.fullmatch(r"NAME(_\w+)?_H", name)}


def main():
    source = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    public = set()
    for header in HEADERS:
        for ending, names in ((".hpp", cpp_names), (".h", c_names)):
            path = source / "templates" / f"{header}{ending}.mustache"
            if path.exists():
                public |= names(path.read_text())
    page = (source / "docs" / "generated-api.md").read_text()
    quoted = set()
    for span in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.S)):
        quoted |= set(re.findall(r"\w+", span))
    # What looks like a public name: constants, C names, functions of the tables.
    stated = {word for word in quoted if re.fullmatch(r"k[A-Z]\w*|NAME_[A-Za-z]\w*|linnet_label\w*", word)}
    stated |= set(re.findall(r"^\| `(\w+)\(", page, re.M))
    files = {path.name.split(".")[0].replace("network", "NAME") for path in (source / "templates").glob("*.mustache")}
    files |= {f"NAME_{path.name.split('.')[0]}" for path in (source / "templates").glob("*.mustache")}
    problems = [f"docs/generated-api.md does not have {name}" for name in sorted(public - quoted)]
    problems += [f"docs/generated-api.md has {name}, which no header has" for name in sorted(stated - public - files)]
    if len(public) < 90:
        problems.append(f"only {len(public)} public names were found in the templates: this test reads them wrongly")
    print("\n".join(problems) if problems else f"{len(public)} public names, all on the page")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
