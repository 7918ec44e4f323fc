"""Average cost, worked by hand."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from mm.domain.fill import Fill
from mm.domain.position import Position
from tests.fakes.snapshots import ETHUSDC, eth, usdc


def fill(side: str, price: str, size: str, *paid: str) -> Fill:
    """`paid`: fee, its asset, its worth in quote."""
    fee, asset, worth = (*paid, *("0", "USDC", "")[len(paid) :])
    return Fill(
        symbol="ETHUSDC",
        trade_id=1,
        exchange_id="1",
        client_id="mm-abcdef-1",
        buy=side == "buy",
        ticks=ETHUSDC.ticks(Decimal(price)),
        lots=ETHUSDC.lots(Decimal(size)),
        quote_units=usdc(str(Decimal(price) * Decimal(size))),
        fee_units=eth(fee),
        fee_asset=asset,
        fee_quote_units=usdc(worth) if worth else None,
        maker=True,
        time_ms=0,
    )


def start() -> Position:
    return Position(cash_units=usdc("100"))


def test_a_buy_with_its_fee_in_base_raises_the_cost_of_what_is_left() -> None:
    # 0.002 ETH at 3000: 6 USDC for 0.001998 ETH.
    position = start().after(fill("buy", "3000", "0.002", "0.000002", "ETH"), ETHUSDC)
    assert position.base_units == eth("0.001998")
    assert position.cash_units == usdc("94")
    assert position.cost_units == usdc("6")
    assert position.realised_units == 0
    # At a bid of 3000 the fee shows: 94 + 0.001998 × 3000 = 99.994.
    assert position.equity_units(ETHUSDC, 300_000) == usdc("99.994")


def test_selling_realises_against_average_cost() -> None:
    position = start().after(fill("buy", "3000", "0.002"), ETHUSDC).after(fill("buy", "3100", "0.002"), ETHUSDC)
    assert position.cost_units == usdc("12.2")  # 0.004 at 3050
    position = position.after(fill("sell", "3200", "0.001", "0.0032", "USDC"), ETHUSDC)
    assert position.realised_units == usdc("0.1468")  # 3.2 − 0.0032 − 3.05
    assert position.cost_units == usdc("9.15")
    assert position.base_units == eth("0.003")
    assert position.cash_units == usdc("90.9968")  # 100 − 12.2 + 3.2 − 0.0032


def test_selling_everything_takes_the_whole_cost_with_it() -> None:
    position = start().after(fill("buy", "2999.99", "0.0003", "0.0000003", "ETH"), ETHUSDC)
    sold = position.after(fill("sell", "3000", "0.0002"), ETHUSDC)
    assert sold.cost_units > 0
    flat = sold.after(fill("sell", "3000", "0.0001"), ETHUSDC)  # fee dust makes this slightly more than is held
    assert flat.cost_units == 0
    assert flat.base_units == -eth("0.0000003")
    assert flat.realised_units == usdc("0.000003")  # 0.9 − 0.899997


def test_quote_fees_count_once_on_each_side() -> None:
    position = start().after(fill("buy", "3000", "0.001", "0.003", "USDC"), ETHUSDC)
    assert (position.cash_units, position.cost_units) == (usdc("96.997"), usdc("3.003"))
    position = position.after(fill("sell", "3000", "0.001", "0.003", "USDC"), ETHUSDC)
    assert position.realised_units == usdc("-0.006")
    assert position.cash_units == usdc("99.994")
    assert position.equity_units(ETHUSDC, 300_000) == usdc("99.994")


def test_a_fee_in_bnb_costs_profit_and_equity_but_neither_cash_nor_base() -> None:
    position = start().after(fill("buy", "3000", "0.002", "0.00001", "BNB", "0.006"), ETHUSDC)
    assert (position.base_units, position.cash_units, position.cost_units) == (eth("0.002"), usdc("94"), usdc("6"))
    assert (position.realised_units, position.third_fee_units) == (usdc("-0.006"), usdc("0.006"))
    assert position.equity_units(ETHUSDC, 300_000) == usdc("99.994")
    position = position.after(fill("sell", "3000", "0.002", "0.00001", "BNB", "0.006"), ETHUSDC)
    assert position.third_fee_units == usdc("0.012")
    assert position.realised_units == usdc("-0.012")
    assert position.equity_units(ETHUSDC, 1) == usdc("99.988")


def test_an_unpriced_third_fee_counts_as_nothing_rather_than_as_a_guess() -> None:
    position = start().after(fill("buy", "3000", "0.002", "0.00001", "BNB"), ETHUSDC)
    assert position.third_fee_units == 0


def test_a_zero_fee_in_base_is_no_third_asset() -> None:
    position = start().after(fill("buy", "3000", "0.002", "0", "ETH", "0.5"), ETHUSDC)
    assert (position.third_fee_units, position.realised_units) == (0, 0)


_FILLS = st.lists(
    st.tuples(
        st.booleans(), st.integers(200_000, 400_000), st.integers(1, 50), st.sampled_from(["ETH", "USDC", "BNB"])
    ),
    max_size=30,
)


@given(_FILLS)
def test_equity_change_is_realised_plus_unrealised_whatever_the_fills(rows: list[tuple[bool, int, int, str]]) -> None:
    """equity − capital = realised + (value − cost), to the unit: nothing is counted twice or lost."""
    position, cash, base, third = start(), Fraction(100), Fraction(0), Fraction(0)
    for number, (buy, ticks, wanted, asset) in enumerate(rows):
        lots = wanted if buy else min(wanted, max(0, ETHUSDC.lots_in(position.base_units)))
        if not lots:
            continue
        quote = Fraction(ticks, 100) * Fraction(lots, 10_000)
        fee = {
            "ETH": Fraction(lots, 10_000_000) if buy else Fraction(0),
            "USDC": quote / 1000,
            "BNB": Fraction(1, 10**4),
        }
        fee_units = int(fee[asset] * 10**8)
        made = Fill(
            "ETHUSDC", number, "1", "c", buy, ticks, lots, int(quote * 10**8), fee_units, asset, fee_units, True, 0
        )
        position = position.after(made, ETHUSDC)
        paid = Fraction(fee_units, 10**8)
        cash += (-quote if buy else quote) - (paid if asset == "USDC" else 0)
        base += Fraction(lots if buy else -lots, 10_000) - (paid if asset == "ETH" else 0)
        third += paid if asset == "BNB" else 0
    assert position.cash_units == cash * 10**8
    assert position.base_units == base * 10**8
    assert position.third_fee_units == third * 10**8
    value = ETHUSDC.value_units(position.base_units, 300_000)
    change = position.equity_units(ETHUSDC, 300_000) - usdc("100")
    assert change == position.realised_units + value - position.cost_units
    assert position.cost_units >= 0
