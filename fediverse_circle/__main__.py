"""`python -m fediverse_circle` is `fediverse-circle`."""

from fediverse_circle.cli import main

main()
