"""What a market is good for: said wherever a result from it is shown."""

from mm.exchange.venue.scenarios import SCENARIOS
from mm.review.daily import Market

REPLAYED = "recorded market, played again: it does not react to the bot's orders"
TESTNET = "artificial prices and depth: fills here say nothing about profit"


def market(environment: str, scenario: str) -> Market:
    """`scenario` as the run recorded it: a scenario's name, or something with `replay` in it."""
    if environment == "testnet":
        return Market("Binance Spot testnet", TESTNET)
    if environment == "mainnet":
        return Market("Binance Spot")
    known = SCENARIOS.get(scenario)
    if known is not None:
        return Market(scenario, known.description)
    return Market(scenario or "unnamed", REPLAYED if "replay" in scenario else "")
