"""`python -m cli`, where the command `hinterland` is not on PATH."""

from cli.main import main

main()
