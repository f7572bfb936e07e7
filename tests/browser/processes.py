"""The app as people run it: a process of its own that can be killed, and a proxy before it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from impasto.serve.server import bind

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "date", "server"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """`impasto open` on a port of its own, again and again."""

    path: Path
    port: int
    options: tuple[str, ...] = ()
    running: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start it, and wait until it says where it is."""
        command = "from impasto.cli import main; main()"
        words = ("open", str(self.path), "--no-browser", "--port", str(self.port), *self.options)
        self.running = subprocess.Popen(
            [sys.executable, "-c", command, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.running.stdout is not None
        assert "impasto is at" in self.running.stdout.readline()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.running is None:
            return
        os.kill(self.running.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self.running.wait()
        if self.running.stdout is not None:
            self.running.stdout.close()
        self.running = None


@contextmanager
def program(path: Path, *options: str) -> Iterator[Program]:
    """Run the app in a process of its own."""
    started = Program(path, free_port(), options)
    started.start()
    try:
        yield started
    finally:
        started.kill()


@contextmanager
def proxy(port: int, prefix: str, *, keeps: bool, buffers: bool = False) -> Iterator[str]:
    """Show what listens on a port below a path of another, as the nginx of docs/server.md does.

    Parameters
    ----------
    port : int
    prefix : str
    keeps : bool
        Whether the prefix stays in the path that is passed on.
    buffers : bool
        Whether answers are held back until they are complete, which an event stream never is.
    """
    client: httpx.AsyncClient

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        nonlocal client
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield

    async def passed_on(request: Request) -> Response:
        path = request.url.path if keeps else request.url.path[len(prefix) :]
        asked = client.build_request(
            request.method,
            f"{path}?{request.url.query}" if request.url.query else path,
            headers=[(k, v) for k, v in request.headers.raw if k != b"connection"],
            content=await request.body(),
        )
        try:
            answer = await client.send(asked, stream=True)
        except httpx.TransportError:
            return HTMLResponse("<h1>502 Bad Gateway</h1>", 502)
        headers = {k: v for k, v in answer.headers.items() if k not in HOP_BY_HOP}
        if buffers and answer.headers.get("content-type", "").startswith("text/event-stream"):
            body = _silence()
        else:
            body = _bytes_of(answer)
        return StreamingResponse(
            body, answer.status_code, headers, background=BackgroundTask(answer.aclose)
        )

    routes = [Route(prefix + "/{rest:path}", passed_on, methods=METHODS)]
    app = Starlette(routes=routes, lifespan=lifespan)
    listening = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}{prefix}/"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


async def _bytes_of(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in answer.aiter_raw():
            yield part
    except httpx.HTTPError:
        return  # the server was killed in the middle of its answer


async def _silence() -> AsyncIterator[bytes]:
    await asyncio.sleep(600)
    yield b""
