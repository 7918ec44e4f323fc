"""Refusals in Binance's own words. `code` and `message` go to the wire as they are."""


class VenueError(Exception):
    """The venue refuses a request; nothing has changed, neither in memory nor on disk."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


def filter_failure(name: str) -> VenueError:
    return VenueError(-1013, f"Filter failure: {name}")


def rejected(why: str) -> VenueError:
    """-2010, NEW_ORDER_REJECTED."""
    return VenueError(-2010, why)


INSUFFICIENT = "Account has insufficient balance for requested action."
WOULD_MATCH = "Order would immediately match and take."
WOULD_TRIGGER = "Order would trigger immediately."
"""As documented in Binance's errors.md; clients also know an older "Stop price would trigger immediately."."""
NO_LIQUIDITY = "Order book liquidity is less than symbol minimum quantity."
"""quoteOrderQty on a side without orders."""
RESTRICTED = "Order was not canceled due to cancel restrictions."
ICEBERG_EXCEEDS = "IcebergQty exceeds QTY."
DUPLICATE = "Duplicate order sent."


def bad_combination() -> VenueError:
    return VenueError(-1014, "Unsupported order combination.")


def bad_symbol() -> VenueError:
    return VenueError(-1121, "Invalid symbol.")


def unknown_order() -> VenueError:
    """A cancel or amend of an order that is not open."""
    return VenueError(-2011, "Unknown order sent.")


def no_such_order() -> VenueError:
    """A query of an order the account never had."""
    return VenueError(-2013, "Order does not exist.")


def no_such_list() -> VenueError:
    """A query of an order list the account never had."""
    return VenueError(-2018, "Order list does not exist.")


def missing(parameter: str) -> VenueError:
    return VenueError(-1102, f"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed.")


def unexpected(parameter: str) -> VenueError:
    return VenueError(-1106, f"Parameter '{parameter}' sent when not required.")


def too_precise(parameter: str) -> VenueError:
    return VenueError(-1111, f"Parameter '{parameter}' has too much precision.")
