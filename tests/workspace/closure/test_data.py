"""What is data of the modules beside it, by its name."""

from __future__ import annotations

import pytest

from compiler.workspace.closure.data import is_data


@pytest.mark.parametrize(
    ("name", "is_it"),
    [
        ("a.csv", True),
        ("a.sql", True),
        ("a.txt", True),
        ("config.yaml", True),
        ("vocabulary", True),
        ("lib.so", True),
        ("model.json", True),
        ("template.html.j2", True),
        ("a.py", False),
        ("a.pyi", False),
        ("a.pyc", False),
        ("fast.cpython-311-x86_64-linux-gnu.so", False),
        ("README", False),
        ("README.txt", False),
        ("LICENSE", False),
        ("notes.md", False),
        ("a.ipynb", False),
        (".env.example", False),
        ("Makefile", False),
        ("Dockerfile.train", False),
        ("docker-compose.yml", False),
        ("poetry.lock", False),
        ("requirements-dev.txt", False),
    ],
)
def test_what_is_data_of_the_modules_beside_it(name: str, is_it: bool) -> None:
    assert is_data(name) is is_it
