"""The venue of one MM_HOME: its database, its account, the market it serves. One process at a time (flock)."""

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mm.domain.errors import LedgerError, MmError
from mm.exchange.venue.flow import Flow
from mm.exchange.venue.scenario_file import scenario_named
from mm.exchange.venue.store import Store
from mm.exchange.venue.symbol_rules import SymbolRules, default_symbols
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import AccountState
from mm.exchange.venue_server.account_office import AccountOffice
from mm.exchange.venue_server.files import Market, VenueFiles
from mm.exchange.venue_server.fills import fill_rows
from mm.exchange.venue_server.keys import Keys
from mm.exchange.venue_server.served import system_clock_ms

GENERATED_SYMBOL = "ETHUSDC"
_MARKET = "market"


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """What a new account holds (in the quote asset) and pays."""

    deposit: Decimal
    maker_fee: Decimal
    taker_fee: Decimal


class LocalVenue:
    """Opened under the lock by the server, or by a command while no server runs."""

    def __init__(self, files: VenueFiles) -> None:
        self.files = files
        self.keys = Keys.read_or_make(files.keys)
        self.keyring = self.keys.keyring(files.keys)
        self.rules: dict[str, SymbolRules] = default_symbols()
        try:
            self.venue = Venue(self.rules, system_clock_ms, Store(files.database))
        except sqlite3.Error as error:
            raise LedgerError(
                f"the local venue's database {files.database} cannot be opened ({error})",
                "move it away and start again; its account and trades are then gone",
            ) from error

    def close(self) -> None:
        self.venue.close()

    @property
    def office(self) -> AccountOffice:
        return AccountOffice(self.venue, self.keyring, self.keys.api_key)

    @property
    def account(self) -> AccountState | None:
        return self.venue.account_by_key(self.keys.api_key)

    def ready_account(self, market: Market, symbol: str, terms: AccountTerms) -> AccountState:
        """The account to trade on: the one there is, or a new one when there is none, when the market changes
        between generated and recorded, and for every replay."""
        account = self.account
        deposits = {self.rules[symbol].quote: terms.deposit}
        if account is None:
            account = self.venue.open_account(deposits, terms.maker_fee, terms.taker_fee, self.keys.api_key)
        elif market == "replay" or self.venue.recall(_MARKET) != market:
            account = self.venue.reopen_account(self.keys.api_key, deposits, terms.maker_fee, terms.taker_fee)
            self.venue.forget_tape(symbol)
        self.venue.remember(_MARKET, market)
        self.venue.remember("symbol", symbol)
        return account

    def reset(self, deposit: Decimal) -> AccountState:
        """A new account with the old one's fees. Raises MmError when there is none yet."""
        account = self.account
        if account is None:
            raise MmError("the local venue has no account yet", "start it with mm sim start")
        quote = self.rules[self.venue.recall("symbol") or GENERATED_SYMBOL].quote
        return self.venue.reopen_account(self.keys.api_key, {quote: deposit}, account.maker_fee, account.taker_fee)

    def trades(self, *, all_accounts: bool) -> list[dict[str, object]]:
        account = self.account
        if account is None and not all_accounts:
            return []
        return fill_rows(self.venue, self.rules, None if account is None or all_accounts else account.uid)

    def generated(self, scenario: str, seed: int, start_price: Decimal) -> Flow:
        """Raises ConfigurationError when there is no such scenario."""
        chosen = scenario_named(scenario, self.files.scenarios)
        return Flow(self.venue, GENERATED_SYMBOL, chosen, random.Random(seed), start_price)  # noqa: S311 - a market's noise, not a secret

    def others(self, main_symbol: str, scenario: str, seed: int) -> dict[str, Callable[[], Flow]]:
        """Makers of the generated markets of all symbols but the main one, each with a seed of its own.

        A market that never had a price starts at that of another symbol of the same base, else at its usual one.
        """

        chosen = scenario_named(scenario, self.files.scenarios)

        def maker(symbol: str) -> Callable[[], Flow]:
            rng = random.Random(f"{seed} {symbol}")  # noqa: S311 - a market's noise, not a secret
            return lambda: Flow(self.venue, symbol, chosen, rng, self._start_price(symbol))

        return {symbol: maker(symbol) for symbol in self.rules if symbol != main_symbol}

    def _start_price(self, symbol: str) -> Decimal:
        rules = self.rules[symbol]
        for other in self.rules.values():
            last = self.venue.last_price(other.symbol) if other.base == rules.base else None
            if last is not None:
                return last
        return rules.start_price


def account_json(account: AccountState) -> dict[str, Any]:
    return {
        "uid": str(account.uid),
        "balances": [
            {"asset": each.asset, "free": f"{each.free:f}", "locked": f"{each.locked:f}"}
            for each in account.balances
            if each.free or each.locked
        ],
    }
