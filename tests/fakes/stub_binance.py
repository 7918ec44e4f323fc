"""A few routes of Binance's REST interface in a thread: signatures checked, orders held, faults on order."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY, SECRET = "stub-key-CANARY", "stub-secret-CANARY"


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    at: float


@dataclass
class StubBinance:
    """`faults` maps a method and path to answers that come before the honest ones: (status, headers, body)."""

    orders: dict[int, dict[str, str]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    faults: dict[str, list[tuple[int, dict[str, str], str]]] = field(default_factory=dict)
    arrivals: list[tuple[int, str]] = field(default_factory=list)
    """(after this many reads of the open orders, client id of an order that appears then)"""
    clock_ahead_ms: int = 0
    latency: float = 0.0
    before_cancel: Callable[[int], object] | None = None
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    busiest: int = 0
    _busy: int = 0

    def place(self, client_id: str, symbol: str = "ETHUSDC") -> int:
        with self.lock:
            order_id = 1000 + len(self.seen) * 100 + len(self.orders)
            self.orders[order_id] = {"symbol": symbol, "clientOrderId": client_id}
            return order_id

    def client_ids(self) -> list[str]:
        return sorted(order["clientOrderId"] for order in self.orders.values())

    def count(self, method: str, path: str) -> int:
        return sum(1 for seen in self.seen if (seen.method, seen.path) == (method, path))

    def answer(self, method: str, target: str, key: str) -> tuple[int, dict[str, str], Any]:
        with self.lock:
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            time.sleep(self.latency)
            return self._answer(method, target, key)
        finally:
            with self.lock:
                self._busy -= 1

    def _answer(self, method: str, target: str, key: str) -> tuple[int, dict[str, str], Any]:
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.seen.append(Seen(method, url.path, query, time.monotonic()))
        waiting = self.faults.get(f"{method} {url.path}")
        if waiting:
            return waiting.pop(0)
        now = time.time_ns() // 1_000_000 + self.clock_ahead_ms
        if url.path == "/api/v3/time":
            return 200, {}, {"serverTime": now}
        refused = _refused(url.query, query, key, now)
        if refused:
            return 400 if refused["code"] != -2015 else 401, {}, refused
        if (method, url.path) == ("GET", "/api/v3/openOrders"):
            return 200, {}, self._open(query.get("symbol"))
        if (method, url.path) == ("DELETE", "/api/v3/order"):
            return self._cancel(int(query["orderId"]), query["symbol"])
        return 404, {}, {"code": -1, "msg": "no such route"}

    def _open(self, symbol: str | None) -> list[dict[str, Any]]:
        reads = self.count("GET", "/api/v3/openOrders")
        for after, client_id in [arrival for arrival in self.arrivals if arrival[0] <= reads]:
            self.arrivals.remove((after, client_id))
            self.place(client_id)
        return [
            {"orderId": order_id, "side": "BUY", "price": "3000.00", "origQty": "0.0100", **order}
            for order_id, order in self.orders.items()
            if symbol in {None, order["symbol"]}
        ]

    def _cancel(self, order_id: int, symbol: str) -> tuple[int, dict[str, str], Any]:
        if self.before_cancel:
            self.before_cancel(order_id)
        order = self.orders.get(order_id)
        if order is None or order["symbol"] != symbol:
            return 400, {}, {"code": -2011, "msg": "Unknown order sent."}
        del self.orders[order_id]
        return 200, {}, {"orderId": order_id, "status": "CANCELED"}


def _refused(raw: str, query: dict[str, str], key: str, now: int) -> dict[str, Any] | None:
    if key != KEY:
        return {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
    signed, _, signature = raw.rpartition("&signature=")
    if hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest() != signature:
        return {"code": -1022, "msg": "Signature for this request is not valid."}
    stamp, window = int(query["timestamp"]), int(query["recvWindow"])
    if not now - window <= stamp <= now + 1000:
        return {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
    return None


@contextmanager
def serving(stub: StubBinance) -> Iterator[StubBinance]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            status, headers, body = stub.answer(self.command, self.path, self.headers.get("X-MBX-APIKEY", ""))
            if status < 0:  # no HTTP at all; it quotes the request
                self.wfile.write(f"{self.path}\r\n\r\n".encode())
                self.close_connection = True
                return
            if status == 0:  # the connection breaks instead of an answer
                self.close_connection = True
                return
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._do()

        def do_DELETE(self) -> None:
            self._do()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base names it so
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that goes away in mid-answer is part of the tests

    with Server(("127.0.0.1", 0), Handler) as server:
        stub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
