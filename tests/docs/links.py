#!/usr/bin/env python3
"""Checks that what the pages of documentation point to exists: links, their #anchors, and files of the repository that are
named in backquotes (`docs/kernels.md`, `tools/test`, `compiler/plan/rows.cpp`). docs/README.md links to every page of docs/.

    tests/docs/links.py [SOURCE_FOLDER]
"""

import pathlib
import re
import sys

FOLDERS = ("docs", "tools", "models", "compiler", "runtime", "templates", "tests", "examples")
# Patterns and placeholders (compiler/ops/import_*.cpp, models/NAME) are matched or left alone.
NAMED = re.compile(r"`((?:%s)/[\w./*-]+)`" % "|".join(FOLDERS))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text):
    """Headings as GitHub makes anchors of them."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.M)}


def pages(source):
    found = [source / "README.md", source / "HACKING.md", *sorted((source / "docs").glob("*.md")), source / "models" / "README.md"]
    found += sorted((source / "runtime").rglob("README.md")) + sorted((source / "examples").rglob("*.md"))
    return [page for page in found if page.exists()]


def problems_of(page, source):
    text = page.read_text()
    for target in LINK.findall(re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            yield f"links to {target}, which does not exist"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"links to {target}; {file.name} has no such heading"
    for name in NAMED.findall(text):
        if re.search(r"NAME|[A-Z]{4,}", name.removesuffix("README.md").removesuffix("CMakeLists.txt")):
            continue
        here = page.parent
        if not any(any(base.glob(name.rstrip("/."))) for base in (source, here)):
            yield f"names {name}, which does not exist"


def main():
    source = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    wrong = [f"{page.relative_to(source)} {problem}" for page in pages(source) for problem in problems_of(page, source)]
    index = (source / "docs" / "README.md").read_text()
    wrong += [f"docs/README.md does not link to {page.name}" for page in sorted((source / "docs").glob("*.md"))
              if page.name != "README.md" and f"]({page.name})" not in index]
    print("\n".join(wrong) if wrong else f"{len(pages(source))} pages, all they point to exists")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
