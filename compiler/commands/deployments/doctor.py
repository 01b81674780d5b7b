"""`flowc doctor`: whether a target's engine can be reached, and what is in the way."""

from __future__ import annotations

import json

import click

from compiler.call.options import WithHelp, env_option
from compiler.operate.engines import engine_of
from compiler.operate.health import diagnoses
from compiler.operate.telling.documents import VERSION, diagnosis_facts
from compiler.operate.telling.lines import diagnosis_line
from compiler.operate.words import asked_of, connection_option, json_option, store_option
from compiler.terminal.said import say, say_json


@click.command("doctor", cls=WithHelp)
@click.argument("target", metavar="TARGET")
@store_option
@env_option
@connection_option
@json_option
def COMMAND(target: str, store: str | None, env: str | None, connection: tuple[str, ...], as_json: bool) -> int:
    """Look whether all is there that deploying and watching needs: engine, version, rights, store, clock.

    Changes nothing, but for one small object that it writes into the store and deletes. Exit code 5 where something is wrong.

    \b
      flowc doctor argo
      flowc doctor airflow --env prod --json
    """
    asked = asked_of(store, target, env, connection)
    found = list(diagnoses(engine_of(target, asked.settings, asked.connection), asked))
    if as_json:
        document = {"version": VERSION, "target": target, "checks": [diagnosis_facts(each) for each in found]}
        say_json(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for each in found:
            say(*diagnosis_line(each))
    return 5 if any(each.is_well is False for each in found) else 0
