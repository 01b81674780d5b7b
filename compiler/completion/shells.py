"""The shells: the script that each reads once, and how a half typed call comes in and candidates go out.

click's machinery does it, under its own variable (`_FLOWC_COMPLETE=bash_complete`). The scripts are ours: those of click put what is
offered into the line as it is, and split it at the spaces and stars in it. A line goes out for each candidate: its type, the text, its
help, with tabs between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from click.shell_completion import CompletionItem, ShellComplete, split_arg_string

from compiler.completion.candidates import candidates, is_plain

VARIABLE = "_FLOWC_COMPLETE"
"""Says which shell asks."""

_BASH = """\
_flowc_completion() {
    local line=${COMP_LINE:0:COMP_POINT} word cur prefix type value help
    word=${line##*[[:space:]]}
    cur=${word##*["$COMP_WORDBREAKS"]}
    prefix=${word%"$cur"}
    COMPREPLY=()
    while IFS=$'\\t' read -r type value help; do
        case $type in
            plain)
                COMPREPLY+=("${value#"$prefix"}")
                [[ $value == *[/=] ]] && compopt -o nospace
                ;;
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            flow)
                compopt -o filenames -o default
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.py' -- "$cur")
                ;;
        esac
    done < <(COMP_WORDS=$line _FLOWC_COMPLETE=bash_complete "$1" 2>/dev/null)
}

complete -o nosort -F _flowc_completion flowc
"""

_ZSH = """\
#compdef flowc

_flowc_completion() {
    local line="${(j: :)words[1,CURRENT-1]} $PREFIX" each
    local -a parts open closed
    for each in "${(@f)$(COMP_WORDS=$line _FLOWC_COMPLETE=zsh_complete $words[1] 2>/dev/null)}"; do
        parts=("${(@ps:\\t:)each}")
        case $parts[1] in
            plain) if [[ $parts[2] == *[/=] ]]; then open+=("$parts[2]"); else closed+=("$parts[2]"); fi ;;
            dir) _files -/ ;;
            file) _files ;;
            flow) _files -g '*.py' ;;
        esac
    done
    (( $#open )) && compadd -S '' -a open
    (( $#closed )) && compadd -a closed
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _flowc_completion "$@"
else
    compdef _flowc_completion flowc
fi
"""

_FISH = """\
function __flowc_completion
    set -l line (commandline -cp)
    for each in (env COMP_WORDS="$line" _FLOWC_COMPLETE=fish_complete flowc 2>/dev/null)
        set -l parts (string split \\t -- $each)
        switch $parts[1]
            case plain
                printf '%s\\t%s\\n' $parts[2] "$parts[3]"
            case dir
                __fish_complete_directories (commandline -ct)
            case file
                __fish_complete_path (commandline -ct)
            case flow
                __fish_complete_suffix .py
        end
    end
end

complete --command flowc --no-files --arguments '(__flowc_completion)'
"""

SCRIPTS: Mapping[str, str] = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
"""What `flowc completion SHELL` prints."""


class _Shell(ShellComplete):
    """A shell that has one of our scripts."""

    name: ClassVar[str] = "flowc"
    source_template: ClassVar[str] = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The whole words before the cursor, without the program's own, and the one that it is in."""
        import os  # noqa: PLC0415 - the name that click's classes have of it is theirs

        line = os.environ.get("COMP_WORDS", "")
        words = split_arg_string(line)
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        return words[1:], incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """What may stand there, as far as a shell takes it as it is."""
        return [item for item in candidates(self.cli, self.prog_name, args, incomplete) if is_plain(item)]

    def format_completion(self, item: CompletionItem) -> str:
        """A line."""
        told = " ".join((item.help or "").split())
        return f"{item.type}\t{item.value}\t{''.join(each for each in told if each.isprintable())}"


def answer(cli: Any, instruction: str) -> None:
    """Print what may stand at the cursor, for `bash_complete` and its like; nothing where anything goes wrong."""
    shell, _, kind = instruction.partition("_")
    if shell not in SCRIPTS or kind != "complete":
        return
    from compiler.terminal.said import AsIs, say  # noqa: PLC0415 - nothing else here prints

    printed = _Shell(cli, {}, "flowc", VARIABLE).complete()
    if printed:
        say(AsIs(printed))
