"""Value objects that are made many times a second: frozen for the type checker, not at run time.

A frozen dataclass sets each field through `object.__setattr__`, which more than doubles the cost of making one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:

    def value(*, frozen: bool, **options: Any) -> Any:
        """As `dataclass`; equality and hash by the fields, as of a frozen one."""
        assert frozen  # noqa: S101 - what the type checker is told
        return dataclass(unsafe_hash=True, **options)


__all__ = ["value"]
