"""The code archive: deterministic, named by its content, without what git's rules leave out."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compiler.workspace.ignore import Ignores, read_ignores
from compiler.workspace.listing import LIMIT
from compiler.workspace.package import PackageError, code_root, default_image, package
from compiler.workspace.settings import Settings, SettingsError, read_settings


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: member for member in archive}


def test_same_files_give_same_bytes_whatever_their_times_order_and_place(tmp_path: Path) -> None:
    files = {"b.py": "b", "a/x.sql": "select 1", "a-b.py": "", "é.txt": "ü", f"{'long/' * 40}end.py": "deep"}
    _write(tmp_path / "one", files)
    _write(tmp_path / "two", dict(reversed(files.items())))
    os.utime(tmp_path / "one" / "b.py", (1, 1))
    first, second = package(tmp_path / "one"), package(tmp_path / "two")
    assert first == second
    assert first.files == tuple(sorted(files, key=os.fsencode))


NAMES = ("a.py", "with blank.py", "é.txt", "漢/字.sql", "n" * 100, "n" * 101, f"{'deep/' * 40}end.py", "x" * 93 + "/y")


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 70_000])
def test_every_tar_reads_what_was_written(tmp_path: Path, size: int) -> None:
    """Python's reader and the machine's own tar."""
    root = tmp_path / "root"
    _write(root, dict.fromkeys(NAMES, "x" * size))
    archive = package(root)
    with tarfile.open(fileobj=io.BytesIO(archive.data)) as tar:
        read = {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar}
    assert read == dict.fromkeys(NAMES, b"x" * size)
    unpacked = subprocess.run(
        ["tar", "-xzf", "-", "-C", tmp_path], input=archive.data, capture_output=True, check=False
    )
    assert (unpacked.returncode, unpacked.stderr) == (0, b"")
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == b"x" * size


def test_name_is_the_sha256_of_the_bytes_and_does_not_depend_on_zlib(tmp_path: Path) -> None:
    """Recorded once: another Python, another zlib must give this digest too."""
    _write(tmp_path, {"flow.py": "print('hello')\n" * 9000, "lib/__init__.py": ""})
    archive = package(tmp_path)
    assert archive.name == archive.digest + ".tar.gz"
    assert archive.digest == "580fed758b088ca2031f4352b7196216da831739cae20473fce988ef04ecf891"
    assert _members(archive.data)["flow.py"].size == 135_000
    assert len(zlib.decompress(archive.data, wbits=31)) % 512 == 0


def test_members_carry_no_owner_and_no_time_and_only_the_executable_bit(tmp_path: Path) -> None:
    _write(tmp_path, {"plain.py": "1", "run.sh": "2"})
    (tmp_path / "plain.py").chmod(0o600)
    (tmp_path / "run.sh").chmod(0o777)
    members = _members(package(tmp_path).data)
    assert {name: oct(member.mode) for name, member in members.items()} == {"plain.py": "0o644", "run.sh": "0o755"}
    for member in members.values():
        assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".flowc/Flow/run/x", ""),
        (".git/HEAD", ""),
        ("a/__pycache__/x.py", ""),
        ("x.pyc", ""),
        ("env/pyvenv.cfg", ""),
    ],
)
def test_what_no_step_reads_is_left_out(tmp_path: Path, name: str, text: str) -> None:
    _write(tmp_path, {"flow.py": "", name: text})
    assert package(tmp_path).files == ("flow.py",)


def test_links_stay_inside_the_root(tmp_path: Path) -> None:
    _write(tmp_path / "root", {"flow.py": "flow", "data/table.csv": "1"})
    _write(tmp_path / "outside", {"secret.txt": "secret"})
    for name, target in {
        "inside.csv": "data/table.csv",
        "again": "data",
        "out.txt": "../outside/secret.txt",
        "out": str(tmp_path / "outside"),
        "gone": "nowhere",
        "data/loop": "..",
    }.items():
        (tmp_path / "root" / name).symlink_to(target)
    archive = package(tmp_path / "root")
    assert archive.files == ("again/table.csv", "data/table.csv", "flow.py", "inside.csv")
    assert archive.links == ("gone", "out", "out.txt")
    assert all(member.isfile() for member in _members(archive.data).values())


def test_a_link_to_itself_is_nothing(tmp_path: Path) -> None:
    """Nobody can say what it is, and no flow beside it is worse for it."""
    _write(tmp_path, {"flow.py": "", "data/table.csv": ""})
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "data/there.py").symlink_to("back.py")
    (tmp_path / "data/back.py").symlink_to("there.py")
    assert package(tmp_path).files == ("data/table.csv", "flow.py")


def test_flowcignore_is_stronger_than_gitignore_and_deeper_files_than_upper_ones(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            ".gitignore": "*.sql\n/out/\n",
            ".flowcignore": "!model.sql\nnotes/\n",
            "model.sql": "",
            "other.sql": "",
            "out/a": "",
            "sub/out/b": "",
            "sub/.gitignore": "!other.sql\nmodel.sql\n",
            "sub/other.sql": "",
            "sub/model.sql": "",
            "notes/x": "",
        },
    )
    assert package(tmp_path).files == (
        ".flowcignore",
        ".gitignore",
        "model.sql",
        "sub/.gitignore",
        "sub/other.sql",
        "sub/out/b",
    )


def test_rules_of_the_repository_above_the_root_hold_in_it(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            ".git/HEAD": "",
            ".gitignore": "/flows/data/\n*.log\n",
            "flows/f.py": "",
            "flows/data/x": "",
            "flows/a.log": "",
        },
    )
    assert package(tmp_path / "flows").files == ("f.py",)


_NAMES = ("a", "b", "ab", "a.py", "b.log", "x y", "[a]", "a*", "#a", "!b")
_PATHS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3).map("/".join)
_PATTERNS = st.one_of(
    st.sampled_from(
        (
            "*", "**", "a/**", "**/a", "a/**/b", "*.py", "!a", "/a", "a/", "!a/", "/a/*", "!/a/b", "?", "[ab]", "[!a]",
            "a\\*", "\\#a", "\\!b", "x\\ y", "a  ", "#a", "", "[[]a]", "[a-b]*", "**a", "a**b", "/**", "**/", "[]a]",
            "*/a", "a/b/", "[^b].py", "\\a",
        )
    ),
    _PATHS,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@example(paths=["b/a"], rules=["/**", "!b"], nested=[])
@given(
    paths=st.lists(_PATHS, min_size=1, max_size=8, unique=True),
    rules=st.lists(_PATTERNS, min_size=1, max_size=4),
    nested=st.lists(_PATTERNS, max_size=2),
)
def test_ignore_rules_agree_with_git(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str], rules: list[str], nested: list[str]
) -> None:
    """git itself is the oracle: what `git ls-files --others --exclude-standard` lists is what goes in."""
    root = tmp_path_factory.mktemp("repository")
    for path in paths:
        file = root / path
        if not any(parent.is_file() for parent in file.parents) and not file.is_dir():
            _write(root, {path: ""})
    _write(root, {".gitignore": "\n".join(rules) + "\n"})
    if (root / "a").is_dir():
        _write(root, {"a/.gitignore": "\n".join(nested) + "\n"})
    git = ["git", "-c", "core.excludesFile=/dev/null", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run([*git, "ls-files", "-z", "-o", "--exclude-standard"], check=True, capture_output=True)
    expected = sorted(filter(None, listed.stdout.decode().split("\0")), key=os.fsencode)
    assert list(package(root).files) == expected


def test_no_rules_match_nothing(tmp_path: Path) -> None:
    above = Ignores("", ())
    assert read_ignores(tmp_path, "", above) is above
    assert not above.match("x", is_folder=False)


ROOTS = [
    ({"flow.py": ""}, "flow.py", "."),
    ({"a/flow.py": ""}, "a/flow.py", "a"),
    ({".git/HEAD": "", "a/flow.py": ""}, "a/flow.py", "."),
    ({".git/HEAD": "", "a/pyproject.toml": "", "a/b/flow.py": ""}, "a/b/flow.py", "."),
    ({".git/HEAD": "", "a/pyproject.toml": "[tool.flowc]", "a/b/flow.py": ""}, "a/b/flow.py", "a"),
    ({"pyproject.toml": "[tool.flowc]", "a/pyproject.toml": "[tool.ruff]", "a/flow.py": ""}, "a/flow.py", "."),
    ({"pyproject.toml": "[tool.ruff]", "a/flow.py": ""}, "a/flow.py", "a"),
    ({"pyproject.toml": "[tool.flowc]\nroot = 'a'", "a/flow.py": ""}, "a/flow.py", "a"),
    ({".git/HEAD": "", "a/pyproject.toml": "[tool.flowc]\nroot = '..'", "a/flow.py": ""}, "a/flow.py", "."),
]


@pytest.mark.parametrize(("files", "flow", "root"), ROOTS)
def test_root_is_the_setting_then_the_project_then_the_repository_then_the_folder(
    tmp_path: Path, files: dict[str, str], flow: str, root: str
) -> None:
    _write(tmp_path, files)
    found = code_root(tmp_path / flow, read_settings(tmp_path / flow))
    assert found.resolve() == (tmp_path / root).resolve()


def test_root_must_hold_the_flow(tmp_path: Path) -> None:
    _write(tmp_path, {"flow.py": "", "other/x": ""})
    with pytest.raises(PackageError, match="does not lie in"):
        code_root(tmp_path / "flow.py", Settings(), tmp_path / "other")
    with pytest.raises(PackageError, match="no folder"):
        code_root(tmp_path / "flow.py", Settings(), tmp_path / "none")


@pytest.mark.parametrize("mark", ["", "a/.git/HEAD", "a/b/.git/HEAD"])
@pytest.mark.parametrize("root", ["..", "../../..", "/", "out"])
def test_no_repository_names_a_root_outside_of_it(tmp_path: Path, mark: str, root: str) -> None:
    """Else whoever wrote it could have a home folder packed. The command line may."""
    pyproject = f"[tool.flowc]\nroot = '{root}'"
    _write(tmp_path, {"a/pyproject.toml": pyproject, "a/flow.py": "", **({mark: ""} if mark else {})})
    (tmp_path / "a" / "out").symlink_to(tmp_path)
    settings = read_settings(tmp_path / "a" / "flow.py")
    with pytest.raises(SettingsError, match="leads out of the repository") as raised:
        code_root(tmp_path / "a" / "flow.py", settings)
    assert [(found.rule.code, found.span.line) for found in raised.value.report] == [("FC808", 2)]
    assert code_root(tmp_path / "a" / "flow.py", settings, tmp_path) == tmp_path


def test_what_lies_in_a_folder_of_everybody_says_nothing_about_what_is_below(tmp_path: Path) -> None:
    """As in /tmp: anybody may have put it there. A project in such a folder is read."""
    _write(tmp_path, {"pyproject.toml": "[tool.flowc]\nimage = 'theirs'", "a/flow.py": ""})
    assert read_settings(tmp_path / "a").text("image") == "theirs"
    tmp_path.chmod(0o1777)
    assert read_settings(tmp_path / "a").text("image") is None
    assert read_settings(tmp_path).text("image") == "theirs"


def test_a_folder_that_is_too_large_for_code_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "table.bin").open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(PackageError, match=r"more than 256 MiB.*--root.*\.flowcignore.*--image"):
        package(tmp_path)


def test_default_image_names_flow_and_digest() -> None:
    assert default_image("SquaresFlow", "0123456789abcdef", None) == "squaresflow:0123456789ab"
    assert default_image("F", "0123456789abcdef", "r.io/team/") == "r.io/team/f:0123456789ab"
