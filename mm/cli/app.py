"""The `mm` command."""


def main() -> None:
    raise SystemExit("mm: no command yet")
