"""The virtual environment of tests that need packages of PyPI: $LINNET_PYPI_VENV, or build/pypi, which the documentation's tests
share. It is made, and the packages are installed, where that can be done; where it cannot, such a test is skipped (77)."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def venv_with(*packages):
    """The environment's bin folder, with `packages` in it; ends the test as skipped where they cannot be had."""
    venv = Path(os.environ.get("LINNET_PYPI_VENV", ROOT / "build/pypi"))
    python = venv / "bin/python"
    quiet = {"capture_output": True, "text": True, "check": False}
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], **quiet)
    if python.exists() and subprocess.run([python, "-m", "pip", "show", *packages], **quiet).returncode == 0:
        return venv / "bin"
    if python.exists() and subprocess.run([python, "-m", "pip", "install", "-q", *packages], **quiet).returncode == 0:
        return venv / "bin"
    print(f"skipped: {', '.join(packages)} cannot be installed into {venv}")
    sys.exit(77)
