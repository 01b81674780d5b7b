"""Text that means something to a shell, a template engine or a YAML reader, and parameters that hold it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.dice import chance

HOSTILE = (
    'it\'s "quoted"',
    "$HOME ${HOME} $(HOME) $$ `id`",
    "{{ 1 + 1 }} {{=1+1}} {% raw %} {# x #}",
    "{{workflow.name}}{{inputs.parameters.index}}",
    "open {{ only",
    "closed }} only",
    "States.Format('{}') $.Name $$.Execution.Id",
    "%s %(x)s %%",
    "back\\slash \\n \\u0041 \\",
    "two\nlines\n",
    "tab\tand\r\ncarriage",
    " blanks around ",
    "",
    "null",
    "true",
    "1e3",
    "0o17",
    "~",
    "yes",
    "#comment",
    "- item",
    "key: value",
    "@file",
    "=1+1",
    "--flag",
    "script.sh",
    "é 漢 🎬 \u202e",
    "'''\"\"\"",
    "a,b;c|d&e>f<g",
    "*?[!x]",
    "x" * 3000,
)
"""What generated flows draw from."""

TEXTS = (
    *HOSTILE,
    # templates
    "{{=toJson(workflow)}}{{=sprig.env('HOME')}}",
    "{{ ''.__class__.__mro__ }}{{ var.value.x }}{{ ds }}",
    "{% if true %}on{% endif %}{% include 'x' %}",
    "{#- gone -#}\n# for x in y\n% raw",
    "{{{{'{'}}}} {{\n}} { { } }",
    "${{ secrets.TOKEN }} ${AWS::Region} ${StoreBucket} ${!Literal}",
    "$(FLOWC_STORE) $(FLOWC_FLOW) $$(HOME) $$$$ $",
    "$(touch CANARY) `touch CANARY` ; touch CANARY | x && touch CANARY\ntouch CANARY\n",
    "__import__('os').system('touch CANARY')",
    "Ref::name $$.Map.Item.Value $.a[0]",
    "States.Array($.x, States.UUID())",
    "$.a",
    "{% $states.input.a & 'x' %}",
    "%HOME% !x! %0A%0D",
    "::error file=a.py,line=1::no",
    # what YAML 1.1 reads
    "no", "on", "1_000", "1:30", ".inf", "2001-01-01", "<<", "=", "0x1F", "+1", "1.", "Null", "NaN",
    # its blocks and signs
    "  leading\n more", "? key", "--- ", "...", "a # b", "!!python/object:os.system x", "&anchor *alias", "| \n x", "\n", "\t", "x \ny ",
    "key:", "[a, {b: c}]", "%YAML 1.1",
    # ends that Airflow opens as files
    "readme.md", "query.sql", "run.bash", "values.json", "a.yaml ",
    # letters
    "\ufeffbom\ufeff inside", "nel\x85ls\u2028ps\u2029vt\x0bff\x0c\x1c", "lone\rcr\r", "\r\n", "zero\u200bwidth\u2066bidi\u2069",
    "\x01\x07\x08\x1b[31mred\x1b[0m\x7f\x9b", "\U0001f468\u200d\U0001f469 e\u0301 \U0010ffff \uffff",
    "\u0130\u0131\u017fK ß", "' OR 1=1 --",
    # documents
    '{"a": "{{b}}", "c.$": "$.d"}', "[1, null, \"x\"]", '"quoted"', "<script>&amp;</script> <![CDATA[",
)  # fmt: skip
"""Every text that the tests of hostile text carry."""


@dataclass(frozen=True, slots=True)
class GivenParameter:
    """A parameter: how it is declared, what a run is given (`given` is absent without `is_given`), what steps must see."""

    attribute: str
    name: str
    declaration: str
    is_given: bool
    given: object
    expected: object


def hostile(rng: random.Random) -> str:
    """One text, or two of them together."""
    text = rng.choice(HOSTILE)
    return text + rng.choice(HOSTILE) if chance(rng, 0.2) else text


_PIECES = (
    *(
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{=",
        "${",
        "$(",
        "$$",
        "$",
        "`",
        "'",
        '"',
        "\\",
        "%",
        "::",
        "Ref::",
        "States.",
        "workflow.name",
    ),
    *(
        " ",
        "  ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\x0b",
        "\x85",
        "\u2028",
        "\ufeff",
        "\u202e",
        "\u200b",
        "\x1b[1m",
        "\x7f",
        "\U0001f3ac",
        "é",
    ),
    *(
        "#",
        "- ",
        "? ",
        ": ",
        ":",
        "---",
        "|",
        ">",
        "&a",
        "*a",
        "!!int ",
        "@",
        ",",
        "[",
        "]",
        "{",
        "}",
        "~",
        "=",
        "<<",
        "\\u007b",
        "\\x41",
    ),
    *(
        "true",
        "null",
        "0",
        "1e5",
        "a",
        "Z",
        "_",
        ".sh",
        ".md",
        ".sql",
        "CANARY",
        ";touch CANARY;",
        "FLOWC_STORE",
        ")",
        "(",
        "/",
        "<",
        "&",
        "</script>",
    ),
)


def mixture(rng: random.Random) -> str:
    """A text put together from what means something somewhere."""
    return "".join(rng.choice(_PIECES) for _ in range(rng.randint(1, 9)))


def is_key(value: object) -> bool:
    """Whether a value can be a switch's key."""
    return value is None or isinstance(value, str | bool | int)


def draw_keys(rng: random.Random, count: int) -> tuple[object, ...]:
    """Different keys of a switch: texts, numbers, truths, None, or several kinds together."""
    kinds: tuple[tuple[object, ...], ...] = (
        ("yes", "no", "left", "right", "other"),
        HOSTILE[:-1],
        (0, 1, -1, 17, -(2**40), 10**12),
        (True, False, None, "None", "true"),
        (None, 0, "", "0", -3, "x"),
    )
    return tuple(rng.sample(rng.choice(kinds), count))


def draw_parameters(rng: random.Random) -> tuple[GivenParameter, ...]:
    """Up to four parameters of different kinds."""
    kinds = rng.sample(("text", "text2", "int", "float", "bool", "json", "none"), rng.choice((0, 0, 1, 2, 3, 4)))
    return tuple(_parameter(rng, kind) for kind in kinds)


def _parameter(rng: random.Random, kind: str) -> GivenParameter:
    kinds: dict[str, Callable[[], object]] = {
        "text": lambda: hostile(rng),
        "text2": lambda: hostile(rng),
        "int": lambda: rng.randint(-5, 5),
        "float": lambda: rng.choice((0.5, -1.25, 1e20, 3.0)),
        "bool": lambda: chance(rng, 0.5),
        "json": lambda: rng.choice(([1, "{{x}}"], {"a b": None, "$x": [True, 0.5]}, [], {"k": "it's"})),
        "none": lambda: None,
    }
    values = kinds[kind]
    default, given = values(), values()
    attribute = f"par_{kind}"
    name = f"par-{kind}" if chance(rng, 0.3) else attribute
    is_given = chance(rng, 0.6)
    if kind == "none":
        given = hostile(rng)
        declaration = f"Parameter({name!r}, type=str)"
    elif kind == "json":
        declaration = f"Parameter({name!r}, type=JSONType, default={json.dumps(default)!r})"
    else:
        declared = f"type={type(default).__name__}, " if chance(rng, 0.5) else ""
        declaration = f"Parameter({name!r}, {declared}default={default!r})"
    return GivenParameter(
        attribute, name, declaration, is_given, given if is_given else None, given if is_given else default
    )
