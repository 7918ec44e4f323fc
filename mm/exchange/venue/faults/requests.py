"""Names of requests and streams, as faults are aimed at them. A request has its WebSocket API name on REST too."""

ORDERS = frozenset({
    "order.place",
    "order.test",
    "order.cancelReplace",
    "order.amend.keepPriority",
    "orderList.place",
    "orderList.place.oco",
    "orderList.place.oto",
    "orderList.place.otoco",
    "orderList.place.opo",
    "orderList.place.opoco",
    "sor.order.place",
    "sor.order.test",
})  # fmt: skip
CANCELS = frozenset({"order.cancel", "openOrders.cancelAll", "orderList.cancel"})
QUERIES = frozenset({
    "order.status",
    "openOrders.status",
    "allOrders",
    "orderList.status",
    "openOrderLists.status",
    "allOrderLists",
    "myTrades",
    "myPreventedMatches",
    "myAllocations",
    "myFilters",
    "order.amendments",
    "account.status",
    "account.commission",
    "account.rateLimits.orders",
    "asset.tradeFee",
    "account.apiRestrictions",
    "asset.getUserAsset",
    "account.apiTradingStatus",
    "account.apiStatus",
    "capital.config.getall",
    "bnbBurn",
})  # fmt: skip
CONNECT = "connect"
"""A WebSocket handshake."""
SESSIONS = frozenset({
    CONNECT,
    "session.logon",
    "session.status",
    "session.logout",
    "session.subscriptions",
    "userDataStream.subscribe",
    "userDataStream.subscribe.signature",
    "userDataStream.unsubscribe",
})  # fmt: skip
PUBLIC = frozenset({
    "ping",
    "time",
    "exchangeInfo",
    "executionRules",
    "referencePrice",
    "referencePrice.calculation",
    "depth",
    "trades.recent",
    "trades.historical",
    "trades.aggregate",
    "blockTrades.historical",
    "klines",
    "uiKlines",
    "avgPrice",
    "ticker",
    "ticker.24hr",
    "ticker.tradingDay",
    "ticker.price",
    "ticker.book",
    "system.status",
    "margin.allPairs",
    "margin.isolated.allPairs",
})  # fmt: skip
SIGNED = ORDERS | CANCELS | QUERIES | {"userDataStream.subscribe.signature", "session.logon"}
REQUESTS = ORDERS | CANCELS | QUERIES | SESSIONS | PUBLIC
GROUPS = {
    "orders": ORDERS,
    "cancels": CANCELS,
    "queries": QUERIES,
    "public": PUBLIC,
    "signed": SIGNED,
    "private": REQUESTS - PUBLIC,
}

ACCOUNT_STREAM = "userData"
STREAM_KINDS = frozenset({
    "depth",
    "trade",
    "aggTrade",
    "bookTicker",
    "kline",
    "ticker",
    "miniTicker",
    "avgPrice",
    "referencePrice",
    "blockTrade",
})  # fmt: skip
STREAM_GROUPS = frozenset({"market", "account"})

_REST = {
    ("POST", "/api/v3/order"): "order.place",
    ("POST", "/api/v3/order/test"): "order.test",
    ("DELETE", "/api/v3/order"): "order.cancel",
    ("GET", "/api/v3/order"): "order.status",
    ("POST", "/api/v3/order/cancelReplace"): "order.cancelReplace",
    ("PUT", "/api/v3/order/amend/keepPriority"): "order.amend.keepPriority",
    ("GET", "/api/v3/order/amendments"): "order.amendments",
    ("GET", "/api/v3/openOrders"): "openOrders.status",
    ("DELETE", "/api/v3/openOrders"): "openOrders.cancelAll",
    ("POST", "/api/v3/order/oco"): "orderList.place",
    ("POST", "/api/v3/orderList/oco"): "orderList.place.oco",
    ("POST", "/api/v3/orderList/oto"): "orderList.place.oto",
    ("POST", "/api/v3/orderList/otoco"): "orderList.place.otoco",
    ("POST", "/api/v3/orderList/opo"): "orderList.place.opo",
    ("POST", "/api/v3/orderList/opoco"): "orderList.place.opoco",
    ("DELETE", "/api/v3/orderList"): "orderList.cancel",
    ("GET", "/api/v3/orderList"): "orderList.status",
    ("GET", "/api/v3/openOrderList"): "openOrderLists.status",
    ("GET", "/api/v3/allOrderList"): "allOrderLists",
    ("POST", "/api/v3/sor/order"): "sor.order.place",
    ("POST", "/api/v3/sor/order/test"): "sor.order.test",
    ("GET", "/api/v3/account"): "account.status",
    ("GET", "/api/v3/account/commission"): "account.commission",
    ("GET", "/api/v3/rateLimit/order"): "account.rateLimits.orders",
    ("GET", "/api/v3/trades"): "trades.recent",
    ("GET", "/api/v3/historicalTrades"): "trades.historical",
    ("GET", "/api/v3/historicalBlockTrades"): "blockTrades.historical",
    ("GET", "/api/v3/aggTrades"): "trades.aggregate",
    ("GET", "/api/v3/referencePrice/calculation"): "referencePrice.calculation",
    ("GET", "/api/v3/ticker/bookTicker"): "ticker.book",
    ("GET", "/sapi/v1/system/status"): "system.status",
    ("GET", "/sapi/v1/account/status"): "account.apiStatus",
}


def request_name(method: str, path: str) -> str:
    """Of a REST request; one that is not listed is named by the words of its path (`ticker/price`: ticker.price)."""
    named = _REST.get((method, path))
    if named is not None:
        return named
    parts = path.strip("/").split("/")[2:]
    return ".".join(parts) or path


def stream_kind(stream: str) -> str:
    """`depth` of `ethusdc@depth@100ms`; `userData` of the account's."""
    return stream.split("@")[1].partition("_")[0].rstrip("0123456789") if "@" in stream else stream
