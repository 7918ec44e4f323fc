from mm.execution.counted_trades import CountedTrades


def test_the_newest_are_known_by_number_and_older_ones_by_age() -> None:
    trades = CountedTrades(remembered=3)
    for trade_id in (10, 12, 11, 13, 14):
        trades.add(trade_id)
    assert len(trades) == 3
    assert [trade_id in trades for trade_id in (10, 12, 11, 13, 14)] == [False, False, True, True, True]
    assert [trades.is_older(trade_id) for trade_id in (9, 10, 12, 13, 15)] == [True, True, True, False, False]


def test_nothing_is_old_before_something_was_let_go() -> None:
    trades = CountedTrades()
    trades.add(10)
    assert 10 in trades
    assert 9 not in trades
    assert not trades.is_older(9)
    assert not trades.is_older(0)


def test_a_trade_told_twice_takes_one_place() -> None:
    trades = CountedTrades(remembered=2)
    for trade_id in (1, 2, 2, 2):
        trades.add(trade_id)
    assert 1 in trades
    assert len(trades) == 2
