"""Whose code may be imported since its repository asks for it: only whom the caller has named, outside of any repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.workspace.settings import ConfigError
from compiler.workspace.trust import VARIABLE, is_trusted, user_file


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with others beside it whose names begin as its own does."""
    for name in ("work/flows/inner", "work/flows2", "other"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "work" / "flows")
    return tmp_path / "work" / "flows"


def _environment(tmp_path: Path, text: str | None) -> dict[str, str]:
    if text is not None:
        file = tmp_path / "config" / "flowc" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("TMP", str(tmp_path)))
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}


TRUSTED = {
    "the folder": ('import = ["TMP/work/flows"]', True),
    "a folder above": ('import = ["TMP/other", "TMP/work"]', True),
    "a link to it": ('import = ["TMP/link"]', True),
    "another": ('import = ["TMP/other"]', False),
    "one whose name begins so": ('import = ["TMP/work/flo"]', False),
    "one below": ('import = ["TMP/work/flows/inner"]', False),
    "none": ("import = []", False),
    "nothing": ("", False),
}


@pytest.mark.parametrize("name", TRUSTED)
def test_the_users_file_names_folders(name: str, repository: Path, tmp_path: Path) -> None:
    text, trusted = TRUSTED[name]
    assert is_trusted(repository, _environment(tmp_path, text)) is trusted
    linked = tmp_path / "link"
    assert is_trusted(linked, _environment(tmp_path, text)) is trusted


@pytest.mark.parametrize("name", TRUSTED)
def test_so_does_the_variable(name: str, repository: Path, tmp_path: Path) -> None:
    text, trusted = TRUSTED[name]
    listed = text.replace("TMP", str(tmp_path)).split('"')[1::2]
    assert is_trusted(repository, {**_environment(tmp_path, None), VARIABLE: os.pathsep.join(listed)}) is trusted


WRONG = {
    "one yes for all": ("import = true", "must be a list of folders"),
    "no list of texts": ("import = [1]", "must be a list of folders"),
    "a relative folder": ('import = ["flows"]', "must be the whole path"),
    "another setting": ('imports = ["/"]', "has no setting `imports`; did you mean `import`?"),
    "no TOML": ("import", "not TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_refused(name: str, repository: Path, tmp_path: Path) -> None:
    text, said = WRONG[name]
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        is_trusted(repository, _environment(tmp_path, text))


@pytest.mark.parametrize("value", ["1", "true", "flows", "."])
def test_the_variable_is_no_switch(
    value: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative folder would be another one in each repository."""
    monkeypatch.chdir(repository.parent)
    with pytest.raises(ConfigError, match="must be the whole path"):
        is_trusted(repository, {**_environment(tmp_path, None), VARIABLE: value})


def test_a_file_that_others_may_write_to_says_nothing(repository: Path, tmp_path: Path) -> None:
    environment = _environment(tmp_path, 'import = ["TMP/work"]')
    user_file(environment).chmod(0o666)
    with pytest.raises(ConfigError, match="others may write to it"):
        is_trusted(repository, environment)


def test_a_file_that_is_none_ends_at_once(repository: Path, tmp_path: Path) -> None:
    environment = _environment(tmp_path, "")
    user_file(environment).unlink()
    os.mkfifo(user_file(environment), 0o600)
    with pytest.raises(ConfigError, match="it is a pipe"):
        is_trusted(repository, environment)


@pytest.mark.parametrize(("variables", "place"), [
    ({"XDG_CONFIG_HOME": "/etc/xdg", "HOME": "/home/me"}, "/etc/xdg/flowc/config.toml"),
    ({"XDG_CONFIG_HOME": "", "HOME": "/home/me"}, "/home/me/.config/flowc/config.toml"),
    ({"XDG_CONFIG_HOME": "here", "HOME": "/home/me"}, "/home/me/.config/flowc/config.toml"),
])  # fmt: skip
def test_the_users_file_is_where_such_files_are(variables: dict[str, str], place: str) -> None:
    assert user_file(variables) == Path(place)
