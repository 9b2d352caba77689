"""The program `linnet` of this package, which it carries in prefix/bin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PREFIX = Path(__file__).resolve().parent / "prefix"


def program() -> str:
    """The path of the program."""
    path = PREFIX / "bin" / "linnet"
    if not path.is_file():
        raise FileNotFoundError(f"'{path}' is missing: install the wheel of linnet again")
    return str(path)


def main() -> None:
    """What the console script `linnet` and `python -m linnet` run: the program takes the place of Python."""
    path = program()
    os.execv(path, [path, *sys.argv[1:]])
