"""The short way of importing ccxt, its saving, and the plain way when it fails. In processes of their own."""

import json
import subprocess
import sys

import pytest

_SCRIPT = """
import json, sys

import psutil
{before}
from mm.exchange.ccxt_adapter.slim_import import load_binance
binance = load_binance()
others = sum(name.startswith("ccxt.async_support.") and name.count(".") == 2 for name in sys.modules)
print(json.dumps({{
    "name": binance.__name__, "module": binance.__module__, "bases": [one.__name__ for one in binance.__mro__],
    "modules": others, "resident": psutil.Process().memory_info().rss,
    "whole": hasattr(sys.modules["ccxt"], "kraken"),
}}))
"""


def loaded(before: str = "") -> dict[str, object]:
    done = subprocess.run(  # noqa: S603 - this interpreter and a script of this file
        [sys.executable, "-c", _SCRIPT.format(before=before)], capture_output=True, text=True, timeout=60, check=True
    )
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_only_binance_is_imported() -> None:
    found = loaded()
    assert (found["name"], found["module"], found["whole"]) == ("binance", "ccxt.pro.binance", False)
    modules = found["modules"]
    assert isinstance(modules, int)
    assert modules < 10


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("import ccxt", id="ccxt-was-imported-before"),
        pytest.param(
            "import mm.exchange.ccxt_adapter.slim_import as slim; slim._PACKAGES['ccxt.pro'] = 'moved'",
            id="ccxt-moved-a-module",
        ),
    ],
)
def test_the_plain_import_is_the_way_out(before: str) -> None:
    short, plain = loaded(), loaded(before)
    assert plain["whole"]
    assert plain["bases"] == short["bases"]
    assert isinstance(plain["resident"], int)
    assert isinstance(short["resident"], int)
    assert short["resident"] < 0.75 * plain["resident"]
