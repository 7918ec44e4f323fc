"""The venue's own process: `python -m mm.exchange.venue_server --home MM_HOME …`; `mm sim start` starts it.

With --ready-fd it detaches, writes one line to that descriptor once it answers, and outlives whoever started it.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from mm.process_guard import forbid_core_dumps

log = logging.getLogger("mm.venue")
READY = b"ready\n"


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mm.exchange.venue_server", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--scenario", default="ordinary")
    parser.add_argument("--replay", type=Path, action="append", default=[])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-price", type=Decimal, default=Decimal(3000))
    parser.add_argument("--deposit", type=Decimal, default=Decimal(100))
    parser.add_argument("--maker-fee", type=Decimal, default=Decimal("0.001"))
    parser.add_argument("--taker-fee", type=Decimal, default=Decimal("0.001"))
    parser.add_argument("--queue", default="conservative")
    parser.add_argument("--from-ms", type=int, default=None)
    parser.add_argument("--flavour", choices=("mainnet", "testnet"), default="mainnet")
    parser.add_argument("--as", dest="serve_as", default=None)
    parser.add_argument("--ready-fd", type=int, default=None)
    return parser.parse_args(arguments)


def _detach() -> None:
    """The process that was started ends at once, so nobody has to wait for its child."""
    if os.fork():
        os._exit(0)


async def _serve(given: argparse.Namespace) -> int:
    # Imported late, so that a wrong argument is answered at once.
    from mm.domain.errors import MmError  # noqa: PLC0415 - see above
    from mm.exchange.venue_server.hosting import hosted_venue  # noqa: PLC0415 - see above

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        async with hosted_venue(given) as server:
            if given.ready_fd is not None:
                os.write(given.ready_fd, READY)
                os.close(given.ready_fd)
            stopped = asyncio.create_task(stopping.wait())
            market = server.market
            await asyncio.wait([stopped, *([market] if market else [])], return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if market is not None and market.done():
                log.error("the market broke down: %s", market.exception())
                return 1
    except MmError as error:
        log.error("%s", error)  # noqa: TRY400 - one line for people; the traceback tells them nothing
        return int(error.exit_code)
    log.info("stopped")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    forbid_core_dumps()
    os.umask(0o077)  # balances and keys are nobody else's business
    given = _arguments(arguments)
    if given.ready_fd is not None:
        _detach()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    return asyncio.run(_serve(given))


if __name__ == "__main__":
    sys.exit(main())
