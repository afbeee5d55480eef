"""`python -m services.ops <command>`: the entry point of the image that operations run."""

from services.ops.cli import main

if __name__ == "__main__":
    main()
