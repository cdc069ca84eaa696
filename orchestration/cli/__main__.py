"""`python -m orchestration.cli`, for whoever starts it without the script."""

from orchestration.cli import main

main()
