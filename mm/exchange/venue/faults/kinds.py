"""Every kind of fault there is. The order is that of precedence: where two strike one request, the upper one counts."""

from mm.exchange.venue.faults import refusal, values
from mm.exchange.venue.faults.kind import Kind, Scope
from mm.exchange.venue.faults.latency import Latency
from mm.exchange.venue.faults.requests import ORDERS, REQUESTS, SIGNED

_R, _E, _C, _B, _ALL, _ONCE = (
    Scope.REQUESTS,
    Scope.EVENTS,
    Scope.CONNECTIONS,
    Scope.BOOK,
    Scope.EVERYTHING,
    Scope.ONCE,
)
_NONE = values.nothing

_KINDS = (
    # --- the whole exchange
    Kind("unreachable", "nothing listens: connections are refused, open ones cut", _ALL, read=_NONE, weight=2),
    Kind("hang", "connections are taken, nothing is ever answered or sent", _ALL, read=_NONE, weight=2),
    Kind(
        "maintenance",
        "system/status says 1, requests get 503 (-1016), streams are closed",
        _ALL,
        read=_NONE,
        applies=REQUESTS - {"system.status"},
        seconds=(30.0, 300.0),
        weight=2,
    ),
    Kind("shutdown-notice", "serverShutdown is sent; VALUE later streams are closed", _ONCE, ("10s", "1s", "2m"),
         values.milliseconds),
    Kind("wipe", "testnet is wiped: a new account, orders and trades gone, the key stays", _ONCE, read=_NONE, weight=1),
    Kind("clock-skew", "the exchange's clock jumps (+1500ms) or drifts (+60ms/s)", Scope.CLOCK,
         ("+1500ms", "-1500ms", "+300ms", "+10ms/s", "-60ms/s"), values.skew),
    # --- requests refused before they are looked at
    Kind("geo-blocked", "451: the place is not served", _R, read=refusal.always(refusal.GEO_BLOCKED),
         weight=1, halts=True),
    Kind("banned", "418 with Retry-After VALUE", _R, ("120s", "60s"), refusal.banned, weight=1),
    Kind("rate-limited", "429 with Retry-After VALUE", _R, ("10s", "1s", "60s"), refusal.too_many, seconds=(1.0, 10.0)),
    Kind("firewall", "403 of the firewall, as HTML", _R, read=refusal.always(refusal.FIREWALL),
         seconds=(1.0, 10.0), weight=2),
    Kind("key-revoked", "signed requests are refused (-2015), the account's stream ends", _R,
         read=refusal.always(refusal.KEY_REVOKED), applies=SIGNED, weight=1, halts=True),
    # --- requests and answers on their way
    Kind("request-lost", "the request never arrives; no answer", _R, read=_NONE, share=0.3),
    Kind("connection-reset", "the connection is cut before or after the request was carried out", _R,
         ("before", "after"), values.one_of("before", "after"), share=0.3),
    Kind("answer-lost", "carried out, never answered", _R, read=_NONE, share=0.3),
    Kind("answer-late", "carried out, answered VALUE later: after the client's time-out", _R, ("7s", "30s"),
         Latency.parse, share=0.3),
    Kind("answer-truncated", "carried out, the answer breaks off in the middle", _R, read=_NONE, share=0.3),
    Kind("http-error", "an HTML page with this status; 'executed': carried out all the same", _R,
         tuple(f"{status}{more}" for status in refusal.PAGES for more in ("", " executed")), refusal.page, share=0.3),
    Kind("error-code", "this code; 'executed': carried out all the same", _R,
         (*refusal.CODES, *(f"{code} executed" for code in refusal.CODES if code not in refusal.NEVER_EXECUTED)),
         refusal.error_code, share=0.3),
    # --- orders
    Kind("insufficient-balance", "new orders are refused: -2010", _R,
         read=refusal.always(refusal.INSUFFICIENT), applies=ORDERS, share=0.5),
    Kind("cancel-only", "the symbol is CANCEL_ONLY: new orders are refused (-2010), cancels pass", _R,
         read=refusal.always(refusal.MARKET_CLOSED), applies=ORDERS, weight=2),
    Kind("filter-changed", "exchangeInfo tells a new filter; orders against it are refused: -1013", _R,
         ("NOTIONAL=20", "LOT_SIZE=0.001", "PRICE_FILTER=0.05"), values.new_rule, applies=ORDERS, weight=1),
    Kind("cancel-lies", "a cancel answers -2011, or CANCELED, and the order lives on", _R,
         ("unknown-order", "canceled"), values.one_of("unknown-order", "canceled"),
         applies=frozenset({"order.cancel"}), share=0.5),
    Kind("query-lies", "a query says -2013 of an order that is there", _R, read=_NONE,
         applies=frozenset({"order.status"}), share=0.5),
    # --- latency
    Kind("latency-in", "requests take VALUE to arrive", _R,
         ("lognormal(80ms, 0.6, 1500ms)", "20ms-400ms", "exponential(100ms, 3s)", "200ms"), Latency.parse,
         seconds=(30.0, 600.0)),
    Kind("latency-out", "answers take VALUE to come back", _R,
         ("lognormal(80ms, 0.6, 1500ms)", "20ms-400ms", "exponential(100ms, 3s)", "200ms"), Latency.parse,
         seconds=(30.0, 600.0)),
    # --- events
    Kind("events-lost", "events are left out, the connection stays", _E, read=_NONE, aimed="account", share=0.3),
    Kind("events-duplicated", "events come twice, the second up to VALUE later", _E, ("500ms", "5s"),
         values.milliseconds, aimed="account", share=0.5),
    Kind("events-reordered", "each event waits up to VALUE, so that they overtake each other", _E, ("500ms", "5s"),
         values.milliseconds, aimed="account", share=0.8),
    Kind("events-late", "events come VALUE late, in their order", _E, ("2s", "500ms-3s", "10s"), Latency.parse,
         aimed="account"),
    Kind("depth-gap", "changes of the book are left out: their ids have a gap", _E, read=_NONE, aimed="depth",
         share=0.05),
    # --- connections
    Kind("stream-silence", "connected, but nothing is sent; 'no-pings': no pings and pongs either", _C,
         ("pings", "no-pings"), values.one_of("pings", "no-pings"), aimed="market"),
    Kind("stream-close", "connections are closed, and refused as long as it lasts", _C, read=_NONE,
         seconds=(0.5, 30.0)),
    # --- the book
    Kind("crossed-book", "market data shows a bid above the best ask", _B, read=_NONE, seconds=(1.0, 20.0)),
    Kind("locked-book", "market data shows a bid at the best ask", _B, read=_NONE, seconds=(1.0, 20.0)),
    Kind("stale-book", "changes of the book carry a time that stands still", _B, read=_NONE, seconds=(3.0, 30.0)),
    Kind("price-gap", "all prices of the book jump by VALUE; the market itself does not", _B,
         ("5%", "-5%", "0.5%", "-20%"), values.per_cent, seconds=(1.0, 20.0)),
)  # fmt: skip

KINDS = {kind.name: kind for kind in _KINDS}
RANK = {name: rank for rank, name in enumerate(KINDS)}
