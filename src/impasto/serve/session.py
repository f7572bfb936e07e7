"""The app beside one's own code: in a frame of a notebook, or in a browser tab of a script."""

from __future__ import annotations

import builtins
import html
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput
from impasto.serve.server import Server
from impasto.serve.shown import Exchange
from impasto.serve.studio import Studio

if TYPE_CHECKING:
    from impasto.store import Collection

HEIGHT = 720


class Session:
    """The app of a collection, served in the background; `impasto.show` makes it.

    A notebook shows it as a frame. The frame's address holds a secret that ends with the session.

    Parameters
    ----------
    collection : impasto.store.Collection
    port : int or None
        None: the first free one from 8585.
    height : int
        Of the frame, pixels.
    address : str or None
        Where browsers reach the port, when that is not ``http://127.0.0.1:{port}/``: the address
        of a proxy, in which ``{port}`` stands for the port. None: this machine, or, on a
        JupyterHub, its own proxy (jupyter-server-proxy).
    framed_by : iterable of str
        Further origins whose pages may show the frame, ``https://notebooks.example.org``; this
        machine's own pages may.

    Examples
    --------
    >>> session = impasto.show(c)  # doctest: +SKIP
    >>> session.selected  # doctest: +SKIP
    array([3, 17])
    """

    def __init__(
        self,
        collection: Collection,
        *,
        port: int | None = None,
        height: int = HEIGHT,
        address: str | None = None,
        framed_by: Iterable[str] = (),
    ) -> None:
        where = _template(address)
        self.height = height
        self._name = collection.name
        self._token = secrets.token_urlsafe(24)
        self._exchange = Exchange()
        self._studio = Studio(collection, exchange=self._exchange)
        self._server = Server(
            self._studio, port=port, token=self._token, framed_by=(*NOTEBOOKS, *framed_by)
        )
        self._ended = threading.Event()
        base = where.format(port=self._server.port).rstrip("/")
        self.address = f"{base}/session/{self._token}/"
        self._server.__enter__()

    def __repr__(self) -> str:
        state = "closed" if self._ended.is_set() else self.address
        return f"<impasto session of {self._name!r}: {state}>"

    def _repr_html_(self) -> str:
        """Show the app in a frame."""
        if self._ended.is_set():
            return f"<p>The session of {html.escape(self._name)} is closed.</p>"
        return (
            f'<iframe src="{html.escape(self.address)}" width="100%" height="{self.height:d}" '
            f'style="border: 0" title="impasto: {html.escape(self._name)}" '
            'allow="clipboard-write; fullscreen"></iframe>'
        )

    @property
    def selected(self) -> NDArray[np.int64]:
        """Ids of the images chosen in the app, shape (n_images,); set it to choose others."""
        return np.array(self._exchange.now.selected, np.int64)

    @selected.setter
    def selected(self, ids: Iterable[int] | NDArray[np.integer[Any]]) -> None:
        wanted = tuple(int(image) for image in ids)
        self._studio.collection.images(wanted)  # an unknown one is an error here and now
        self._exchange.ask(selected=wanted)

    @property
    def view(self) -> str:
        """The place in the app, as its address has it behind ``#/``; set it to go there."""
        return self._exchange.now.view

    @view.setter
    def view(self, place: str) -> None:
        self._exchange.ask(view=place.removeprefix("#").removeprefix("/"))

    def wait(self) -> None:
        """Serve until the session is closed or Ctrl-C."""
        try:
            while not self._ended.wait(0.5):  # so that Ctrl-C is heard on every system
                pass
        except KeyboardInterrupt:
            self.close()

    def close(self) -> None:
        """Stop serving; what jobs committed stays. Closing twice is fine."""
        if not self._ended.is_set():
            self._ended.set()
            self._server.__exit__()
            self._studio.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


NOTEBOOKS = (
    "http://localhost:*",
    "http://127.0.0.1:*",
    "https://localhost:*",
    "https://127.0.0.1:*",
    "vscode-webview:",
)
"""Origins of notebooks on this machine."""


def _template(address: str | None) -> str:
    """Return where browsers reach a port, checked; ``{port}`` stands for it."""
    hub = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if address is None:
        return f"{hub.rstrip('/')}/proxy/{{port}}/" if hub else "http://127.0.0.1:{port}/"
    try:
        address.format(port=0)
    except (KeyError, IndexError, ValueError):
        raise InvalidInput(
            f"In an address only {{port}} stands for something, unlike in {address!r}."
        ) from None
    return address


def begin(session: Session, *, wait: bool | None, browser: bool | None) -> Session:
    """Show a session in the way that suits where the code runs.

    Parameters
    ----------
    session : Session
    wait : bool or None
        Whether to serve until Ctrl-C before going on; None: in scripts, not where one types.
    browser : bool or None
        Whether to open a browser tab; None: everywhere but in a notebook.
    """
    notebook = in_notebook()
    if not notebook if browser is None else browser:
        webbrowser.open(session.address)
    if not (notebook or is_typed()) if wait is None else wait:
        session.wait()
    return session


def in_notebook() -> bool:
    """Tell whether the code runs in a cell that can show a frame."""
    shell = getattr(builtins, "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def is_typed() -> bool:
    """Tell whether somebody types the code line by line."""
    return hasattr(sys, "ps1") or hasattr(builtins, "get_ipython") or bool(sys.flags.interactive)
