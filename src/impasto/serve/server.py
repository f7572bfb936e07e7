"""Running the app on an address: in the foreground for the command line, or in a thread."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import TYPE_CHECKING

from impasto.core.errors import InvalidInput
from impasto.serve.safety import is_loopback
from impasto.serve.studio import Studio

if TYPE_CHECKING:
    import uvicorn

FIRST_PORT = 8585
TRIED_PORTS = 50


class Server:
    """The app of one studio on one address.

    Parameters
    ----------
    studio : Studio
    host : str
        Address to bind to. Beyond this machine a token is needed; one is made when none is given.
    port : int or None
        None takes the first free one from 8585.
    token : str or None
    hosts : iterable of str
        Further names the server may be called by.
    root_path : str
        Prefix of the path under which a proxy shows the app.
    framed_by : iterable of str
        Origins whose pages may show the app in a frame, at ``session/TOKEN/`` below its address.

    Examples
    --------
    ``with Server(studio) as server: print(server.address)`` serves from a thread;
    ``Server(studio).run()`` serves until Ctrl-C.
    """

    def __init__(
        self,
        studio: Studio,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        token: str | None = None,
        hosts: Iterable[str] = (),
        root_path: str = "",
        framed_by: Iterable[str] = (),
    ) -> None:
        import uvicorn

        from impasto.serve.app import create_app

        allowed = tuple(hosts)
        if not is_loopback(host):
            token = token or secrets.token_urlsafe(24)
            allowed = ("*",)  # the token, not the name, keeps strangers out
        app = create_app(
            studio, token=token, hosts=allowed, root_path=root_path, framed_by=framed_by
        )
        self._socket = bind(host, port)
        self._studio = studio
        self._host = host
        self._token = token
        self._server = _quick_to_stop(studio)(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                ws="none",
                lifespan="off",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that was free."""
        return int(self._socket.getsockname()[1])

    @property
    def address(self) -> str:
        """What to open in a browser, with the token if there is one."""
        name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(  # noqa: S104
            self._host, self._host
        )
        shown = f"[{name}]" if ":" in name else name
        return f"http://{shown}:{self.port}/" + (f"?token={self._token}" if self._token else "")

    def run(self, ready: Callable[[str], object] | None = None) -> None:
        """Serve until Ctrl-C; `ready` is called with the address once browsers can connect."""
        if ready is not None:
            ready(self.address)  # the socket listens already, so a browser would only wait
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def __enter__(self) -> Server:
        """Serve from a thread."""
        self._thread = threading.Thread(target=self.run, name="impasto-server", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        """Stop, and wait until the thread has ended."""
        self._studio.end_streams()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)


def bind(host: str, port: int | None) -> socket.socket:
    """Listen on an address: on `port`, or on the first free port from 8585.

    Raises
    ------
    InvalidInput
        When the port is taken or the address is not this machine's.
    """
    tried = range(FIRST_PORT, FIRST_PORT + TRIED_PORTS) if port is None else [port]
    problem: OSError | None = None
    for each in tried:
        try:
            family = socket.getaddrinfo(host, each, type=socket.SOCK_STREAM)[0][0]
            listening = socket.create_server((host, each), family=family, backlog=512)
            # Accepted connections inherit it. asyncio sets it only on sockets that it made itself,
            # and without it every answer waits 40 ms for the browser's delayed acknowledgement.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return listening
        except OSError as error:
            problem = error
    where = f"{host}:{port}" if port is not None else f"{host}, ports {tried[0]} to {tried[-1]}"
    raise InvalidInput(
        f"Can't listen on {where}: {problem.strerror if problem else ''}. "
        "Choose another --port or --host."
    )


def _quick_to_stop(studio: Studio) -> type[uvicorn.Server]:
    """Make a server that ends event streams on Ctrl-C: they would keep it waiting."""
    import uvicorn

    class Quick(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            studio.end_streams()
            super().handle_exit(sig, frame)

    return Quick
