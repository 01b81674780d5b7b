"""`python -m compiler`: the command `flowc` where there is no console script."""

from compiler.cli import main

main()
