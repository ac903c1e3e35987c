"""``python -m ganvas``."""

from ganvas.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
