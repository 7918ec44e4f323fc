"""The ledger's tables as SQLAlchemy Core sees them (the migrations make them; a test holds both together).

Times are UTC nanoseconds, money 1e-8 units, prices ticks, sizes lots of the run's instrument, so all is exact.
"""

from pathlib import Path

from sqlalchemy import REAL, Column, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint, text

from mm.database.migrate import Schema

SCHEMA = Schema(
    what="ledger",
    application_id=0x6D6D4C31,
    migrations=Path(__file__).parent / "migrations",
    revisions=("0001",),
    wal=True,
)

metadata = MetaData()


def _int(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False)


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _real(name: str) -> "Column[float]":
    return Column(name, REAL, nullable=False)


def _id() -> "Column[int]":
    return Column("id", Integer, primary_key=True)


def _epoch() -> "Column[int]":
    return Column("epoch", ForeignKey("runs.epoch"), type_=Integer, nullable=False)


def _position() -> "tuple[Column[int], ...]":
    return tuple(map(_int, ("base_units", "cash_units", "cost_units", "realised_units", "third_fee_units")))


meta = Table("meta", metadata, Column("key", Text, primary_key=True), _text("value"))

runs = Table(
    "runs",
    metadata,
    Column("epoch", Integer, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    _int("account_epoch"),
    *map(_text, ("account_uid", "environment", "profile", "stage", "symbol", "tick_size", "lot_size")),
    *map(_text, ("base", "quote", "instrument")),
    _int("capital_units"),
    _text("scenario"),
    _int("started"),
    Column("ended", Integer),
    Column("outcome", Text),
    Column("clean", Integer, nullable=False, server_default=text("0")),
    *map(_text, ("config_hash", "code_hash", "version")),
    _int("pid"),
    _text("config"),
)

intents = Table(
    "intents",
    metadata,
    _id(),
    Column("client_id", Text, nullable=False, unique=True),
    Column("seq", Integer),
    _epoch(),
    *map(_text, ("symbol", "side", "type")),
    *map(_int, ("ticks", "lots", "decided_at")),
    _text("purpose"),
    _int("level"),
)

orders = Table(
    "orders",
    metadata,
    Column("client_id", Text, primary_key=True),
    _epoch(),
    _text("status"),
    _text("exchange_id"),
    *map(_int, ("executed_lots", "updated_at")),
    _text("reason"),
)
Index("orders_live", orders.c.status, sqlite_where=orders.c.status.in_(("PENDING", "UNKNOWN", "OPEN")))
Index("orders_exchange_id", orders.c.exchange_id, sqlite_where=orders.c.exchange_id != "")

order_events = Table(
    "order_events",
    metadata,
    _id(),
    Column("at", Integer, nullable=False, index=False),
    _epoch(),
    *map(_text, ("client_id", "status", "exchange_id")),
    _int("executed_lots"),
    *map(_text, ("source", "reason")),
)
Index("order_events_client_id", order_events.c.client_id)
Index("order_events_at", order_events.c.at)

fills = Table(
    "fills",
    metadata,
    _id(),
    _int("account_epoch"),
    _epoch(),
    _text("symbol"),
    _int("trade_id"),
    *map(_text, ("exchange_id", "client_id")),
    *map(_int, ("buy", "ticks", "lots", "quote_units", "fee_units")),
    _text("fee_asset"),
    Column("fee_quote_units", Integer),
    *map(_int, ("maker", "time_ms", "recorded_at")),
    _real("mid_ticks"),
    UniqueConstraint("account_epoch", "symbol", "trade_id"),
)
Index("fills_time_ms", fills.c.time_ms)
Index("fills_client_id", fills.c.client_id)

positions = Table("positions", metadata, _id(), _int("at"), _epoch(), _int("trade_id"), *_position())
Index("positions_at", positions.c.at)

equity = Table(
    "equity",
    metadata,
    _id(),
    _int("at"),
    _epoch(),
    _int("equity_units"),
    *_position(),
    *map(_int, ("bid_ticks", "ask_ticks", "day_pnl_units", "peak_units")),
    _text("drawdown"),
    _int("spread_ticks"),
)
Index("equity_at", equity.c.at)

risk_events = Table(
    "risk_events",
    metadata,
    _id(),
    _int("at"),
    _epoch(),
    *map(_text, ("kind", "code", "severity", "detail")),
    Column("side", Text),
    Column("ticks", Integer),
    Column("lots", Integer),
    Column("limit_value", Text),
    Column("would_be", Text),
    Column("unit", Text),
)
Index("risk_events_at", risk_events.c.at)
Index("risk_events_kind", risk_events.c.kind, risk_events.c.id)

latencies = Table("latencies", metadata, _id(), _int("at"), _epoch(), _text("kind"), _int("micros"))
Index("latencies_kind_at", latencies.c.kind, latencies.c.at)

heartbeats = Table(
    "heartbeats",
    metadata,
    _id(),
    _int("at"),
    _epoch(),
    _text("state"),
    _real("cpu_percent"),
    _int("rss_bytes"),
    _real("lag_ms"),
    *map(_int, ("open_orders", "unknown_orders")),
)
Index("heartbeats_at", heartbeats.c.at)

capital_flows = Table(
    "capital_flows",
    metadata,
    _id(),
    _int("at"),
    _epoch(),
    _int("account_epoch"),
    _text("asset"),
    *map(_int, ("asset_units", "quote_units")),
    _text("why"),
)

balance_baselines = Table(
    "balance_baselines",
    metadata,
    Column("account_epoch", Integer, primary_key=True, autoincrement=False),
    Column("asset", Text, primary_key=True),
    _text("units"),
    _int("at"),
)
