"""Linnet compiles ONNX networks into standalone C++17 for Cortex-M7 microcontrollers.

    import linnet

    report = linnet.compile("phinet.onnx", "generated", calibrate="pictures", mean=127.5, scale=1 / 127.5,
                            resize=True, target="stm32h743", ram="256K")
    print(report["memory"]["arena_bytes"])

The keyword arguments are the options of `linnet compile`, with _ for -; docs/cli.md describes them. What the tool has to say
against a model raises `linnet.Error`, with its diagnostics as data.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, Optional, TypedDict, Union

from . import _command

__all__ = ["Diagnostic", "Error", "cmake_dir", "compile", "executable", "inspect", "run"]

try:
    __version__ = version("linnet")
except PackageNotFoundError:  # a checkout
    __version__ = "0"

Path = Union[str, "os.PathLike[str]"]
Paths = Union[Path, Iterable[Path]]
Bytes = Union[int, str]  # 65536, "64K", "1MiB"
Channels = Union[float, Sequence[float]]  # one value, or one for each of R, G, B
Shape = Union[str, Sequence[int]]  # "1x3x96x96", (1, 3, 96, 96)
Report = dict[str, Any]


class Diagnostic(TypedDict):
    """One thing that is wrong, and what to do about it."""

    code: str  # E301; "usage" for an option that is wrong
    severity: str
    file: str
    node: str
    op: str
    message: str
    hint: str


class Error(Exception):
    """The tool refused; `diagnostics` says why, `exit_code` whose fault it is: 1 the model's or the data's, 2 an option's,
    3 a budget that is not met, 4 a missing program, 70 a defect of Linnet."""

    def __init__(self, message: str, diagnostics: list[Diagnostic], exit_code: int) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[Any, ...]:  # for process pools
        return Error, (str(self), self.diagnostics, self.exit_code)


def executable() -> str:
    """The path of the program `linnet`."""
    return _command.program()


def cmake_dir() -> str:
    """The folder of the CMake package: cmake -DLinnet_DIR=$(python3 -c 'import linnet; print(linnet.cmake_dir())')."""
    return str(_command.PREFIX / "lib" / "cmake" / "Linnet")


def compile(
    model: Path,
    output: Path,
    *,
    calibrate: Optional[Paths] = None,
    calibration_method: Optional[Literal["minmax", "percentile", "mse"]] = None,
    mean: Optional[Channels] = None,
    scale: Optional[Channels] = None,
    resize: bool = False,
    name: Optional[str] = None,
    target: Optional[Path] = None,
    ram: Optional[Bytes] = None,
    flash: Optional[Bytes] = None,
    bank: Optional[Mapping[str, Bytes]] = None,
    place: Optional[Mapping[str, str]] = None,
    input: Optional[Literal["whole", "rows"]] = None,
    input_shape: Optional[Mapping[str, Shape]] = None,
    front_end: Optional[Literal["log-mel", "camera"]] = None,
    front_end_options: Optional[Union[str, Mapping[str, float]]] = None,
    labels: Optional[Path] = None,
    outputs: Optional[Literal["auto", "detections", "tensor"]] = None,
    plan: Optional[Literal["auto", "rows", "whole"]] = None,
    optimize: Optional[Literal["ram", "speed"]] = None,
    weights: Optional[Literal["int8", "int4", "auto"]] = None,
    weights_format: Optional[Literal["cpp", "incbin"]] = None,
    runtime: Optional[Literal["bundled", "external"]] = None,
    package: Optional[Literal["cmake", "cmsis-pack", "platformio", "arduino", "zephyr", "esp-idf", "make"]] = None,
    package_vendor: Optional[str] = None,
    package_url: Optional[str] = None,
    depfile: Optional[Path] = None,
    options: Sequence[str] = (),
) -> Report:
    """Writes the C++ sources of `model` into the folder `output`; gives the report that is also in report.json there.

    `options` takes what has no argument here, as on the command line: options=["--dump-after", "plan"].
    """
    given = {key: value for key, value in locals().items() if key not in ("model", "output", "options")}
    return run("compile", model, "--output", output, *options, *_options(given))


def inspect(
    model: Path,
    *,
    calibrate: Optional[Paths] = None,
    calibration_method: Optional[Literal["minmax", "percentile", "mse"]] = None,
    mean: Optional[Channels] = None,
    scale: Optional[Channels] = None,
    resize: bool = False,
    name: Optional[str] = None,
    target: Optional[Path] = None,
    ram: Optional[Bytes] = None,
    flash: Optional[Bytes] = None,
    bank: Optional[Mapping[str, Bytes]] = None,
    place: Optional[Mapping[str, str]] = None,
    input: Optional[Literal["whole", "rows"]] = None,
    input_shape: Optional[Mapping[str, Shape]] = None,
    front_end: Optional[Literal["log-mel", "camera"]] = None,
    front_end_options: Optional[Union[str, Mapping[str, float]]] = None,
    outputs: Optional[Literal["auto", "detections", "tensor"]] = None,
    plan: Optional[Literal["auto", "rows", "whole"]] = None,
    optimize: Optional[Literal["ram", "speed"]] = None,
    weights: Optional[Literal["int8", "int4", "auto"]] = None,
    weights_format: Optional[Literal["cpp", "incbin"]] = None,
    runtime: Optional[Literal["bundled", "external"]] = None,
    options: Sequence[str] = (),
) -> Report:
    """What `model` needs, or what is in a folder that `compile` wrote. Writes nothing."""
    given = {key: value for key, value in locals().items() if key not in ("model", "options")}
    return run("inspect", model, *options, *_options(given))


def run(*arguments: Path) -> Report:
    """Any subcommand with --json: linnet.run("verify", "phinet.onnx", "--calibrate", "pictures"). Gives what it prints."""
    command = [executable(), *(os.fspath(argument) for argument in arguments), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    said = done.stderr.decode(errors="replace").strip()
    try:
        printed = json.loads(done.stdout)
    except ValueError:
        printed = None
    if done.returncode == 0 and isinstance(printed, dict):
        if said:  # notes
            print(said, file=sys.stderr)
        return printed
    diagnostics = printed.get("diagnostics", []) if isinstance(printed, dict) else []
    raise Error(said or f"linnet ended with {done.returncode}", diagnostics, done.returncode)


def _options(given: Mapping[str, Any]) -> list[str]:
    """Keyword arguments as options of the command line."""
    result: list[str] = []
    for key, value in given.items():
        option = "--" + key.replace("_", "-")
        if hasattr(value, "tolist"):  # NumPy's scalars and arrays
            value = value.tolist()
        if value is None or value is False:
            continue
        if value is True:
            result.append(option)
        elif key == "calibrate":
            paths = [value] if isinstance(value, (str, os.PathLike)) else list(value)
            result += [option, *(os.fspath(path) for path in paths)] if paths else []
        elif key == "front_end_options" and isinstance(value, Mapping):
            result.append(option + "=" + ",".join(f"{part}={_number(number)}" for part, number in value.items()))
        elif isinstance(value, Mapping):
            for part, content in value.items():
                shape = isinstance(content, Sequence) and not isinstance(content, str)
                result.append(f"{option}={part}=" + ("x".join(map(str, content)) if shape else str(content)))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            result.append(option + "=" + ",".join(_number(number) for number in value))
        else:
            result.append(option + "=" + (_number(value) if isinstance(value, (int, float)) else os.fspath(value)))
    return result


def _number(value: Any) -> str:
    """A number with all its digits; also one of NumPy."""
    return value if isinstance(value, str) else repr(float(value)) if isinstance(value, float) else str(value)
