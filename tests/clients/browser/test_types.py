"""The page's TypeScript holds its types."""

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.client


def test_the_sources_pass_the_type_checker(packages: Path) -> None:
    done = subprocess.run(
        ["npm", "run", "--silent", "check"],
        cwd=packages,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == ""
    assert done.returncode == 0
