#!/usr/bin/env python3
"""Holds the operator sets that `linnet operators` states against the onnx package's own schemas (a package of PyPI).

    tests/docs/opsets.py LINNET [VENV]     exit code 77: skipped, since there is no onnx package
"""

import json
import os
import pathlib
import subprocess
import sys

OLDEST = 6


def schemas(python):
    """First operator set of each operator of ai.onnx, and the last one that has it undeprecated."""
    code = """
import json, onnx.defs
versions = {}
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain == "":
        versions.setdefault(schema.name, []).append((schema.since_version, schema.deprecated))
print(json.dumps(versions))
"""
    process = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return json.loads(process.stdout) if process.returncode == 0 else None


def main():
    venvs = [os.environ[name] for name in ("LINNET_PYPI_VENV",) if name in os.environ] + sys.argv[2:]
    candidates = [sys.executable] + [str(pathlib.Path(venv) / "bin" / "python") for venv in venvs]
    versions = next((found for found in (schemas(python) for python in candidates if pathlib.Path(python).exists()) if found), None)
    if versions is None:
        print("skipped: no Python here has the onnx package")
        return 77
    listing = json.loads(subprocess.run([sys.argv[1], "operators", "--json"], capture_output=True, text=True, check=True).stdout)
    problems = []
    for entry in listing["operators"]:
        if entry["domain"] != "ai.onnx":
            continue
        name = entry["operator"]
        if name not in versions:
            problems.append(f"{name} is no operator of ONNX")
            continue
        first = max(OLDEST, min(since for since, _ in versions[name]))
        ends = [since - 1 for since, deprecated in versions[name] if deprecated]
        if entry["first_opset"] != first:
            problems.append(f"{name}: first operator set {entry['first_opset']}, in ONNX {first}")
        if ends and entry["last_opset"] != ends[0]:
            problems.append(f"{name}: last operator set {entry['last_opset']}, in ONNX {ends[0]}")
    print("\n".join(problems) if problems else f"{len(listing['operators'])} operators, their sets are ONNX's")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
