#!/usr/bin/env python3
"""Holds the catalogue of diagnostics (compiler/support/diagnostic_codes_*.cpp) against the sources of the compiler.

    tests/docs/codes.py [SOURCE_FOLDER]

Every code that they raise has an entry; every entry is raised; every example is put together of words that they print: outside of
quotes, names and numbers, each stretch of it is part of a string literal of theirs.
"""

import pathlib
import re
import sys

CODE = re.compile(r"\bE\d{3}\b")
TOKEN = re.compile(r'R"\((?P<raw>.*?)\)"|"(?P<text>(?:[^"\\]|\\.)*)"|\'(?:[^\'\\]|\\.)+\'|//[^\n]*|/\*.*?\*/|\s+|[^\s"\'/R]+|.', re.S)


def tokens(text):
    """Of C++: ("text", its value) for string literals, those side by side as one, and ("code", ...) for the rest; no comments."""
    found = []
    for token in TOKEN.finditer(text):
        if token[0].isspace() or token[0].startswith(("//", "/*")):
            continue
        value = token["raw"]
        if token["text"] is not None:
            value = re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t", "0": "\0"}.get(escape[1], escape[1]), token["text"])
        if value is None:
            found.append(("code", token[0]))
        elif found and found[-1][0] == "text":
            found[-1] = ("text", found[-1][1] + value)
        else:
            found.append(("text", value))
    return found


def literals(text):
    return [value for kind, value in tokens(text) if kind == "text"]


def entries(text):
    """(code, title, cause, remedy, example) of a file of the catalogue."""
    found = []
    for value in literals(text):
        if re.fullmatch(r"E\d{3}", value):
            found.append([])
        if found:
            found[-1].append(value)
    return found


def fragments(texts):
    """What literals have between their placeholders."""
    parts = set()
    for text in texts:
        for part in re.split(r"\{[^{}]*\}", text):
            part = part.replace("{{", "{").replace("}}", "}")
            if len(part.strip()) >= 3:
                parts.add(part)
    return sorted(parts, key=len, reverse=True)


def uncovered(example, parts):
    """What of the example's text no literal has: without codes, quoted names, numbers and paths."""
    rest = re.sub(r"^E\d{3} (node '[^']*'( \(\w+\))?: )?", "", example)
    for part in parts:
        rest = rest.replace(part, "\0")
        if part.strip() != part:
            rest = rest.replace(part.strip(), "\0") if len(part.strip()) >= 8 else rest
    rest = re.sub(r"'[^']*'|\(tmp|/[\w/.]+|\b[\w./-]*\d[\w./%-]*|\b(KiB|MiB|B|bytes)\b", "\0", rest)
    return [stretch.strip(" ;:,.()\0'") for stretch in rest.split("\0") if len(stretch.strip(" ;:,.()\0'")) > 14]


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    if source.is_file():
        source = source.parents[2]
    catalogue = sorted((source / "compiler" / "support").glob("diagnostic_codes_*.cpp"))
    others = {path: literals(path.read_text()) for path in sorted((source / "compiler").rglob("*.[ch]*"))
              if path not in catalogue and path.suffix in (".cpp", ".h")}
    raised = {}
    for path, texts in others.items():
        if path.name in ("diagnostic.cpp", "explain.cpp"):  # these ask for codes and raise none
            continue
        for literal in texts:
            if re.fullmatch(r"E\d{3}", literal) or re.match(r"(linnet: )?E\d{3} ", literal):
                raised.setdefault(CODE.search(literal)[0], path)
    known, problems = [], []
    for path in catalogue:
        part = entries(path.read_text())
        in_order = sorted(part, key=lambda entry: entry[0])
        problems += [f"{path.name}: {entry[0]} is not in its place" for entry, after in zip(part, in_order) if entry is not after]
        known += part
    codes = [entry[0] for entry in known]
    problems += [f"{raised[code].relative_to(source)}: {code} has no entry in the catalogue" for code in sorted(set(raised) - set(codes))]
    problems += [f"{code} has an entry, and nothing raises it" for code in sorted(set(codes) - set(raised))]
    problems += [f"{code} is there twice" for code in sorted({code for code in codes if codes.count(code) > 1})]
    parts = fragments(text for texts in others.values() for text in texts)
    for entry in known:
        if len(entry) != 5:
            problems.append(f"{entry[0]}: {len(entry)} texts instead of 5: code, title, cause, remedy, example")
            continue
        code, title, cause, remedy, example = entry
        if not example.startswith(code + " "):
            problems.append(f"{code}: the example is of another code")
        if title.endswith(".") or not cause.endswith(".") or not remedy.rstrip("`)").endswith("."):
            problems.append(f"{code}: a title has no full stop, cause and remedy end with one")
        problems += [f"{code}: no source says '{text}', which its example has" for text in uncovered(example, parts)]
    print("\n".join(problems) if problems else f"{len(known)} codes, all raised and all explained")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
