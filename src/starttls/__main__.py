"""``python -m starttls`` is the command line."""

from starttls.cli.main import main

if __name__ == "__main__":
    main()
