#!/usr/bin/env python3
"""Runs the shell steps of examples/ci as the services do, with stand-ins for apt-get, curl and gh.

    ci_steps.py LINNET

A project with one network is measured: first as its baseline has it, then grown past the tolerance. Needs
PyYAML.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pypi import venv_with

try:
    import yaml
except ImportError:  # once more, with the Python that has it
    python = venv_with("pyyaml") / "python"
    sys.exit(subprocess.run([python, *sys.argv]).returncode)

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/phinet_96/phinet_96.onnx"

# Each call is a line of JSON in calls.jsonl: the program, its arguments, and the file that it sends.
STAND_IN = """#!/usr/bin/env python3
import json, os, re, sys
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
sent = next((m.group(1) for a in arguments if (m := re.fullmatch(r"body(?:=)?@(.*)", a))), None)
call = {"program": name, "arguments": arguments, "sent": open(sent).read() if sent else None}
open(os.environ["CALLS"], "a").write(json.dumps(call) + "\\n")
if "--output" in arguments:
    path = arguments[arguments.index("--output") + 1]
    if path != "/dev/null": open(path, "w").write("a package")
elif not sent:
    sys.stdout.write(os.environ.get("ANSWER_" + name.upper(), ""))
"""


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


class Place:
    """A checkout of a project, with the stand-ins in front of PATH."""

    def __init__(self, linnet):
        self.folder = Path(tempfile.mkdtemp(prefix="linnet-ci-"))
        self.project, bin_folder = self.folder / "project", self.folder / "bin"
        self.project.mkdir()
        bin_folder.mkdir()
        for name in ("apt-get", "curl", "gh"):
            (bin_folder / name).write_text(STAND_IN)
            (bin_folder / name).chmod(0o755)
        (bin_folder / "linnet").symlink_to(linnet)
        self.calls_file = self.folder / "calls.jsonl"
        self.environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", "CALLS": str(self.calls_file)}
        self.write_project("rows")
        done = self.run("linnet size --baseline size.json --update")
        check(done.returncode == 0, f"the baseline is written: {done.stderr}")

    def write_project(self, plan):
        (self.project / "linnet.toml").write_text(
            f'[defaults]\ntarget = "stm32h743"\n[models.phinet]\nmodel = "{MODEL}"\nplan = "{plan}"\n')

    def run(self, script, **environment):
        # Both services stop a step at its first command that fails.
        return subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=self.project, capture_output=True, text=True,
                              env={**self.environment, **environment})

    def take_calls(self):
        calls = [json.loads(line) for line in self.calls_file.read_text().splitlines()] if self.calls_file.exists() else []
        self.calls_file.unlink(missing_ok=True)
        return calls


def step(job, name):
    return next(one["run"] for one in job["steps"] if one.get("name") == name)


def check_installed(calls):
    installed = " ".join(" ".join(call["arguments"]) for call in calls if call["program"] == "apt-get")
    for package in ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "libstdc++-arm-none-eabi-newlib", "/tmp/linnet.deb"):
        check(package in installed, f"{package} is installed")
    check(any("https://example.org/linnet.deb" in call["arguments"] for call in calls), "the .deb is fetched")


def check_github(linnet):
    workflow = yaml.safe_load((ROOT / "examples/ci/github-size.yml").read_text())
    size, comment = workflow["jobs"]["size"], workflow["jobs"]["comment"]
    place = Place(linnet)
    done = place.run(step(size, "Install Linnet and the compiler for the Cortex-M7"), LINNET_DEB="https://example.org/linnet.deb")
    check(done.returncode == 0, done.stderr)
    check_installed(place.take_calls())

    summary = place.folder / "summary.md"
    measure = step(size, "Measure")
    done = place.run(measure, GITHUB_STEP_SUMMARY=str(summary))
    check(done.returncode == 0 and done.stdout.startswith("1 network unchanged: "), f"unchanged: {done}")
    place.write_project("whole")
    done = place.run(measure, GITHUB_STEP_SUMMARY=str(summary))
    check(done.returncode == 3 and done.stdout.startswith("::error title=linnet size::'phinet' grew"), f"grown: {done}")
    table = (place.project / "size.md").read_text()
    check("the plan changed: arena " in table, "the table says why")
    check(summary.read_text().endswith(table), "the summary has the table")

    # The comment: a new one, then the old one changed.
    variables = {"GH_TOKEN": "t", "REPOSITORY": "me/firmware", "NUMBER": "7"}
    script = step(comment, "Comment")
    for answer, wanted in (("", ["POST", "repos/me/firmware/issues/7/comments"]),
                           ("41\n", ["PATCH", "repos/me/firmware/issues/comments/41"])):
        done = place.run(script, ANSWER_GH=answer, **variables)
        check(done.returncode == 0, done.stderr)
        asked, sent = place.take_calls()
        check("repos/me/firmware/issues/7/comments" in asked["arguments"], "it looks for its comment")
        check(all(word in sent["arguments"] for word in wanted), f"{wanted}: {sent}")
        check(sent["sent"] == table, "it sends the table")
    (place.project / "size.md").unlink()
    done = place.run(script, **variables)
    check(done.returncode == 0 and not place.take_calls(), "without a table there is no comment")
    shutil.rmtree(place.folder)


def check_gitlab(linnet):
    job = yaml.safe_load((ROOT / "examples/ci/gitlab-size.yml").read_text())["linnet-size"]
    place = Place(linnet)
    join = "\n".join
    done = place.run(join(job["before_script"]), LINNET_DEB="https://example.org/linnet.deb")
    check(done.returncode == 0, done.stderr)
    check_installed(place.take_calls())
    place.write_project("whole")
    done = place.run(join(job["script"]))
    check(done.returncode == 3 and "size.json: E330 'phinet' grew by more than 1 %" in done.stderr, f"grown: {done}")
    check(job["artifacts"]["when"] == "always", "the table is kept when the job fails")
    table = (place.project / job["artifacts"]["paths"][0]).read_text()

    if not shutil.which("jq"):
        (place.folder / "bin/jq").write_text(
            "#!/usr/bin/env python3\nimport json, sys\n"
            "notes = [n for n in json.load(sys.stdin) if n['body'].startswith('<!-- linnet size -->')]\n"
            "print(notes[0]['id'] if notes else '')\n")
        (place.folder / "bin/jq").chmod(0o755)
    variables = {"CI_API_V4_URL": "https://git.example.org/api/v4", "CI_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "7"}
    notes = "https://git.example.org/api/v4/projects/12/merge_requests/7/notes"
    script = join(job["after_script"])
    others = [{"id": 5, "body": "Nice."}]
    for answer, method, address in ((others, "POST", notes),
                                    (others + [{"id": 6, "body": table}], "PUT", notes + "/6")):
        done = place.run(script, SIZE_TOKEN="t", ANSWER_CURL=json.dumps(answer), **variables)
        check(done.returncode == 0, done.stderr)
        sent = place.take_calls()[-1]
        check(method in sent["arguments"] and sent["arguments"][-1] == address, f"{method} {address}: {sent}")
        check(sent["sent"] == table, "it sends the table")
    done = place.run(script, SIZE_TOKEN="", **variables)
    check(done.returncode == 0 and not place.take_calls(), "without a token nothing is sent")
    shutil.rmtree(place.folder)


check_github(Path(sys.argv[1]).resolve())
check_gitlab(Path(sys.argv[1]).resolve())
print("the steps of examples/ci do what they say")
