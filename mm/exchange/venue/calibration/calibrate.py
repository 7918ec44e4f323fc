"""The whole calibration: captures and bars in, a scenario and what it is like beside the recordings out.

The first capture's symbol is fitted on, captures of other symbols are for checking; bars are fitted on in even years
and checked in odd ones. Nothing of what is for checking enters the fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from mm.domain.errors import ConfigurationError
from mm.exchange.venue.bars import is_bars, read_bars, symbol_of
from mm.exchange.venue.calibration.captures import read_capture
from mm.exchange.venue.calibration.facts import STATISTICS, facts_of
from mm.exchange.venue.calibration.fit import START, Ground, as_hot, fast_heat, fitted, hot_as, rounded
from mm.exchange.venue.calibration.minutes import MINUTE_STATISTICS, Returns, generated_runs, heat_of, runs
from mm.exchange.venue.calibration.record import MarketRecord
from mm.exchange.venue.calibration.statistic import Estimate
from mm.exchange.venue.ordinary import ORDINARY
from mm.exchange.venue.scenario import Scenario
from mm.exchange.venue.symbol_rules import default_symbols

FIT_SEEDS = (1, 2, 3, 4)
CHECK_SEEDS = (101, 102, 103, 104, 105, 106, 107, 108)
BAR_SEEDS = (101, 102, 103, 104, 105, 106)
_BAR_DAYS = 20
_SECONDS = 650
_PARTS = 5
_LASTING = (3600.0, 21600.0, 172_800.0)
"""Durations of slow heat: an hour, six hours, two days."""
_LEAST_DEVIATION = 0.05
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Line:
    """A statistic: of each recording in order, and generated."""

    name: str
    unit: str
    recorded: tuple[Estimate, ...]
    generated: Estimate


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    recordings: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """`scenario` with three significant digits; `hour`: the same as hot as the capture, which the tables compare."""

    scenario: Scenario
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def calibrate(files: Sequence[Path], name: str, rounds: int, say: Say) -> Calibration:
    """`rounds` 0: nothing is fitted, the shipped `ordinary` is compared.

    Raises ConfigurationError for files that are no recordings of a listed symbol, ReplayBroken, BarsBroken.
    """
    captures = [file for file in files if not is_bars(file)]
    bars = [file for file in files if is_bars(file)]
    if not captures:
        raise ConfigurationError("calibrating needs a capture", "give *.raw.gz files of Binance's streams, bars beside")
    records = {symbol: _read(group, say) for symbol, group in _by_symbol(captures).items()}
    symbol, *_ = records
    rules = default_symbols().get(symbol)
    if rules is None:
        raise ConfigurationError(f"{symbol} is not listed", f"there are {', '.join(default_symbols())}")
    even, odd = _minutes(bars, symbol, say)
    price = Decimal(str(round(records[symbol].tops[0].mid, 2)))
    facts = {each: facts_of(record.parts(_PARTS)) for each, record in records.items()}
    ground = Ground(rules, price, FIT_SEEDS, _SECONDS)
    if rounds:
        fit = fitted(START, facts[symbol], ground, rounds, say)
        scenario = rounded(replace(_with_bars(fit, even), name=name, description=_described(symbol)))
        hour = as_hot(scenario, fit.annual_volatility)
    else:
        scenario = ORDINARY
        hour = as_hot(scenario, START.annual_volatility)
    say(f"generating {len(CHECK_SEEDS)} times {_SECONDS} s with seeds {CHECK_SEEDS[0]} to {CHECK_SEEDS[-1]}")
    generated = facts_of(replace(ground, seeds=CHECK_SEEDS).run(hour))
    tables = [
        Table(
            f"Seconds: captures, and the generated market at their volatility ({hour.annual_volatility:.0%} a year)",
            tuple(f"{each} ({'fit' if each == symbol else 'check'})" for each in records),
            tuple(
                Line(each.name, each.unit, tuple(facts[key][each.name] for key in records), generated[each.name])
                for each in STATISTICS
            ),
        )
    ]
    if even:
        tables.append(_minutes_table(scenario, even, odd, say))
    return Calibration(scenario, tuple(tables), (f"fit seeds {FIT_SEEDS}, check seeds {CHECK_SEEDS}",))


def _by_symbol(captures: Sequence[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for file in captures:
        symbol = symbol_of(file)
        if symbol is None:
            raise ConfigurationError(
                f"{file.name} names no symbol", "name it like binance_spot_ethusdt_20240808.raw.gz"
            )
        found.setdefault(symbol, []).append(file)
    return found


def _read(files: Sequence[Path], say: Say) -> MarketRecord:
    say(f"reading {', '.join(file.name for file in files)}")
    try:
        return read_capture(files)
    except ValueError as error:
        raise ConfigurationError(str(error), "give a capture with its snapshot") from error


def _minutes(bars: Sequence[Path], symbol: str, say: Say) -> tuple[list[Returns], list[Returns]]:
    """Of the fitted symbol's bars: even and odd years."""
    own = [file for file in bars if symbol_of(file) == symbol]
    if len(own) < len(bars):
        say(f"bars of other symbols than {symbol} are left out")
    if not own:
        return [], []
    say(f"reading {', '.join(file.name for file in own)}")
    return runs(read_bars(own), lambda year: year % 2 == 0), runs(read_bars(own), lambda year: year % 2 == 1)


def _with_bars(fit: Scenario, even: Sequence[Returns]) -> Scenario:
    """Without bars: volatility and slow heat of the shipped `ordinary`."""
    if not even:
        slow = tuple(part for part in ORDINARY.heat if part not in fast_heat(ORDINARY))
        return hot_as(ORDINARY.annual_volatility, slow, fit)
    volatility = MINUTE_STATISTICS[0].of(even).value
    if not volatility:
        raise ConfigurationError("the bars do not move", "give bars of a traded symbol")
    slow = tuple(part for part in heat_of(even, _LASTING) if part[0] >= _LEAST_DEVIATION)
    return hot_as(volatility, slow, fit)


def _minutes_table(scenario: Scenario, even: list[Returns], odd: list[Returns], say: Say) -> Table:
    say(f"generating {len(BAR_SEEDS)} times {_BAR_DAYS} days of minutes")
    made = generated_runs(scenario, BAR_SEEDS, _BAR_DAYS)
    recorded = {"even years (fit)": even, "odd years (check)": odd} if odd else {"even years (fit)": even}
    return Table(
        "Minutes to days: bars, and the generated fair price",
        tuple(recorded),
        tuple(
            Line(each.name, each.unit, tuple(each.of(part) for part in recorded.values()), each.of(made))
            for each in MINUTE_STATISTICS
        ),
    )


def _described(symbol: str) -> str:
    return f"generated market calibrated on recordings of {symbol}"
