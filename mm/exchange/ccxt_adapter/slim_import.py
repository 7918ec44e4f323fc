"""Import ccxt's Binance class alone.

The bodies of the packages `ccxt`, `ccxt.async_support` and `ccxt.pro` import every exchange: 1.1 s and 104 MB.
Standing in bare packages first and importing only Binance's modules takes half the time and half the memory.
Where that fails, for one because ccxt moved a module, the plain import is taken instead.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGES = {"ccxt": "", "ccxt.async_support": "async_support", "ccxt.pro": "pro"}


def load_binance() -> Any:
    """The class `ccxt.pro.binance`. A ccxt that was imported before is taken as it is."""
    if "ccxt" in sys.modules:
        return _plain()
    before = set(sys.modules)
    try:
        return _slim()
    except Exception:  # noqa: BLE001 - whatever breaks the short cut, the plain import is the remedy
        for name in set(sys.modules) - before:
            if name == "ccxt" or name.startswith("ccxt."):
                del sys.modules[name]
        return _plain()


def _plain() -> Any:
    return importlib.import_module("ccxt.pro.binance").binance


def _slim() -> Any:
    spec = importlib.util.find_spec("ccxt")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("ccxt is not installed as a package")
    root = Path(next(iter(spec.submodule_search_locations)))
    for name, folder in _PACKAGES.items():
        package = ModuleType(name)
        package.__path__ = [str(root / folder)]
        sys.modules[name] = package
    errors = importlib.import_module("ccxt.base.errors")
    base = importlib.import_module("ccxt.base.exchange")
    # What ccxt's own modules take from the package bodies: the base class, its errors, the REST class.
    ccxt = sys.modules["ccxt"]
    ccxt.Exchange = base.Exchange  # type: ignore[attr-defined]  # a bare module gets the names of the real one
    ccxt.__version__ = base.__version__  # type: ignore[attr-defined]  # as above
    for name in errors.__all__:
        setattr(ccxt, name, getattr(errors, name))
    rest = sys.modules["ccxt.async_support"]
    rest.binance = importlib.import_module("ccxt.async_support.binance").binance  # type: ignore[attr-defined]  # as above
    ccxt.async_support = rest  # type: ignore[attr-defined]  # as above
    return importlib.import_module("ccxt.pro.binance").binance
