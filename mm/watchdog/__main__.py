"""What `mm run` starts: `mm watchdog` without the command line's machinery, so that it is there at once and small."""

import argparse
import sys
from pathlib import Path

from mm.domain.errors import MmError
from mm.home import ENVIRONMENTS, Home
from mm.watchdog.process import Manner, mind


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mm.watchdog")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--environment", choices=ENVIRONMENTS, required=True)
    parser.add_argument("--stale-after", type=float, required=True, help="seconds")
    parser.add_argument("--check-every", type=float, required=True, help="seconds")
    given = parser.parse_args()
    try:
        return mind(Home(given.home), given.environment, Manner(given.stale_after, given.check_every, until_end=True))
    except MmError as error:
        print(f"mm: {error}", file=sys.stderr)  # noqa: T201  into watchdog.log
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
