"""Orders that the ledger believes alive: cancelled beside the first read of the exchange, which may be slow or failing.

A hint and no more: what is open is what the exchange lists. The ledger is read without being written, waited for or
needed; a bot that holds its lock does not hinder a reader (WAL).
"""

from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from mm.runner.emergency.rest_client import OpenOrder

MOST = 32
_ALIVE = """SELECT i.symbol, o.exchange_id, o.client_id, i.side FROM orders o JOIN intents i USING (client_id)
    WHERE o.status IN ('PENDING', 'UNKNOWN', 'OPEN') ORDER BY i.id DESC LIMIT ?"""


def known_orders(ledger: Path) -> list[OpenOrder]:
    """The newest first, prices and sizes left empty; none when there is no ledger.

    Raises OSError or sqlite3.Error when it cannot be read now.
    """
    if not ledger.is_file():
        return []
    import sqlite3  # noqa: PLC0415 - costs 10 ms, beside the first request and not before it

    with closing(sqlite3.connect(f"file:{quote(str(ledger))}?mode=ro", uri=True, timeout=0.0)) as connection:
        rows = connection.execute(_ALIVE, (MOST,)).fetchall()
    return [
        OpenOrder(symbol, int(exchange_id) if exchange_id.isdecimal() else 0, client_id, side, "", "")
        for symbol, exchange_id, client_id, side in rows
    ]
