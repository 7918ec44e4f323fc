"""Binance's error answers: HTTP status, code and message as the real API words them.

Source: Binance Spot API documentation, "Error codes", and the table in docs/venue.md.
"""

from typing import Any


class ApiError(Exception):
    """Answered as `{"code": code, "msg": message}` with `status`; `retry_after` seconds for a 429 or 418.

    `data` goes into the answer as it is.
    """

    def __init__(
        self, code: int, message: str, status: int = 400, retry_after: int = 0, *, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.data = data

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        return body if self.data is None else body | {"data": self.data}


def unknown() -> ApiError:
    """The venue itself failed; whether the request was carried out is not known."""
    return ApiError(-1000, "An unknown error occurred while processing the request.", status=500)


def missing(name: str) -> ApiError:
    return ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def missing_both(first: str, second: str) -> ApiError:
    return ApiError(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def illegal(name: str, legal: str) -> ApiError:
    return ApiError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def duplicate() -> ApiError:
    return ApiError(-1101, "Duplicate values for a parameter detected.")


def too_many(expected: int, received: int) -> ApiError:
    return ApiError(-1101, f"Too many parameters; expected '{expected}' and received '{received}'.")


def not_all_read(read: int, sent: int) -> ApiError:
    return ApiError(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")


def empty(name: str) -> ApiError:
    return ApiError(-1105, f"Parameter '{name}' was empty.")


def invalid(name: str) -> ApiError:
    return ApiError(-1130, f"Data sent for parameter '{name}' is not valid.")


def bad_symbol() -> ApiError:
    return ApiError(-1121, "Invalid symbol.")


def bad_key_format() -> ApiError:
    return ApiError(-2014, "API-key format invalid.", status=401)


def bad_key() -> ApiError:
    return ApiError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)


def bad_signature() -> ApiError:
    return ApiError(-1022, "Signature for this request is not valid.")


def too_precise(name: str) -> ApiError:
    return ApiError(-1111, f"Parameter '{name}' has too much precision.")


def window_too_large(most_ms: int) -> ApiError:
    return ApiError(-1102, f"'recvWindow' contains unexpected value. Cannot be greater than {most_ms}.")


def ahead_of_server() -> ApiError:
    return ApiError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")


def outside_window() -> ApiError:
    return ApiError(-1021, "Timestamp for this request is outside of the recvWindow.")


def unauthorized() -> ApiError:
    return ApiError(-1002, "You are not authorized to execute this request.", status=401)


def bad_time_unit() -> ApiError:
    return ApiError(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")


def invalid_json(name: str | None = None) -> ApiError:
    """The whole request, or the value of one of its fields."""
    return ApiError(-1135, "Invalid JSON Request" if name is None else f"JSON sent for parameter '{name}' is not valid")


def bad_combination() -> ApiError:
    return ApiError(-1128, "Combination of optional parameters invalid.")
