"""The wallet's operations (/sapi/v1) that a mainnet server has beside spot trading.

Source: Binance Wallet API documentation; only what clients ask for before they trade. Its weights count
with those of spot here (at Binance sapi has limits of its own).
"""

from typing import Any

from mm.exchange.venue_server import api_error, wire
from mm.exchange.venue_server.api_key import ApiKey
from mm.exchange.venue_server.endpoint import Endpoint, public, signed, signed_by_key
from mm.exchange.venue_server.market_data import symbol_names
from mm.exchange.venue_server.parameters import Parameters
from mm.exchange.venue_server.served import Served

_ZERO = "0"
_NETWORK = "MM"
"""Nothing leaves this machine: the one network that assets can be moved on is the venue's own (`mm sim deposit`)."""


def system_status(_served: Served, _uid: int, _parameters: Parameters) -> Any:
    return {"status": 0, "msg": "normal"}


def trade_fee(served: Served, uid: int, parameters: Parameters) -> Any:
    state, symbol = served.venue.account(uid), parameters.symbol_or_none()
    maker, taker = (f"{fee.normalize():f}" for fee in (state.maker_fee, state.taker_fee))
    return [
        {"symbol": each, "makerCommission": maker, "takerCommission": taker}
        for each in ((symbol,) if symbol else symbol_names(served))
    ]


def api_restrictions(_served: Served, key: ApiKey, _parameters: Parameters) -> Any:
    may = key.permissions
    return {
        "ipRestrict": bool(may.addresses),
        "createTime": key.created_ms,
        "enableReading": may.reading,
        "enableWithdrawals": may.withdrawals,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": may.trading,
        "enablePortfolioMarginTrading": False,
    }


def user_assets(served: Served, uid: int, parameters: Parameters) -> Any:
    asked = parameters.optional("asset")
    return [
        {
            "asset": balance.asset,
            "free": wire.text(balance.free),
            "locked": wire.text(balance.locked),
            "freeze": _ZERO,
            "withdrawing": _ZERO,
            "ipoable": _ZERO,
            "btcValuation": _ZERO,
        }
        for balance in served.venue.account(uid).balances
        if (balance.free or balance.locked) and asked in {None, balance.asset}
    ]


def account_status(_served: Served, _uid: int, _parameters: Parameters) -> Any:
    return {"data": "Normal"}


def trading_status(served: Served, _uid: int, _parameters: Parameters) -> Any:
    indicators = {"GCR": 150, "IFER": 150, "UFR": 300}
    return {
        "data": {
            "isLocked": False,
            "plannedRecoverTime": 0,
            "triggerCondition": indicators,
            "updateTime": served.now_ms(),
        }
    }


def coins(served: Served, uid: int, _parameters: Parameters) -> Any:
    return [
        {
            "coin": balance.asset,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "name": balance.asset,
            "free": wire.text(balance.free),
            "locked": wire.text(balance.locked),
            "freeze": _ZERO,
            "withdrawing": _ZERO,
            "ipoing": _ZERO,
            "ipoable": _ZERO,
            "storage": _ZERO,
            "isLegalMoney": False,
            "trading": True,
            "networkList": [_network(balance.asset)],
        }
        for balance in served.venue.account(uid).balances
    ]


def bnb_burn(served: Served, uid: int, _parameters: Parameters) -> Any:
    return {"spotBNBBurn": served.venue.account(uid).burns_bnb, "interestBNBBurn": False}


def set_bnb_burn(served: Served, uid: int, parameters: Parameters) -> Any:
    """Spot commissions are paid in BNB from now on, or no longer. There is no margin interest here to pay so."""
    if "spotBNBBurn" not in parameters and "interestBNBBurn" not in parameters:
        raise api_error.missing_both("spotBNBBurn", "interestBNBBurn")
    burns = parameters.boolean("spotBNBBurn", default=served.venue.account(uid).burns_bnb)
    served.venue.burn_bnb(uid, burns=burns)
    return bnb_burn(served, uid, parameters)


def _network(coin: str) -> wire.Json:
    return {
        "network": _NETWORK,
        "coin": coin,
        "withdrawIntegerMultiple": "0.00000001",
        "isDefault": True,
        "depositEnable": False,
        "withdrawEnable": False,
        "depositDesc": "",
        "withdrawDesc": "",
        "specialTips": "",
        "specialWithdrawTips": "",
        "name": "this machine",
        "resetAddressStatus": False,
        "addressRegex": "",
        "addressRule": "",
        "memoRegex": "",
        "withdrawFee": _ZERO,
        "withdrawMin": _ZERO,
        "withdrawMax": _ZERO,
        "minConfirm": 1,
        "unLockConfirm": 0,
        "sameAddress": False,
        "estimatedArrivalTime": 0,
        "busy": False,
    }


def margin_pairs(_served: Served, _uid: int, _parameters: Parameters) -> Any:
    """None: nothing is lent here. Clients ask for them, signed or not, before they know a single market."""
    return []


_MARGIN_PAIRS = public(margin_pairs, "symbol timestamp recvWindow signature")

REST: dict[tuple[str, str], Endpoint] = {
    ("GET", "/sapi/v1/system/status"): public(system_status),
    ("GET", "/sapi/v1/asset/tradeFee"): signed(trade_fee, "symbol"),
    ("GET", "/sapi/v1/account/apiRestrictions"): signed_by_key(api_restrictions),
    ("GET", "/sapi/v1/account/status"): signed(account_status),
    ("GET", "/sapi/v1/bnbBurn"): signed(bnb_burn),
    ("POST", "/sapi/v1/bnbBurn"): signed(set_bnb_burn, "spotBNBBurn interestBNBBurn"),
    ("GET", "/sapi/v1/account/apiTradingStatus"): signed(trading_status),
    ("GET", "/sapi/v1/margin/allPairs"): _MARGIN_PAIRS,
    ("GET", "/sapi/v1/margin/isolated/allPairs"): _MARGIN_PAIRS,
    ("GET", "/sapi/v1/capital/config/getall"): signed(coins, "", 10),
    ("POST", "/sapi/v3/asset/getUserAsset"): signed(user_assets, "asset needBtcValuation", 5),
    ("POST", "/sapi/v1/asset/getUserAsset"): signed(user_assets, "asset needBtcValuation", 5),
}
