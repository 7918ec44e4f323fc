"""The one symbol an adapter trades, and what was read of it."""

from mm.domain.errors import ExchangeError
from mm.domain.instrument import Instrument
from mm.exchange.ccxt_adapter.fee_price import FeePrice
from mm.exchange.ccxt_adapter.grid import Grid


class Symbol:
    """`id` is Binance's own (ETHUSDC). `grid` and `fees` are None until the instrument was read."""

    def __init__(self, name: str) -> None:
        self.id = name.replace("/", "").upper()
        self.instrument: Instrument | None = None
        self.grid: Grid | None = None
        self.fees: FeePrice | None = None

    def learn(self, instrument: Instrument) -> None:
        third = self.fees.third_asset if self.fees else ""
        self.instrument = instrument
        self.grid = Grid(instrument)
        self.fees = FeePrice(instrument, third)

    def known(self) -> tuple[Grid, FeePrice]:
        """Raises ExchangeError before the instrument was read."""
        if self.grid is None or self.fees is None:
            raise ExchangeError(f"the rules of {self.id} were not read yet", "call instrument() first")
        return self.grid, self.fees

    @property
    def ccxt_name(self) -> str:
        """ccxt's unified name, base/quote."""
        grid, _ = self.known()
        return f"{grid.instrument.base}/{grid.instrument.quote}"
