#!/usr/bin/env python3
"""Runs the commands of a page of documentation, in their order, and compares what they print with what the page shows.

    tests/docs/run_page.py docs/profiling.md --linnet build/dev/compiler/linnet
    tests/docs/run_page.py docs/profiling.md --linnet build/dev/compiler/linnet --update   writes what is printed into the page

A page's code blocks:

    ```sh                     commands: each is run, and must exit with 0
    cmake --build build
    ```

    ```sh                     where output follows, commands begin with "$ " and what is printed must be what is shown; "..." in a
    $ linnet --version        line stands for any text in a line, "..." alone for any lines. A command whose exit code is to be
    linnet 0.1.0              another one says so: "# exits with 3".
    ```

    <!-- not run: reason -->  before a block: it is not run, and the page's readers can see why in its source
    <!-- pypi -->             before a block: it needs packages of PyPI; with --pypi VENV only
    <!-- file: train.py -->   before a block of any language: it is written to that file first

An indented block that begins with a command is one of commands too. A fenced block of no or another language must not look like
commands, so that none is missed.

Commands run in one bash, in a fresh folder outside the repository, with linnet on the PATH and $LINNET for the repository's folder.
The folder has links to models/, runtime/, tools/, examples/ and docs/; for a page below examples/ it is a copy of the page's folder.

Exit code 77: skipped, since PyPI is not reached or the page has nothing for it.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
SHELL = ("sh", "bash", "shell", "console")
LINKED = ("models", "runtime", "tools", "examples", "docs")
COMMAND = re.compile(r"(\$ )?(linnet|cmake|ctest|pip3?|python3?|tools/\w+|arm-none-eabi-\w+\+?\+?|g\+\+|make|ninja|apt-get|dpkg|sudo)(\s|$)")
# What no page may do to the machine that tests it.
FORBIDDEN = re.compile(r"\s*(sudo|tools/test|tools/packages|apt-get|dpkg|rm -rf /)\b")
MARK = re.compile(r"<!--\s*(not run: .+?|pypi|file: \S+)\s*-->")
INDENTED = "indented"  # in the place of a fence
PIP = re.compile(r"\s*(\S*/)?(python3? -m )?pip3? (install|wheel|download)\b")
# What pip says when it does not get what it asks for, and not when what it got is at fault.
NOT_REACHED = re.compile(r"No matching distribution found|Could not find a version|connection|network|name resolution|timed out", re.I)
EXITS = re.compile(r"#.*\bexits with (\d+)")


class PageError(Exception):
    """What is wrong with a page, with the line where it is."""


@dataclasses.dataclass
class Block:
    line: int  # of the opening fence, from 1
    language: str
    lines: list
    not_run: str = ""
    pypi: bool = False
    file: str = ""

    @property
    def is_shell(self):
        return self.language in SHELL


@dataclasses.dataclass
class Command:
    line: int
    text: str
    shown: list = None  # None: the page shows no output
    pypi: bool = False
    wanted_exit: int = 0


def mark_block(block, mark):
    """What the comment before a block says of it."""
    found = MARK.search(mark)
    if found and found[1].startswith("not run: "):
        block.not_run = found[1][len("not run: "):]
    elif found and found[1].startswith("file: "):
        block.file = found[1][len("file: "):]
    block.pypi = "<!-- pypi -->" in mark


def read_blocks(text):
    """The fenced blocks of a page and the indented ones that hold commands, each with the mark before it."""
    blocks, block, fence, mark, before = [], None, "", "", ""
    for number, line in enumerate(text.split("\n") + ["."], 1):
        opening = re.match(r"\s*(`{3,}|~{3,})\s*(\w*)", line)
        if block is not None and fence == INDENTED and line.strip() and not line.startswith("    "):
            blocks.append(block)
            block, mark = None, ""
        before, previous = line, before
        if block is None and not opening and not previous.strip() and line.startswith("    ") and COMMAND.match(line.strip()):
            block, fence, indent = Block(number - 1, "sh", [line[4:]]), INDENTED, 4
            mark_block(block, mark)
        elif block is None and opening:
            fence, indent = opening[1], len(line) - len(line.lstrip())
            block = Block(number, opening[2], [])
            mark_block(block, mark)
        elif block is not None and line.strip() == fence:
            blocks.append(block)
            block, mark = None, ""
        elif block is not None:
            block.lines.append(line[indent:] if line[:indent].strip() == "" else line)
        elif line.startswith("<!--"):
            mark = mark + line if mark else line
        elif line.strip():
            mark = ""
    if block is not None:
        raise PageError(f"line {block.line}: the block has no end")
    for block in blocks:
        if not block.is_shell and not block.file and any(COMMAND.match(line) for line in block.lines[:1]):
            raise PageError(f"line {block.line}: commands in a block of {block.language or 'no language'}; use ```sh")
    return blocks


def read_commands(block):
    """The commands of a shell block; lines that end with a backslash go on, here documents to their end."""
    commands, prompts = [], any(line.startswith("$ ") for line in block.lines)
    open_line, until = False, ""
    for offset, line in enumerate(block.lines, 1):
        if until or open_line:
            commands[-1].text += "\n" + (line[2:] if prompts and not until and line.startswith("> ") else line)
            if until and line == until:
                until = ""
        elif prompts and not line.startswith("$ "):
            if not commands:
                raise PageError(f"line {block.line + offset}: output before the first command")
            commands[-1].shown.append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            commands.append(Command(block.line + offset, line[2:] if prompts else line, [] if prompts else None, block.pypi))
        if commands and not (prompts and not line.startswith("$ ") and not open_line and not until):
            here = re.search(r"<<-?\s*['\"]?(\w+)", line)
            until = until or (here[1] if here else "")
        open_line = bool(commands) and not until and line.endswith("\\") and (open_line or not prompts or line.startswith("$ "))
    for command in commands:
        found = EXITS.search(command.text)
        command.wanted_exit = int(found[1]) if found else 0
        while command.shown and not command.shown[-1].strip():
            command.shown.pop()
        if command.shown == [] and not prompts:
            command.shown = None
    return commands


def matches(shown, printed):
    """Whether lines are as the page shows them. A line "..." stands for any lines, "..." in a line for any text."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(matches(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    pattern = ".*".join(re.escape(part) for part in shown[0].rstrip().split("..."))
    return bool(printed) and re.fullmatch(pattern, printed[0].rstrip()) is not None and matches(shown[1:], printed[1:])


def run_commands(commands, folder, environment, verbose):
    """Runs all in one bash and gives exit code and printed lines of each; stops at the first that goes wrong."""
    script = ["set -o pipefail"]
    for number, command in enumerate(commands):
        script.append(f"printf '@@begin {number}@@\\n'")
        script.append(command.text)
        # 141: what a pipeline gives when `head` has seen enough.
        script.append(f"code=$?; [ $code != 141 ] || code=0; printf '\\n@@end {number} %d@@\\n' $code; [ $code = {command.wanted_exit} ] || exit 0")
    (folder / ".page.sh").write_text("\n".join(script) + "\n")
    work = folder / "work"
    process = subprocess.Popen(["bash", str(folder / ".page.sh")], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    results, lines = {}, []
    for line in process.stdout:
        line = line.rstrip("\n")
        if verbose:
            print(line, flush=True)
        end = re.fullmatch(r"@@end (\d+) (\d+)@@", line)
        if re.fullmatch(r"@@begin \d+@@", line):
            lines = []
        elif end:
            if lines and lines[-1] == "":
                lines.pop()  # the line end that ours needs
            results[int(end[1])] = (int(end[2]), lines)
        else:
            lines.append(line)
    process.wait()
    return results, lines


def update_page(path, commands, results):
    """Writes what was printed in the place of what is shown; lines with "..." stay."""
    lines = path.read_text().split("\n")
    for number in sorted(results, reverse=True):
        command = commands[number]
        if command.shown is None or matches(command.shown, results[number][1]):
            continue
        first = command.line + command.text.count("\n")
        lines[first:first + len(command.shown)] = [line.rstrip() for line in results[number][1]]
    path.write_text("\n".join(lines))


def judge(page, commands, results, rest):
    """Prints what went wrong; gives whether anything did."""
    wrong = False
    for number, command in enumerate(commands):
        at = f"{page}:{command.line}: $ {command.text}"
        if number not in results:
            print(f"{at}\n  did not end; it printed\n    " + "\n    ".join(rest))
            return True
        code, printed = results[number]
        if code != command.wanted_exit:
            print(f"{at}\n  exits with {code} instead of {command.wanted_exit}; it prints\n    " + "\n    ".join(printed))
            return True
        if command.shown is not None and not matches(command.shown, printed):
            print(f"{at}\n  prints\n    " + "\n    ".join(printed) + "\n  where the page shows\n    " + "\n    ".join(command.shown))
            wrong = True
    return wrong


def make_folder(source, page, linnet, blocks, with_pypi):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="linnet_page_"))
    work, programs = folder / "work", folder / "bin"
    programs.mkdir()
    (programs / "linnet").symlink_to(linnet)
    if source / "examples" in page.parents:
        shutil.copytree(page.parent, work)
    else:
        work.mkdir()
        for name in LINKED:
            if (source / name).exists():
                (work / name).symlink_to(source / name)
    for block in blocks:
        if block.file and (with_pypi or not block.pypi):
            path = work / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(block.lines) + "\n")
    return folder


def make_venv(venv):
    """A virtual environment, kept between runs; false when there cannot be one."""
    if (venv / "bin" / "python").exists():
        return True
    return subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--linnet", type=pathlib.Path, required=True)
    parser.add_argument("--pypi", type=pathlib.Path,
                        help="run the blocks that need PyPI too, in this virtual environment, or in $LINNET_PYPI_VENV where that is set")
    parser.add_argument("--update", action="store_true", help="write what is printed into the page")
    parser.add_argument("--list", action="store_true", help="print the commands and do not run them")
    parser.add_argument("--verbose", action="store_true", help="print everything as it comes")
    arguments = parser.parse_args()
    if arguments.pypi and os.environ.get("LINNET_PYPI_VENV"):
        arguments.pypi = pathlib.Path(os.environ["LINNET_PYPI_VENV"])

    source = pathlib.Path(__file__).resolve().parents[2]
    page = arguments.page.resolve()
    name = page.relative_to(source) if source in page.parents else page
    try:
        blocks = read_blocks(page.read_text())
        runnable = [block for block in blocks if block.is_shell and not block.not_run and not block.file]
        commands = [command for block in runnable for command in read_commands(block)]
        for command in commands:
            installs = FORBIDDEN.match(command.text) or (not command.pypi and re.match(r"\s*(python3 -m )?pip3? install\b", command.text))
            if installs:
                raise PageError(f"line {command.line}: '{command.text}' is nothing that a test may run; mark the block")
    except PageError as error:
        print(f"{name}: {error}")
        return 1
    first_pypi = next((i for i, command in enumerate(commands) if command.pypi), None)
    if arguments.pypi is None and first_pypi is not None:
        commands = commands[:first_pypi]  # what follows may need what PyPI's packages made
    if arguments.pypi is not None and first_pypi is None:
        print(f"{name} has nothing that needs PyPI")
        return SKIPPED
    if arguments.list:
        print("\n".join(f"{name}:{command.line}: $ {command.text}" for command in commands))
        return 0

    environment = dict(os.environ, LC_ALL="C.UTF-8", COLUMNS="100")
    environment["LINNET"] = str(source)
    folder = make_folder(source, page, arguments.linnet.resolve(), blocks, arguments.pypi is not None)
    path = str(folder / "bin") + os.pathsep + environment["PATH"]
    if arguments.pypi is not None:
        if not make_venv(arguments.pypi):
            print("skipped: python3 -m venv does not work here")
            return SKIPPED
        path = str(arguments.pypi.resolve() / "bin") + os.pathsep + path
        environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    environment["PATH"] = path
    try:
        results, rest = run_commands(commands, folder, environment, arguments.verbose)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if results and commands[max(results)].pypi and PIP.match(commands[max(results)].text):
        code, printed = results[max(results)]  # the last that ran
        if code != 0 and NOT_REACHED.search("\n".join(printed)):
            print("skipped: PyPI is not reached; pip says\n  " + "\n  ".join(printed[-3:]))
            return SKIPPED
    if arguments.update:
        update_page(page, commands, results)
    if judge(name, commands, results, rest) and not arguments.update:
        return 1
    print(f"{name}: {len(commands)} commands, {sum(1 for block in blocks if block.not_run)} blocks not run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
