"""The rules FC70x and FC71x, which a flow breaks, and FC72x, which the policy itself breaks."""

from __future__ import annotations

from compiler.diagnostics import Rule

DECORATOR_REQUIRED = Rule(
    code="FC701",
    name="decorator-required",
    message="{subject} has no `@{decorator}`, which the policy requires",
    help="write `@{decorator}` there{because}",
)
RETRIES_UNDER_POLICY = Rule(
    code="FC702",
    name="retries-under-policy",
    message="the number of retries of `{step}` is {times}, and the policy asks for {least} or more",
    help="write `@retry(times={least})`{because}",
)
TIMEOUT_OVER_POLICY = Rule(
    code="FC703",
    name="timeout-over-policy",
    message="an attempt of `{step}` may take {allowed}, and the policy allows {most}",
    help="write `@timeout(seconds={most_seconds})`, or less{because}",
)
SIZE_OVER_POLICY = Rule(
    code="FC704",
    name="size-over-policy",
    message="a task of `{step}` gets `{size}={asked}`{where}, and the policy allows {most}",
    help="ask for at most `@resources({size}={most})`{because}",
)
IMAGE_NOT_ALLOWED = Rule(
    code="FC705",
    name="image-not-allowed",
    message="{subject} runs in the image `{image}`, and the policy allows {allowed}",
    help="{cure}{because}",
)
REGISTRY_NOT_ALLOWED = Rule(
    code="FC706",
    name="registry-not-allowed",
    message="the image `{image}` of {subject} comes from `{registry}`, and the policy allows {allowed}",
    help="{cure}{because}",
)
TAG_REQUIRED = Rule(
    code="FC707",
    name="tag-required",
    message="on {target} the flow has {found}, and the policy asks for `{tag}`",
    help="write it in `{key}` of `[tool.flowc.{target}]`{because}",
)
OWNER_REQUIRED = Rule(
    code="FC708",
    name="owner-required",
    message="on {target} the flow has {found}, and the policy asks for {wanted}",
    help="write it in `[tool.flowc.{target}]`: `{cure}`{because}",
)
NAME_NOT_ALLOWED = Rule(
    code="FC709",
    name="name-not-allowed",
    message="the {what} `{name}` does not fit the pattern of the policy, `{pattern}`",
    help="rename it{because}",
)
TARGET_FORBIDDEN = Rule(
    code="FC710",
    name="target-forbidden",
    message="the policy forbids to compile flows for {target}",
    help="compile it for another target{because}",
)
CATCHUP_FORBIDDEN = Rule(
    code="FC711",
    name="catchup-forbidden",
    message="on {target} the schedule would start the runs that it has missed, which the policy forbids",
    help="leave `catchup` out of `[tool.flowc.{target}]`{because}",
)
SCHEDULE_TOO_OFTEN = Rule(
    code="FC712",
    name="schedule-too-often",
    message="`{cron}` starts runs {minutes} apart, and the policy asks for {least} or more",
    help="let the schedule start less often{because}",
)
UNKNOWN_KEY = Rule(
    code="FC720",
    name="unknown-policy",
    message="`{table}` has no key `{key}`{meant}",
    help="docs/policy.md names them all",
)
WRONG_VALUE = Rule(
    code="FC721",
    name="wrong-policy-value",
    message="`{key}` of the policy must be {wanted}, not `{found}`",
    help="as in `{example}`",
)
SLOW_PATTERN = Rule(
    code="FC722",
    name="slow-policy-pattern",
    message="comparing the pattern of `{key}` with the name `{name}` takes more than a second",
    help="let no part that repeats stand within another that repeats: `([a-z]+)*` is `[a-z]*`",
    locked=True,
)
RULES_MISSING = Rule(
    code="FC723",
    name="rules-missing",
    message="no installed distribution brings the rules `{name}`{meant}",
    help="install it beside flowc; it names them in the entry points `flowc.rules`",
)
RULES_REFUSED = Rule(
    code="FC724",
    name="rules-refused",
    message="the rules `{name}` of {distribution} cannot be used: {why}",
    help="tell those who maintain {distribution}; until then take `{name}` out of `rules`",
)
RULE_FAILED = Rule(
    code="FC725",
    name="rule-failed",
    message="the rule {code} of {distribution} failed on `{flow}`: {why}",
    help="tell those who maintain {distribution}: whether the flow keeps the rule is not known",
    locked=True,
)
COMMENT_ON_LOCKED = Rule(
    code="FC726",
    name="comment-on-locked-policy",
    message="this comment silences nothing: the policy is locked, and {code} stays",
    help="cure the finding and remove the comment, or ask those who keep the policy",
    severity="warning",
    locked=True,
)
