"""mm: takes a market-making bot on Binance Spot from testnet to real money in proven steps."""

__version__ = "0.1.0"
