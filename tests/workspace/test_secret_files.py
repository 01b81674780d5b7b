"""Keys and passwords stay out of the archive by custom, and go in where `.flowcignore` says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.workspace.listing import why_left_out
from compiler.workspace.package import package

PRIVATE = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
PUBLIC = "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n"
ACCOUNT = '{\n  "type": "service_account",\n  "private_key": "x"\n}'

SECRET = {
    ".env": "KEY=1",
    ".env.production": "KEY=1",
    "deploy/prod.env": "KEY=1",
    ".envrc": "export KEY=1",
    "server.pem": PRIVATE,
    "both.pem": PUBLIC + PRIVATE,
    "unknown.pem": "x",
    "tls.key": PRIVATE,
    "store.p12": "x",
    "id_rsa": "x",
    "keys/id_ed25519": "x",
    ".netrc": "machine x",
    ".pypirc": "[pypi]",
    ".npmrc": "//x",
    ".git-credentials": "https://x",
    ".aws/credentials": "[default]",
    ".ssh/config": "Host x",
    ".kube/config": "x",
    "a/.docker/config.json": "{}",
    "key-of-robot.json": ACCOUNT,
    "adc.json": '{"type":"authorized_user"}',
    "client_secret_12.json": "{}",
    "main.tfstate": "{}",
}
PLAIN = {
    "flow.py": "x",
    ".env.example": "KEY=",
    "env.py": "x",
    "environment.yml": "x",
    "certs/roots.pem": PUBLIC,
    "id_rsa.pub": "ssh-rsa x",
    "keys.py": "PRIVATE = 1",
    "data.json": '{"type": "account"}',
    "pem.txt": "x",
    "awsome/x": "x",
}


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_they_stay_out_and_are_named(tmp_path: Path) -> None:
    _write(tmp_path, {**SECRET, **PLAIN})
    archive = package(tmp_path)
    assert set(archive.files) == set(PLAIN)
    folders = {".aws", ".ssh", ".kube", "a/.docker"}
    assert (
        set(archive.secrets)
        == {name for name in SECRET if not name.startswith(tuple(f"{each}/" for each in folders))} | folders
    )


@pytest.mark.parametrize("name", SECRET)
def test_who_needs_one_is_told_how_and_that_is_right(name: str, tmp_path: Path) -> None:
    """Each cure, followed, packs the file."""
    _write(tmp_path, {name: SECRET[name], "flow.py": ""})
    reason = why_left_out(tmp_path, tmp_path / name)
    assert reason is not None
    assert "keys or passwords" in reason.told
    _, line, _, file, _ = reason.cure.split("`")
    (tmp_path / file).write_text(f"{line}\n")
    assert name in package(tmp_path).files
    assert why_left_out(tmp_path, tmp_path / name) is None
    assert package(tmp_path).secrets == ()


def test_only_a_rule_about_the_archive_lets_one_in(tmp_path: Path) -> None:
    """That git keeps it does not mean that an image should."""
    _write(tmp_path, {".gitignore": "*\n!.env\n!flow.py\n!*.json", ".env": "KEY=1", "flow.py": "", "k.json": ACCOUNT})
    archive = package(tmp_path)
    assert (archive.files, archive.secrets) == (("flow.py",), (".env", "k.json"))


def test_what_a_rule_leaves_out_anyway_is_not_named(tmp_path: Path) -> None:
    _write(tmp_path, {".gitignore": ".env\n", ".env": "KEY=1", "flow.py": ""})
    assert package(tmp_path).secrets == ()


def test_a_link_hides_none(tmp_path: Path) -> None:
    """Under another name it goes in by what it says; a link of such a name stays out."""
    _write(tmp_path, {"flow.py": "", "plain.txt": "x"})
    (tmp_path / ".env").symlink_to("plain.txt")
    assert package(tmp_path).files == ("flow.py", "plain.txt")


def test_another_secret_is_the_same_code(tmp_path: Path) -> None:
    _write(tmp_path, {".env": "KEY=1", "flow.py": ""})
    before = package(tmp_path).digest
    _write(tmp_path, {".env": "KEY=2"})
    assert package(tmp_path).digest == before
