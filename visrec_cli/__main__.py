"""``python -m visrec_cli`` is ``visrec``."""

from visrec_cli.app import main

if __name__ == "__main__":
    main()
