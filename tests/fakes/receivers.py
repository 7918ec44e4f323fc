"""A mail server and a webhook on loopback that keep what they are sent."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword


@dataclass
class Mailbox:
    """`refuse` is answered to every message while it is set."""

    port: int = 0
    refuse: str = ""
    mails: list[Envelope] = field(default_factory=list)
    log_ins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            return self.refuse
        self.mails.append(envelope)
        return "250 taken"


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, log_in: tuple[str, str] | None = None) -> Iterator[Mailbox]:
    box = Mailbox()

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        box.log_ins.append((given.login, given.password))
        success = (given.login.decode(), given.password.decode()) == log_in
        return AuthResult(success=success, handled=success)

    class Server(Controller):
        def factory(self) -> SMTP:
            return SMTP(self.handler, **self.SMTP_kwargs)

    named: dict[str, Any] = {}
    if tls is not None:
        named |= {"tls_context": tls, "require_starttls": True}
    if log_in is not None:
        named |= {"authenticator": known, "auth_required": True, "auth_require_tls": tls is not None}
    controller: Any = Server(box, hostname="127.0.0.1", port=0, **named)
    with _any_port(controller):
        box.port = controller.server.sockets[0].getsockname()[1]
        yield box


@contextmanager
def _any_port(controller: Any) -> Iterator[None]:
    """aiosmtpd knocks at the port it was told; told 0 it must knock at the one it got."""

    def knock() -> None:
        controller.port = controller.server.sockets[0].getsockname()[1]
        Controller._trigger_server(controller)  # type: ignore[no-untyped-call]

    controller._trigger_server = knock
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@dataclass
class Webhook:
    """Answers `status` and `answer` (JSON, or raw bytes) to every POST; `hold` keeps all waiting until it is set."""

    port: int = 0
    status: int = 200
    answer: Any = field(default_factory=lambda: {"errcode": 0, "errmsg": "ok"})
    bodies: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event | None = None

    @property
    def texts(self) -> list[str]:
        return [body["text"]["content"] for body in self.bodies]

    def url(self, token: str) -> str:
        return f"http://127.0.0.1:{self.port}/robot/send?access_token={token}"


@contextmanager
def webhook_server(port: int = 0) -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.bodies.append(json.loads(body))
            hook.paths.append(self.path)
            hook.arrived.set()
            if hook.hold is not None:
                hook.hold.wait(30)
            told = hook.answer if isinstance(hook.answer, bytes) else json.dumps(hook.answer).encode()
            try:
                self.send_response(hook.status)
                if hook.status in {301, 302, 307}:
                    self.send_header("Location", "/elsewhere?access_token=x")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)
            except OSError:
                return  # the courier was killed while it waited

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        if hook.hold is not None:
            hook.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
