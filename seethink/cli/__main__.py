"""``python -m seethink.cli``."""

from seethink.cli import main

if __name__ == "__main__":
    main()
