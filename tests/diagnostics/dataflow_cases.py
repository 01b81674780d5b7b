"""Artifacts along the ways of a flow (FC40x, FC41x): what no step can see, and what only looks like that."""

_HEAD = "from metaflow import *\n\nclass F(FlowSpec):\n"


def _flow(*steps: str, before: str = "") -> str:
    """A flow; each step is `name: statements` (a join: `name inputs: …`), statements apart by ` ; `, a mark under the line after `|`."""
    lines = [before] if before else []
    lines.append(_HEAD)
    for text in steps:
        head, _, body = text.partition(": ")
        name, *arguments = head.split()
        lines.append(f"    @step\n    def {name}({', '.join(('self', *arguments))}):")
        lines += [line for statement in body.split(" ; ") for line in _marked(statement)]
    return "\n".join([*lines, ""])


def _marked(text: str) -> list[str]:
    text, _, code = text.partition(" | ")
    found = ["        " + text.replace("«", "").replace("»", "")]
    if code:
        start = text.find("«")
        found.append(" " * (8 + start) + "^" * (text.find("»") - start - 1) + f" {code}")
    return found


_SWITCH = ("start: self.v = 1 ; self.next({1: self.a, 2: self.b}, condition='v')",)
_SPLIT = ("start: self.x = 1 ; self.next(self.a, self.b)",)
_EACH = ("start: self.items = [1, 2] ; self.next(self.a, foreach='items')",)

WRONG = {
    "a name that nothing sets": _flow("start: print(«self.x») | FC404"),
    "a misspelt artifact": _flow("start: self.total = 1 ; self.next(self.end)", "end: print(«self.totl») | FC404"),
    "a misspelt condition": _flow(
        "start: self.kind = 1 ; self.next({1: self.a, 2: self.b}, condition=«'kint'») | FC404",
        "a: self.next(self.end)",
        "b: self.next(self.end)",
        "end: pass",
    ),
    "changed in place before it is there": _flow("start: «self.rows».append(1) | FC404"),
    "added to before it is there": _flow("start: «self.n» += 1 | FC408"),
    "a read in a condition": _flow("start: if «self.flag»: | FC404 ;     pass"),
    "read by a helper": _flow("start: «self.show»() | FC404", "end: pass")
    .replace("    @step\n    def end", "    def show(self):\n        print(self.never)\n\n    def unused")
    .replace(", inputs", ""),
    "set by a later step": _flow("start: print(«self.x») | FC408 ; self.next(self.end)", "end: self.x = 1"),
    "set on another branch": _flow(
        *_SPLIT,
        "a: self.y = 1 ; self.next(self.j)",
        "b: print(«self.y») | FC408 ; self.next(self.j)",
        "j inputs: self.next(self.end)",
        "end: pass",
    ),
    "lost at a join": _flow(
        *_SPLIT,
        "a: self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: self.next(self.end)",
        "end: print(«self.x») | FC407",
    ),
    "lost at the join itself": _flow(
        *_EACH,
        "a: self.y = self.input ; self.next(self.j)",
        "j inputs: print(«self.y») | FC407 ; self.next(self.end)",
        "end: pass",
    ),
    "lost because the merge leaves it out": _flow(
        *_SPLIT,
        "a: self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: self.merge_artifacts(inputs, exclude=['x']) ; self.next(self.end)",
        "end: print(«self.x») | FC407",
    ),
    "lost because the merge takes another": _flow(
        *_SPLIT,
        "a: self.y = 1 ; self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: self.merge_artifacts(inputs, include=['y']) ; self.next(self.end)",
        "end: print(self.y, «self.x») | FC407",
    ),
    "lost two joins ago": _flow(
        "start: self.x = 1 ; self.next(self.a, self.b)",
        "a: self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: self.items = [1] ; self.next(self.c, foreach='items')",
        "c: self.next(self.k)",
        "k inputs: self.merge_artifacts(inputs) ; self.next(self.end)",
        "end: print(«self.x») | FC407",
    ),
    "set on one arm of a switch": _flow(
        *_SWITCH, "a: self.x = 1 ; self.next(self.end)", "b: self.next(self.end)", "end: print(«self.x») | FC409"
    ),
    "set on one arm, read far behind": _flow(
        *_SWITCH,
        "a: self.next(self.c)",
        "b: self.x = 2 ; self.next(self.c)",
        "c: self.next(self.d)",
        "d: self.next(self.end)",
        "end: print(«self.x») | FC409",
    ),
    "a list that its branches set": _flow(
        *_EACH, "a: «self.items» = [] | FC410 ; self.next(self.j)", "j inputs: self.next(self.end)", "end: pass"
    ),
    "a value that nobody reads": _flow(
        "start: «self.x» = 1 | FC414 ; self.y = 2 ; self.next(self.end)", "end: print(self.y)"
    ),
    "branches with other values": _flow(
        *_SPLIT,
        "a: self.y = 'a' ; self.next(self.j)",
        "b: self.y = 'b' ; self.next(self.j)",
        "j inputs: «self.merge_artifacts(inputs)» | FC411 ; self.next(self.end)",
        "end: pass",
    ),
    "arms of one branch, of which a run takes one": _flow(
        "start: self.next(self.a, self.b)",
        "a: self.next(self.j)",
        "b: self.v = 1 ; self.next({1: self.c, 2: self.d}, condition='v')",
        "c: self.y = 'c' ; self.next(self.j)",
        "d: self.y = 'd' ; self.next(self.j)",
        "j inputs: self.merge_artifacts(inputs) ; «self.z» = 1 | FC414 ; self.next(self.end)",
        "end: print(self.y)",
    ),
    "an arm of one branch against the other branch": _flow(
        "start: self.next(self.a, self.b)",
        "a: self.y = 'a' ; self.next(self.j)",
        "b: self.v = 1 ; self.next({1: self.c, 2: self.d}, condition='v')",
        "c: self.y = 'c' ; self.next(self.e)",
        "d: self.next(self.e)",
        "e: self.next(self.j)",
        "j inputs: «self.merge_artifacts(inputs)» | FC411 ; self.next(self.end)",
        "end: pass",
    ),
    "one branch that sets anew": _flow(
        *_SPLIT,
        "a: self.x = 2 ; self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: «self.merge_artifacts(inputs)» | FC411 ; self.next(self.end)",
        "end: pass",
    ),
    "an input without the artifact": _flow(
        *_SPLIT,
        "a: self.y = 1 ; self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: print(inputs.a.y, inputs[0].x, «inputs.b.y», «inputs[1].z») | FC412 ; self.next(self.end)",
        "end: pass",
    ).replace("^" * 10 + " FC412", "^" * 10 + " FC412\n" + " " * 51 + "^" * 11 + " FC412"),
    "an input that is no branch": _flow(
        *_SPLIT,
        "a: self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: print(«inputs.c».x) | FC413 ; self.next(self.end)",
        "end: pass",
    ),
}

RIGHT = {
    "set by a helper that is called before": _flow("start: self.load() ; print(self.x)", "end: pass").replace(
        "    @step\n    def end(self):\n        pass",
        "    def load(self):\n        self.fill()\n\n    def fill(self):\n        self.x = 1",
    ),
    "read by a helper on a condition": _flow("start: self.show(1)", "end: pass").replace(
        "    @step\n    def end(self):\n        pass",
        "    def show(self, what=None):\n        print(self.what if what is None else what)",
    ),
    "missing, as a test says": _flow("start: with pytest.raises(AttributeError): ;     self.x"),
    "read after a plain step": _flow("start: self.x = 1 ; self.next(self.end)", "end: print(self.x)"),
    "asked for by hasattr": _flow("start: if hasattr(self, 'x'): ;     print(self.x)"),
    "asked for by getattr": _flow("start: print(getattr(self, 'x', 1)) ; print(self.x)"),
    "expected to be missing": _flow("start: try: ;     print(self.x) ; except AttributeError: ;     self.x = 1"),
    "suppressed": _flow("start: with suppress(AttributeError): ;     print(self.x)"),
    "set in a loop before": _flow("start: for i in range(3): ;     if i: ;         print(self.x) ;     self.x = i"),
    "set under a condition": _flow("start: if v: ;     self.x = 1 ; self.next(self.end)", "end: print(self.x)"),
    "read under a condition after a switch": _flow(
        *_SWITCH,
        "a: self.x = 1 ; self.next(self.end)",
        "b: self.next(self.end)",
        "end: if self.v == 1: ;     print(self.x)",
    ),
    "read behind an early return": _flow(
        *_SWITCH,
        "a: self.x = 1 ; self.next(self.end)",
        "b: self.next(self.end)",
        "end: if self.v == 2: ;     return ; print(self.x)",
    ),
    "read in one arm of an expression": _flow(
        *_SWITCH,
        "a: self.x = 1 ; self.next(self.end)",
        "b: self.next(self.end)",
        "end: print(self.x if self.v == 1 else 0, self.v == 1 and self.x)",
    ),
    "set on all arms": _flow(
        *_SWITCH, "a: self.x = 1 ; self.next(self.end)", "b: self.x = 2 ; self.next(self.end)", "end: print(self.x)"
    ),
    "self goes somewhere": _flow("start: fill(self) ; self.next(self.end)", "end: print(self.anything)"),
    "set by exec": _flow("start: exec('self.x = 1') ; self.next(self.end)", "end: print(self.x)"),
    "set by a computed name": _flow("start: setattr(self, name, 1) ; self.next(self.end)", "end: print(self.x)"),
    "set by vars": _flow("start: vars(self)['x'] = 1 ; self.next(self.end)", "end: print(self.x)"),
    "merged": _flow(
        *_SPLIT,
        "a: self.y = 1 ; self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: self.merge_artifacts(inputs) ; self.next(self.end)",
        "end: print(self.x, self.y)",
    ),
    "merged by lists that only run time knows": _flow(
        *_SPLIT,
        "a: self.y = 1 ; self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: self.merge_artifacts(inputs, exclude=names()) ; self.next(self.end)",
        "end: print(self.x, self.y)",
    ),
    "merged in a comprehension of the inputs": _flow(
        *_EACH,
        "a: self.y = self.input ; self.next(self.j)",
        "j inputs: self.ys = [i.y for i in inputs] ; self.next(self.end)",
        "end: print(self.ys)",
    ),
    "the same value on both branches": _flow(
        *_SPLIT,
        "a: self.y = 1 ; self.next(self.j)",
        "b: self.y = 1 ; self.next(self.j)",
        "j inputs: self.merge_artifacts(inputs) ; self.next(self.end)",
        "end: pass",
    ),
    "set by the join before it merges": _flow(
        *_SPLIT,
        "a: self.x = 2 ; self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: self.x = 3 ; self.merge_artifacts(inputs) ; self.next(self.end)",
        "end: print(self.x)",
    ),
    "an inner foreach over the same name": _flow(
        *_EACH,
        "a: self.items = [1] ; self.next(self.b, foreach='items')",
        "b: self.next(self.j)",
        "j inputs: self.next(self.k)",
        "k inputs: self.next(self.end)",
        "end: pass",
    ),
    "a repeating step that counts": _flow(
        "start: self.n = 0 ; self.again = True ; self.next(self.loop)",
        "loop: self.n += 1 ; self.again = self.n < 3 ; self.next({True: self.loop, False: self.end}, condition='again')",
        "end: print(self.n)",
    ),
    "what @catch sets": _flow("start: self.next(self.end)", "end: print(self.oops)").replace(
        "    @step\n    def start", "    @catch(var='oops')\n    @step\n    def start"
    ),
    "a walrus, a with, a for, a tuple": _flow(
        "start: with open('f') as self.f: ;     pass ; for self.i in []: ;     pass ; self.a, *self.b = 1, 2 ; self.next(self.end)",
        "end: print(self.f, self.i, self.a, self.b)",
    ),
    "a nested function that sets it": _flow(
        "start: def fill(): ;     self.x = 1 ; fill() ; self.next(self.end)", "end: print(self.x)"
    ),
    "a value of each item, of which there may be one": _flow(
        *_EACH,
        "a: self.y = 2 * self.input ; self.next(self.j)",
        "j inputs: self.merge_artifacts(inputs) ; self.next(self.end)",
        "end: pass",
    ),
    "an input named by its last step": _flow(
        *_SPLIT,
        "a: self.next(self.c)",
        "c: self.y = 1 ; self.next(self.j)",
        "b: self.next(self.j)",
        "j inputs: print(inputs.c.y, inputs.a.y) ; self.next(self.end)",
        "end: pass",
    ),
}
CASES = {**WRONG, **{f"right: {name}": text for name, text in RIGHT.items()}}
