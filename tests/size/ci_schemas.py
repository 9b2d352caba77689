#!/usr/bin/env python3
"""Checks examples/ci against the schemas of GitHub's workflows and GitLab's pipelines, as check-jsonschema has them.

A broken copy of each must be refused, which shows that the schemas are looked at. Needs check-jsonschema.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pypi import venv_with

PROGRAM = shutil.which("check-jsonschema") or str(venv_with("check-jsonschema") / "check-jsonschema")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/ci"
CASES = [
    ("vendor.github-workflows", EXAMPLES / "github-size.yml", ("runs-on: ubuntu-latest", "runs-onn: ubuntu-latest")),
    ("vendor.gitlab-ci", EXAMPLES / "gitlab-size.yml", ("    when: always", "    when: sometimes")),
]


def accepted(schema, path):
    done = subprocess.run([PROGRAM, "--builtin-schema", schema, str(path)], capture_output=True, text=True)
    print(done.stdout, done.stderr, sep="", end="")
    return done.returncode == 0


for schema, path, (good, bad) in CASES:
    if not accepted(schema, path):
        sys.exit(f"FAILED: {path.name} is not as {schema} wants it")
    text = path.read_text()
    if good not in text:
        sys.exit(f"FAILED: {path.name} has no '{good}' to break")
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / path.name
        broken.write_text(text.replace(good, bad, 1))
        if accepted(schema, broken):
            sys.exit(f"FAILED: {schema} takes a file with '{bad}'")
print("examples/ci is as the schemas want it")
