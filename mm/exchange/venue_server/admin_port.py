"""The venue's own requests on a loopback port of their own: they are answered whatever happens to the trading port."""

from aiohttp import web

from mm.exchange.venue_server.admin import Admin


class AdminPort:
    """Serves `admin` and nothing else."""

    def __init__(self, admin: Admin, host: str = "127.0.0.1") -> None:
        self._admin = admin
        self._host = host
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=1.0)

    async def start(self) -> int:
        """The port: any free one."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        return await self._admin.answer(request, path, query)
