"""Words of other command lines are answered with the word of flowc's that does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flowc.language import command_line

from compiler.backends.targets import BUILT_IN
from compiler.call.other_words import command_for
from compiler.commands import COMMANDS, TARGETS
from tests.stages.command_line import Flowc

KNOWN = [*COMMANDS, *TARGETS]

MISTAKES = [
    ("argo-workflows create flow.py", "it is `flowc argo create flow.py`"),
    ("argo-workflows --name x create", "it is `flowc argo create flow.py`"),
    ("aws-step-functions create flow.py:SumFlow", "it is `flowc step-functions create flow.py:SumFlow`"),
    ("resume flow.py", "`flowc run flow.py --resume`"),
    ("flow.py", "`flowc run flow.py`"),
    ("flow.py check", "`flowc check flow.py`"),
    ("flow.py --no-pylint argo create", "`flowc argo flow.py`"),
    ("airflow flow.py", "`flowc airflow create flow.py`"),
    ("airflow --create flow.py", "`flowc airflow create flow.py`"),
    ("airflow creat flow.py", "did you mean `create`?"),
    ("deploy flow.py", "say for which target: `flowc argo deploy flow.py`"),
    ("argo apply flow.py", "it is `flowc argo deploy flow.py`"),
    ("airflow submit flow.py", "it is `flowc airflow trigger flow.py`"),
    ("airflow pause X", "it is `flowc airflow suspend NAME`"),
    ("stepfunctions list-runs", "it is `flowc runs FLOW --target step-functions`"),
    ("argo terminate x", "it is `flowc terminate RUN`"),
    ("argo trigge flow.py", "did you mean `trigger`?"),
    ("frobnicate", "there are: airflow, argo, card"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES)
def test_a_word_that_is_no_command_is_answered_with_ours(flowc: Flowc, words: str, said: str) -> None:
    ended = flowc(*words.split())
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "?;" not in ended.err


def test_every_word_of_a_flow_files_own_command_line_is_known_here() -> None:
    """What `python flow.py WORD` takes, or refuses with what to use, is no unknown word of `flowc` either."""
    words = {*command_line._COMMANDS, *command_line._TARGETS, *command_line._INSTEAD}
    for word in words - {*KNOWN, "stepfunctions", "output-raw"}:
        assert "there are:" not in command_for([word, "flow.py"], KNOWN), word


def test_what_is_advised_exists(flowc: Flowc) -> None:
    """Each command in the answers is one of ours."""
    said = [command_for([word], KNOWN) for word in ("resume", "tag", "create", "code", "help", "batch", "output-dot")]
    named = {match[1] for text in said for match in re.finditer(r"`flowc ([a-z][a-z-]*)", text)}
    assert named <= {*COMMANDS, *BUILT_IN}
    assert len(named) > 3


NOT_INSTALLED = [
    ("kfp create flow.py", ""),
    ("check --target kfp flow.py", ""),
    ("doctor kfp", ""),
    ("config flow.py --target kfp", ""),
    ("check flow.py", '[tool.flowc.kfp]\nqos = "Guaranteed"\n'),
    ("check flow.py", '[tool.flowc]\ntargets = ["argo", "kfp"]\n'),
]


@pytest.mark.parametrize(("words", "settings"), NOT_INSTALLED)
def test_a_target_that_is_not_installed_is_said_to_be_and_how_it_comes(
    flowc: Flowc, folder: Path, words: str, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compiler.backends.targets.brought", tuple)
    (folder / "pyproject.toml").write_text(settings)
    ended = flowc(*words.split())
    assert "the target `kfp` is not installed: pip install 'flowc[kfp]'" in ended.err + ended.out
    assert ended.code in {1, 2}
