#!/usr/bin/env python3
"""That run_page.py notices: commands that fail, output that is not what the page shows, commands that nobody would run."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN_PAGE = pathlib.Path(__file__).with_name("run_page.py")
LINNET = "#!/bin/sh\necho linnet 1\necho two $*\n"


class RunPage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.linnet = self.program("linnet", LINNET)

    def program(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def run_page(self, text, *arguments):
        page = self.folder / "page.md"
        page.write_text(text)
        process = subprocess.run([sys.executable, str(RUN_PAGE), str(page), "--linnet", str(self.linnet), *arguments],
                                 capture_output=True, text=True, check=False,
                                 env={name: value for name, value in os.environ.items() if name != "LINNET_PYPI_VENV"})
        return process.returncode, process.stdout

    def test_commands_run_in_order_in_one_shell_and_a_fresh_folder(self):
        code, said = self.run_page("```sh\nX=1\nmkdir a && cd a\n```\ntext\n```sh\n$ ls .. | grep -v models | grep '^a$'; echo $X\na\n1\n```\n")
        self.assertEqual((code, said.split(":")[1].split(",")[0]), (0, " 3 commands"))

    def test_a_command_that_fails(self):
        code, said = self.run_page("```sh\ntrue\nfalse\ntouch never\n```\n")
        self.assertEqual(code, 1)
        self.assertIn("page.md:3: $ false", said)
        self.assertIn("exits with 1 instead of 0", said)

    def test_a_command_that_is_to_fail(self):
        self.assertEqual(self.run_page("```sh\n$ sh -c 'echo no; exit 3'   # exits with 3\nno\n```\n")[0], 0)
        self.assertEqual(self.run_page("```sh\n$ true   # exits with 3\n```\n")[0], 1)

    def test_a_pipe_that_is_closed_early(self):
        self.assertEqual(self.run_page("```sh\n$ yes | head -1\ny\n```\n")[0], 0)
        self.assertEqual(self.run_page("```sh\n$ false | head -1\n```\n")[0], 1)

    def test_output_that_is_not_what_is_shown(self):
        page = "```sh\n$ linnet a\nlinnet 1\ntwo %s\n```\n"
        self.assertEqual(self.run_page(page % "a")[0], 0)
        code, said = self.run_page(page % "b")
        self.assertEqual(code, 1)
        self.assertIn("two a", said)

    def test_output_that_is_not_shown_whole(self):
        self.assertEqual(self.run_page("```sh\n$ linnet\nlinnet 1\n```\n")[0], 1)
        self.assertEqual(self.run_page("```sh\n$ linnet\nlinnet 1\n...\n```\n")[0], 0)
        self.assertEqual(self.run_page("```sh\n$ linnet\n...\nmissing\n```\n")[0], 1)

    def test_dots_stand_for_text_within_a_line(self):
        self.assertEqual(self.run_page("```sh\n$ linnet a b\nlinnet ...\ntwo ... b\n```\n")[0], 0)
        self.assertEqual(self.run_page("```sh\n$ linnet a b\nlinnet ...\ntwo ... c\n```\n")[0], 1)

    def test_blocks_that_are_not_run(self):
        code, said = self.run_page("<!-- not run: needs a board -->\n```sh\nfalse\n```\n")
        self.assertEqual(code, 0)
        self.assertIn("1 blocks not run", said)

    def test_commands_that_no_test_may_run(self):
        for command in ("tools/test", "tools/packages", "sudo true", "apt-get install x", "pip install x"):
            code, said = self.run_page(f"```sh\n{command}\n```\n")
            self.assertEqual(code, 1)
            self.assertIn("mark the block", said)
            self.assertEqual(self.run_page(f"<!-- not run: no -->\n```sh\n{command}\n```\n")[0], 0)

    def test_files_of_the_page_are_written(self):
        self.assertEqual(self.run_page("<!-- file: a/b.txt -->\n```text\nhello\n```\n```sh\n$ cat a/b.txt\nhello\n```\n")[0], 0)

    def test_long_lines_and_here_documents(self):
        page = "```sh\n$ echo a \\\n>     b\na b\n$ cat <<END\nc\nEND\nc\n```\n```sh\necho a \\\n    b\n```\n"
        code, said = self.run_page(page)
        self.assertEqual((code, said.split(":")[1].split(",")[0]), (0, " 3 commands"), said)

    def test_indented_commands_run_too(self):
        code, said = self.run_page("text\n\n    cmake -E true\n    cmake -E \\\n      true\n\n    false\n\nmore\n\n    not a command\n")
        self.assertEqual(code, 1)
        self.assertIn("page.md:7: $ false", said)
        self.assertEqual(self.run_page("<!-- not run: no -->\n\n    cmake -E false\n\ntext\n\n    cmake -E true\n")[0], 0)
        self.assertEqual(self.run_page("text\n\n    linnet a\n```sh\nfalse\n```\n")[0], 1)

    def test_commands_where_none_would_run_them(self):
        self.assertEqual(self.run_page("```\nlinnet compile x\n```\n")[0], 1)
        self.assertEqual(self.run_page("```text\nlinnet prints this\n```\n")[0], 1)
        self.assertEqual(self.run_page("```sh\nunclosed\n")[0], 1)

    def test_what_needs_pypi(self):
        page = "```sh\ntrue\n```\n<!-- pypi -->\n```sh\npip install nothing\n```\n```sh\nfalse\n```\n"
        self.assertEqual(self.run_page(page)[0], 0)  # up to there
        self.program("venv/bin/python", "#!/bin/sh\n")
        self.program("venv/bin/pip", "#!/bin/sh\necho no network; exit 1\n")
        code, said = self.run_page(page, "--pypi", str(self.folder / "venv"))
        self.assertEqual(code, 77)
        self.assertIn("no network", said)
        self.program("venv/bin/pip", "#!/bin/sh\n")
        self.assertEqual(self.run_page(page, "--pypi", str(self.folder / "venv"))[0], 1)  # what is behind runs, and fails
        self.assertEqual(self.run_page("```sh\ntrue\n```\n", "--pypi", str(self.folder / "venv"))[0], 77)

    def test_what_pip_does_not_get(self):
        self.program("venv/bin/python", "#!/bin/sh\n")
        for says, expected in (("ERROR: No matching distribution found for scikit-build-core>=0.10", 77), ("ERROR: the build failed", 1)):
            for name in ("pip", "python3"):
                self.program(f"venv/bin/{name}", f"#!/bin/sh\necho '{says}'; exit 1\n")
            for command in ("pip wheel -q .", "python3 -m pip install nothing", "venv/bin/pip install nothing"):
                page = f"<!-- pypi -->\n```sh\nln -s {self.folder}/venv\n{command}\n```\n"
                code, said = self.run_page(page, "--pypi", str(self.folder / "venv"))
                self.assertEqual(code, expected, f"{command}: {said}")

    def test_updating_a_page(self):
        page = "```sh\n$ linnet a\nold\n```\n\n```sh\n$ linnet b\nlinnet ...\ntwo b\n```\n"
        self.assertEqual(self.run_page(page, "--update")[0], 0)
        self.assertEqual((self.folder / "page.md").read_text(), page.replace("old", "linnet 1\ntwo a"))


if __name__ == "__main__":
    unittest.main()
