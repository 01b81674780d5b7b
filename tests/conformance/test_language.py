"""The language's own page: every rule is shown by a test, and no test shows a rule that is not there."""

from __future__ import annotations

import compiler.frontend
from tests.conformance import language
from tests.diagnostics import page


def test_every_rule_is_shown_by_a_test() -> None:
    assert not set(language.rules()) - set(language.shown()), "name a rule where a flow or test shows it"


def test_tests_show_only_rules_that_exist() -> None:
    assert not set(language.shown()) - set(language.rules())


def test_codes_that_the_page_names_exist() -> None:
    assert language.codes_named() <= set(language.known_codes())


def test_refusals_of_the_graph_and_of_values_are_all_named() -> None:
    """A rule of the frontend that the page does not name would be a surprise to its reader."""
    assert not set(page.rules(compiler.frontend)) - language.codes_named()
