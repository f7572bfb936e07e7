"""What protects a server on somebody's own machine from other people's web pages.

A page on the internet can make the browser call ``http://127.0.0.1:PORT``. So: the Host header
must be a name we know (DNS rebinding), requests that another site caused are refused (CSRF,
embedding), bodies are limited while they arrive, and every answer tells the browser to load
nothing from elsewhere. Beyond this machine a token is needed, as in Jupyter.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.core.errors import InvalidInput
from impasto.serve.errors import error
from impasto.serve.headers import HEADERS, framed_policy

LOCAL = ("localhost", "127.0.0.1", "::1")
MOST_BYTES = 64 * 2**20
SHORTEST_TOKEN = 16


def check_access(token: str | None, hosts: tuple[str, ...]) -> None:
    """Refuse what would let strangers in, when the server starts and not at its first request.

    Raises
    ------
    InvalidInput
        For a token that can be guessed, or any host name without a token.
    """
    if "*" in hosts and token is None:
        raise InvalidInput("Any host name is allowed only together with a token.")
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise InvalidInput(
            f"A token of {len(token)} characters can be guessed; take at least "
            f"{SHORTEST_TOKEN}, for instance from secrets.token_urlsafe()."
        )


class Safety:
    """ASGI middleware around the whole app.

    Parameters
    ----------
    app : ASGI application
    token : str or None
    hosts : tuple of str
        Allowed besides this machine's own names; "*" allows any, with a token only.
    framed_by : tuple of str
        Origins whose pages may show the app in a frame. Browsers send no cookies to a frame of
        another site, so its address begins with ``/session/TOKEN/``: who knows that has the
        token, whatever page they come from and by whatever name they call the server. Empty:
        there are no such addresses.
    most_bytes : int
        Largest body of a request.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str | None = None,
        hosts: tuple[str, ...] = (),
        framed_by: tuple[str, ...] = (),
        most_bytes: int = MOST_BYTES,
    ) -> None:
        check_access(token, hosts)
        self.app = app
        self.token = token
        self.hosts = frozenset(host.lower().strip("[]") for host in (*LOCAL, *hosts))
        self.framed = HEADERS | {"Content-Security-Policy": framed_policy(framed_by)}
        self.has_frames = bool(framed_by) and token is not None
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with limits and headers."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise NotImplementedError(f"impasto speaks HTTP, not {scope['type']}.")
        headers = Headers(scope=scope)
        refusal: Response | None = None
        session = self._session(scope)
        if session is not None:
            scope, send = session, _with_headers(send, self.framed)
        else:
            send = _with_headers(send, HEADERS)
            refusal = self._host(headers) or self._site(scope, headers) or self._key(scope, headers)
        if refusal is None:
            refusal = self._announced(headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, self._limited(receive), send)

    def _session(self, scope: Scope) -> Scope | None:
        """Return the request as the app knows it, if its address holds the token."""
        if not self.has_frames:
            return None
        root = scope.get("root_path", "")
        root = root if root and scope["path"].startswith(f"{root}/") else ""
        start, _, rest = scope["path"][len(root) + 1 :].partition("/")
        token, slash, _ = rest.partition("/")
        if start != "session" or not slash or not self._right(token):
            return None
        return {**scope, "root_path": f"{root}/session/{token}"}

    def _host(self, headers: Headers) -> Response | None:
        given = headers.get("host", "")
        if "*" in self.hosts or _hostname(given) in self.hosts:
            return None
        return error(
            403,
            f"This server does not answer to the host name {given[:200]!r}. If the name is yours, "
            "start impasto with it as an allowed host.",
        )

    def _site(self, scope: Scope, headers: Headers) -> Response | None:
        """Refuse what a page of another site caused, unless a person followed a link."""
        origin = headers.get("origin")
        if origin is not None and not self._ours(origin, headers.get("host", "")):
            return error(403, f"Pages of {origin[:200]!r} may not use this server.")
        caused = headers.get("sec-fetch-site", "none")
        followed = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        embedded = headers.get("sec-fetch-dest") in ("iframe", "frame", "embed", "object")
        if caused in ("cross-site", "same-site") and not (followed and not embedded):
            return error(403, "Pages of other sites may not use this server.")
        return None

    def _ours(self, origin: str, host: str) -> bool:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https"):
            return False
        if parts.netloc.lower() == host.lower():
            return True
        name = _hostname(parts.netloc)  # a proxy may have rewritten Host, never Origin
        return name in self.hosts and name not in LOCAL

    def _key(self, scope: Scope, headers: Headers) -> Response | None:
        if self.token is None:
            return None
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        shown = [value for name, value in pairs if name == "token"]
        if shown and self._right(shown[-1]):
            if scope["method"] != "GET":
                return None
            rest = urlencode([pair for pair in pairs if pair[0] != "token"])
            return self._remember(scope["path"], rest, headers)
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() in ("bearer", "token") and self._right(secret.strip()):
            return None
        if hmac.compare_digest(_cookies(headers).get(self._cookie(headers), ""), self._mark()):
            return None
        return error(
            401,
            "This server needs its token: open the address that impasto printed when it started "
            "(it ends in ?token=...), or send `Authorization: Bearer TOKEN`.",
        )

    def _right(self, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), (self.token or "").encode())

    def _mark(self) -> str:
        return hashlib.sha256(b"impasto cookie" + (self.token or "").encode()).hexdigest()

    def _cookie(self, headers: Headers) -> str:
        port = headers.get("host", "").rpartition(":")[2]  # cookies know no ports, so name it
        return f"impasto-{port if port.isdigit() else 'web'}"

    def _remember(self, path: str, query: str, headers: Headers) -> Response:
        """Set the cookie, and take the token out of the address bar (relative: proxies)."""
        answer = RedirectResponse(_beside(path, query), status_code=303)
        answer.set_cookie(
            self._cookie(headers),
            self._mark(),
            httponly=True,
            samesite="lax",
            secure=headers.get("x-forwarded-proto", "") == "https",
            path="/",
            max_age=30 * 86400,
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _announced(self, headers: Headers) -> Response | None:
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) <= self.most_bytes:
            return None
        return self._too_large()

    def _too_large(self) -> Response:
        return error(413, self._limit())

    def _limit(self) -> str:
        return f"At most {self.most_bytes / 2**20:.0f} MB can be sent at once."

    def _limited(self, receive: Receive) -> Receive:
        """Count the bytes as they come: a length that was announced can be a lie."""
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > self.most_bytes:
                raise HTTPException(413, self._limit())
            return message

        return counted


def _with_headers(send: Send, always: Mapping[str, str]) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in always.items():
                headers.setdefault(name, value)
        await send(message)

    return sent


def _beside(path: str, query: str) -> str:
    """Return the relative address of the same page with another query.

    Examples
    --------
    >>> _beside("/", ""), _beside("/api/jobs", "a=1")
    ('./', './jobs?a=1')
    """
    page = "./" + quote(path.rpartition("/")[2])
    return f"{page}?{query}" if query else page


def _hostname(netloc: str) -> str:
    """Cut the port (and the brackets of IPv6) off ``host:port``; "" for nonsense."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "") if "@" not in netloc else ""
    except ValueError:
        return ""


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {name: each.value for name, each in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach a server bound to `address`.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
