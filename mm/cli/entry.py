"""Where the `mm` command begins: an emergency stop goes ahead of everything that takes time to import."""

import sys

from mm.process_guard import forbid_core_dumps


def main() -> None:
    forbid_core_dumps()
    arguments = sys.argv[1:]
    if "--emergency" in arguments:
        from mm.cli import emergency

        if emergency.is_emergency(arguments):
            sys.exit(emergency.run(arguments))
    from mm.cli import app

    app.main()
