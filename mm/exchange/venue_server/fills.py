"""Trades of the venue's accounts in the shape that the bot's ledger shows its fills in."""

from collections.abc import Mapping

from mm.domain.fill import Fill
from mm.domain.fill_json import fill_json
from mm.domain.instrument import to_units
from mm.exchange.venue.symbol_rules import SymbolRules
from mm.exchange.venue.venue import Venue
from mm.exchange.venue.views import TradeView


def fill_rows(venue: Venue, rules: Mapping[str, SymbolRules], uid: int | None) -> list[dict[str, object]]:
    """Oldest first; of one account, or of all (None)."""
    return [_row(trade, rules[trade.symbol]) for trade in venue.account_trades(uid)]


def _row(trade: TradeView, rules: SymbolRules) -> dict[str, object]:
    fill = Fill(
        symbol=trade.symbol,
        trade_id=trade.trade_id,
        exchange_id=str(trade.order_id),
        client_id=trade.client_id,
        buy=trade.is_buyer,
        ticks=int(trade.price / rules.tick_size),
        lots=int(trade.quantity / rules.lot_size),
        quote_units=to_units(trade.quote),
        fee_units=to_units(trade.commission),
        fee_asset=trade.commission_asset,
        fee_quote_units=None,
        maker=trade.is_maker,
        time_ms=trade.time_ms,
    )
    return fill_json(fill, rules.tick_size, rules.lot_size)
