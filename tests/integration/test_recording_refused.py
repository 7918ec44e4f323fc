"""A recording that cannot be played is refused before anything is ended or started for it."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mm.bootstrap import Market, ready_venue
from mm.config.loader import load_settings
from mm.domain.errors import ConfigurationError
from mm.exchange.settings import VenueSettings
from mm.exchange.venue_server import process
from mm.home import Home
from tests.unit.exchange.venue.test_bar_replay import HEAD, TWO
from tests.unit.exchange.venue.test_replay import SNAPSHOT, ticker, write


@pytest.fixture
def home(mm_home: Path) -> Home:
    return Home(mm_home)


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    path = tmp_path / "x_btcusdc_1m.csv"
    path.write_text(HEAD + TWO)
    return path


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "capture.raw.gz"
    write(path, [SNAPSHOT, ticker(101, ("2999.00000000", "1.00000000"), ("3000.00000000", "1.00000000"))])
    return path


def refused(home: Home, *files: Path, begin: datetime | None = None, serve_as: str | None = None) -> str:
    with pytest.raises(ConfigurationError) as told:
        process.start(home, VenueSettings(), replay=files, replay_from=begin, serve_as=serve_as)
    assert process.status(home) is None
    assert not (home.path / "sim").exists()
    return str(told.value)


def test_what_cannot_be_played_is_refused_in_a_line(home: Home, bars: Path, capture: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    unnamed = tmp_path / "minutes.csv"
    unnamed.write_text(HEAD + TWO)
    late = datetime(2030, 1, 1, tzinfo=UTC)
    assert "there is no recording" in refused(home, tmp_path / "absent.raw.gz")
    assert "cannot read the recording" in refused(home, text)
    assert "no recording of a known pair" in refused(home, unnamed)
    assert "do not mix" in refused(home, bars, capture)
    assert "no bar to play from that moment on" in refused(home, bars, begin=late)
    assert "only bars begin elsewhere" in refused(home, capture, begin=late)
    assert "does not list XYZUSDT" in refused(home, bars, serve_as="XYZUSDT")
    bars.write_text(HEAD + "2023-03-11 09:00:00,3000,2999,2998,2999.5,1\n")
    assert "do not fit together" in refused(home, bars)


def test_parquet_without_pyarrow_says_what_to_install(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x_ethusdt_1m.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'mm-rollout[archive]'" in refused(home, path)


def test_a_bot_is_not_started_beside_a_recording_of_another_coin(home: Home, bars: Path) -> None:
    loaded = load_settings(home, "100usdc", os.environ)
    with pytest.raises(ConfigurationError, match="records BTC, and the bot trades ETHUSDC: set MM__SYMBOL=BTCUSDC"):
        ready_venue(home, loaded, Market(replay=(bars,)))
    assert process.status(home) is None


def test_a_recording_is_served_as_the_bots_symbol_of_that_coin(home: Home, capture: Path) -> None:
    """ETHUSDT is ETHUSDC unless the bot trades ETHUSDT."""
    for symbol in ("ETHUSDC", "ETHUSDT"):
        loaded = load_settings(home, "100usdc", {**os.environ, "MM__SYMBOL": symbol})
        try:
            assert ready_venue(home, loaded, Market(replay=(capture,))).symbol == symbol
        finally:
            process.stop(home)
