"""Values that no setting may take: an independent list of what each key allows, and ways to break it.

The list is written by hand from configs/config.yaml and shares nothing with the settings classes; a test only holds it
to the names of the keys.
"""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

ANYTHING = ["[]", "[1]", "{}", "{a: 1}", "[[1]]", "{a: {b: 1}}"]
NO_NUMBER = [".nan", ".NaN", "nan", "NaN", "-nan", ".inf", "-.inf", "+.inf", "inf", "-inf", "Infinity", "-Infinity"]
NO_NUMBER += ["1e", "e5", "--1", "+-1", "1..2", "1.2.3", "0x", "0xg", "0o9", "1,000", "1 000", "1_000", "1'000", "½"]
NO_NUMBER += ["１", "٣", "一", "1\u200b", "\u202e1", "5%", "5 USDC", "$5", "10s", "1e99999", "1e-99999", "9" * 400]
NO_NUMBER += ["true", "false", "no", "yes", "null5", "one", "!!float 1", "!!int '1'", "&a 1", "*a", "'x'", "0b101"]
NO_DURATION = ["10", "0", "1.5", "-10s", "0s", "0ms", "1e3s", "10y", "10 years", "s", "ms10", "10ss", "10s10", "nan"]
NO_DURATION += [".inf", "infs", "401d", "999999d", "1e308s", "9" * 300 + "s", "５s", "10с", "true", "10:00", "--1s"]
NO_BOOL = ["no", "yes", "on", "off", "y", "n", "0", "1", "-1", "2", "tru", "truе", "ｔｒｕｅ", "true1", "!!bool yes"]
NO_CLOCK = ["24:00", "22:60", "22", "9:00", "22:00:00", "-1:00", "22:0", "2200", "22.00", "noon"]
NO_CLOCK += ["0１:00", "2２:00"]
NO_CLOCK += ["22:00Z", "22:00+08:00", "1320", "true", "10s", ".nan", "'22:00 '", '"22:00\\n"']
NO_ZONE = [
    "Mars/Base",
    "'../etc/passwd'",
    "/etc/localtime",
    "Asia",
    "x" * 65,
    "''",
    "UTC+25",
    "Asia/Shanghаi",
    '"UTC\\0"',
]
NO_TEXT = ['"\\x07"', '"a\\nb"', '"\\x00"', '"\\x1b[31m"', '"\\x7f"', "x" * 201, "x" * 5000]
HOMOGLYPHS = str.maketrans("aceopxyA", "асеорхуА")


@dataclass(frozen=True, slots=True)
class Rule:
    """`kind`: number, whole, duration, bool, clock, zone, symbol, scenario, text, or words separated by `|`.

    `low` and `high` of numbers as text; `open_low`: the low one itself is not allowed; `places` decimals at most.
    """

    kind: str
    low: str = "0"
    high: str = "1e9"
    open_low: bool = False
    places: int = 8
    optional: bool = False


AMOUNT, OR_ZERO = Rule("number", open_low=True), Rule("number")
SHARE, SOME = Rule("number", high="1", places=12), Rule("number", high="1", open_low=True, places=12)
DURATION, TEXT = Rule("duration"), Rule("text")
SEVERITY = Rule("INFO|WARNING|ERROR|CRITICAL")

RULES = {
    "symbol": Rule("symbol"),
    "capital": AMOUNT,
    "strategy.name": Rule("market_making"),
    "strategy.base_spread": Rule("number", high="0.2", open_low=True, places=12),
    "strategy.base_size": AMOUNT,
    "strategy.max_inventory": AMOUNT,
    "strategy.tick_interval": DURATION,
    "strategy.inventory_target": SHARE,
    "strategy.inventory_skew": SHARE,
    "strategy.fair_value": Rule("mid|microprice"),
    "strategy.levels": Rule("whole", "1", "10"),
    "strategy.level_spacing": SHARE,
    "strategy.refresh_tolerance": SHARE,
    "strategy.fill_delay": DURATION,
    "strategy.max_order_age": DURATION,
    "strategy.min_edge": SHARE,
    "strategy.min_notional": Rule("raise|reject"),
    "strategy.dust_margin": Rule("number", high="0.5", places=12),
    "strategy.price_floor": OR_ZERO,
    "strategy.price_ceiling": OR_ZERO,
    "risk.daily_loss_limit": AMOUNT,
    "risk.max_drawdown_limit": SOME,
    "risk.max_position": AMOUNT,
    "risk.max_order_notional": Rule("number", open_low=True, optional=True),
    "risk.price_collar": SOME,
    "risk.max_orders_per_minute": Rule("whole", "1", "6000"),
    "risk.max_open_orders": Rule("whole", "1", "200"),
    "risk.max_messages_per_minute": Rule("whole", "2", "12000"),
    "risk.max_orders_without_fill": Rule("whole", "1", "1000000"),
    "risk.max_same_side_fills": Rule("whole", "1", "1000"),
    "risk.same_side_window": DURATION,
    "risk.max_order_latency": DURATION,
    "risk.max_move": SOME,
    "risk.move_window": DURATION,
    "risk.levels.yellow": Rule("number", high="0.02", open_low=True, places=12),
    "risk.levels.orange": Rule("number", high="0.05", open_low=True, places=12),
    "risk.levels.red": Rule("number", high="0.1", open_low=True, places=12),
    "risk.reduce_collar": Rule("number", high="0.02", open_low=True, places=12),
    "risk.reduce_renew": DURATION,
    "risk.level_2_spread_factor": Rule("number", "1", "10", places=12),
    "risk.stale_after": DURATION,
    "risk.max_clock_drift": DURATION,
    "risk.circuit_breaker.threshold": Rule("whole", "1", "100"),
    "risk.circuit_breaker.timeout": DURATION,
    "execution.query_after": DURATION,
    "execution.query_interval_max": DURATION,
    "execution.cancel_retry": DURATION,
    "execution.stop_timeout": DURATION,
    "execution.reconcile_every": DURATION,
    "execution.book_depth": Rule("whole", "1", "100"),
    "exchange.recv_window": Rule("duration", high="5s"),
    "exchange.request_timeout": DURATION,
    "exchange.fence_margin": DURATION,
    "exchange.weight_per_minute": Rule("whole", "100", "6000"),
    "exchange.orders_per_10s": Rule("whole", "1", "100"),
    "exchange.cancel_reserve": SHARE,
    "exchange.keep_alive": DURATION,
    "exchange.silence_after": DURATION,
    "venue.port": Rule("whole", "0", "65535"),
    "venue.seed": Rule("whole", "0", "9223372036854775807"),
    "venue.scenario": Rule("scenario"),
    "venue.start_price": AMOUNT,
    "venue.deposit": OR_ZERO,
    "venue.maker_fee": SHARE,
    "venue.taker_fee": SHARE,
    "venue.queue": Rule("conservative|proportional|optimistic"),
    "trading_day.close": Rule("clock"),
    "trading_day.timezone": Rule("zone"),
    "watchdog.enabled": Rule("bool"),
    "watchdog.stale_after": DURATION,
    "watchdog.check_every": DURATION,
    "alerts.retry_first": DURATION,
    "alerts.retry_longest": DURATION,
    "alerts.escalate_after": DURATION,
    "alerts.halt_after": DURATION,
    "alerts.email.host": TEXT,
    "alerts.email.port": Rule("whole", "1", "65535"),
    "alerts.email.security": Rule("tls|starttls|none"),
    "alerts.email.sender": TEXT,
    "alerts.email.recipients": TEXT,
    "alerts.email.minimum": SEVERITY,
    "alerts.dingtalk.minimum": SEVERITY,
    "alerts.apprise.minimum": SEVERITY,
    "preflight.max_round_trip": DURATION,
    "preflight.warn_round_trip": DURATION,
    "preflight.free_disk_gb": Rule("whole", "0", "100000"),
    "operator.name": TEXT,
    "contacts.primary.name": TEXT,
    "contacts.primary.phone": TEXT,
    "contacts.primary.email": TEXT,
    "contacts.backup.name": TEXT,
    "contacts.backup.phone": TEXT,
    "contacts.backup.email": TEXT,
    "logging.level": Rule("DEBUG|INFO|WARNING|ERROR"),
    "logging.max_file_mb": Rule("whole", "1", "1000"),
    "logging.keep_files": Rule("whole", "1", "100"),
    "journal.enabled": Rule("bool"),
}

CONTRADICTIONS = (
    {"strategy.base_size": "2", "strategy.max_inventory": "1", "risk.max_position": "3"},
    {"strategy.max_inventory": "2", "risk.max_position": "1", "strategy.base_size": "0.5"},
    {"risk.daily_loss_limit": "101", "capital": "100"},
    {"risk.max_order_notional": "101", "capital": "100"},
    {"strategy.levels": "6", "risk.max_open_orders": "11"},
    {"strategy.base_spread": "0.1", "risk.price_collar": "0.04"},
    {"strategy.price_floor": "3000", "strategy.price_ceiling": "2000"},
    {"preflight.warn_round_trip": "2s", "preflight.max_round_trip": "1s"},
    {"execution.query_after": "9s", "execution.query_interval_max": "8s"},
    {"alerts.retry_first": "9m", "alerts.retry_longest": "8m"},
    {"alerts.email.host": "mail.example.org", "alerts.email.sender": "a@example.org"},
    {"risk.levels.yellow": "0.02", "risk.levels.orange": "0.01"},
    {"watchdog.check_every": "8s", "watchdog.stale_after": "15s"},
)
"""Values that are allowed one by one and not together."""


def hostile_value(rule: Rule, rng: random.Random) -> str:
    """As YAML, on one line. Never a value that the rule allows."""
    if rng.random() < 0.1:
        return rng.choice(ANYTHING)
    if rng.random() < 0.02 and not rule.optional:
        return "~"
    made = _MAKERS.get(rule.kind, _word)
    return made(rule, rng)


def _number(rule: Rule, rng: random.Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(NO_NUMBER)
    low, high = Decimal(rule.low), Decimal(rule.high)
    tiny = Decimal(1).scaleb(-rng.randrange(1, 9))
    beyond = [high + tiny, high * 10 ** rng.randrange(1, 30), Decimal("1e308"), Decimal(f"1e{rng.randrange(10, 9999)}")]
    below = [low - tiny, -high, Decimal("-1e308"), -Decimal(rng.randrange(1, 10**18))]
    below += [Decimal(0)] if rule.open_low else []
    fine = [(low + high) / 2 + Decimal(rng.randrange(1, 10)).scaleb(-rule.places - rng.randrange(1, 6))]
    return f"{rng.choice(beyond + below + fine)}".lower().replace("e+", "e")


def _whole(rule: Rule, rng: random.Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(NO_NUMBER)
    low, high = int(rule.low), int(rule.high)
    outside = [
        low - 1,
        low - rng.randrange(1, 10**9),
        high + 1,
        high + rng.randrange(1, 10**18),
        10 ** rng.randrange(20, 60),
    ]
    parts = [f"{rng.randrange(low, high)}.{rng.randrange(1, 99)}5", f"{high}.0001", "1e-3", "0.5"]
    return rng.choice([*map(str, outside), *parts])


def _duration(rule: Rule, rng: random.Random) -> str:
    if rng.random() < 0.6:
        return rng.choice(NO_DURATION)
    most = 5 if rule.high == "5s" else 400 * 86_400
    beyond = most + rng.randrange(1, 10**9)
    return rng.choice([f"{beyond}s", f"-{rng.randrange(1, 99)}h", f"{beyond}000ms", f"{beyond * 60}m"])


def _symbol(_rule: Rule, rng: random.Random) -> str:
    return rng.choice(
        ["eth", "ETH/USDC", "ethusdc", "ETHU", "E" * 21, "ETHUSDС", "ETH USDC", '"ETHUSDC\\n"', "ÄTHUSDC"]
    )


def _scenario(_rule: Rule, rng: random.Random) -> str:
    return rng.choice(["Ordinary", "1abc", "-x", "a" * 32, "ördinary", "a b", "../x", "a.b", '"calm\\n"'])


def _word(rule: Rule, rng: random.Random) -> str:
    words = rule.kind.split("|")
    word = rng.choice(words)
    other = [word.translate(HOMOGLYPHS), word + "\u200b", word.swapcase(), word[:-1], word * 2, "x", "-1", ".nan"]
    other += ["".join(rng.choices(string.ascii_letters, k=rng.randrange(1, 2000)))]
    fitting = [each for each in other if each and each not in words]
    return rng.choice(fitting)


def _one_of(values: list[str]) -> Callable[[Rule, random.Random], str]:
    return lambda _rule, rng: rng.choice(values)


_MAKERS: dict[str, Callable[[Rule, random.Random], str]] = {
    "number": _number,
    "whole": _whole,
    "duration": _duration,
    "bool": _one_of(NO_BOOL),
    "clock": _one_of(NO_CLOCK),
    "zone": _one_of(NO_ZONE),
    "text": _one_of(NO_TEXT),
    "symbol": _symbol,
    "scenario": _scenario,
}
