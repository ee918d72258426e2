"""An environment of its own for each real client, made once and kept beside the project's."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv" / "clients"


def client_python(name: str, *requirements: str) -> Path:
    """Return the interpreter of an environment that holds just ``requirements``."""
    folder = FOLDER / name
    stamp = folder / ".installed"
    wanted = "\n".join(requirements)
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        stamp.write_text(wanted)
    return python
