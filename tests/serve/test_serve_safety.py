"""The guard: host names, other sites, tokens, sizes, headers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request, UploadFile
from fastapi.testclient import TestClient

from impasto.core.errors import InvalidInput
from impasto.serve import errors
from impasto.serve.headers import POLICY
from impasto.serve.safety import Safety, is_loopback

TOKEN = "a-token-that-is-long-enough"


def app(**options: object) -> FastAPI:
    small = FastAPI()
    errors.install(small)

    @small.get("/who")
    def who(request: Request) -> dict[str, str]:
        return {"query": request.url.query}

    @small.post("/size")
    async def size(request: Request) -> int:
        return sum([len(part) async for part in request.stream()])

    @small.post("/file")
    def file(file: UploadFile) -> int:
        return len(file.file.read())

    @small.get("/bad")
    def bad() -> None:
        raise ZeroDivisionError("a secret detail")

    small.add_middleware(Safety, **options)  # type: ignore[arg-type]
    return small


def client(base: str = "http://127.0.0.1:8585", **options: object) -> TestClient:
    return TestClient(
        app(**options), base_url=base, raise_server_exceptions=False, follow_redirects=False
    )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8585", "localhost:1", "LOCALHOST:8585", "[::1]:8585", "[::1]"]
)
def test_own_names_are_answered(host: str) -> None:
    assert client().get("/who", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8585",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8585",
        "localhost@evil.example",
        "evil@localhost",
        "[::1",
        "",
        "0.0.0.0:8585",
    ],
)
def test_other_names_are_refused_for_dns_rebinding(host: str) -> None:
    answer = client().get("/who", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["error"]["kind"] == "forbidden"


def test_a_name_can_be_allowed_and_any_name_only_with_a_token() -> None:
    allowed = client(hosts=("Pictures.Example",))
    assert allowed.get("/who", headers={"Host": "pictures.example"}).status_code == 200
    assert allowed.get("/who", headers={"Host": "other.example"}).status_code == 403
    with pytest.raises(InvalidInput, match="token"):
        Safety(app(), hosts=("*",))
    anyone = client(hosts=("*",), token=TOKEN)
    headers = {"Host": "other.example", "Authorization": f"Bearer {TOKEN}"}
    assert anyone.get("/who", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "file://", "http://localhost:8585"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_other_origins_are_refused(origin: str, method: str) -> None:
    path = "/who" if method == "GET" else "/size"
    answer = client().request(method, path, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_own_origin_is_answered_also_behind_a_proxy_that_changes_the_host() -> None:
    own = {"Origin": "http://127.0.0.1:8585", "Sec-Fetch-Site": "same-origin"}
    assert client().post("/size", headers=own).status_code == 200
    proxied = {"Origin": "https://hub.example", "Host": "127.0.0.1:8585"}
    assert client().post("/size", headers=proxied).status_code == 403
    assert client(hosts=("hub.example",)).post("/size", headers=proxied).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_can_link_here_but_not_embed_or_fetch(site: str) -> None:
    def get(mode: str, dest: str, method: str = "GET") -> int:
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        path = "/who" if method == "GET" else "/size"
        return client().request(method, path, headers=headers).status_code

    assert get("navigate", "document") == 200
    assert get("no-cors", "image") == 403
    assert get("navigate", "iframe") == 403
    assert get("navigate", "document", "POST") == 403


def test_without_the_token_nothing_is_said() -> None:
    guarded = client(token=TOKEN)
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Cookie": f"impasto-8585={TOKEN}"},
        {"Cookie": "impasto-8585=; =;;"},
        {"Authorization": "Bearer ä".encode("latin-1").decode("latin-1")},
    ):
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        answer = guarded.get("/who", headers=raw)
        assert answer.status_code == 401
        assert answer.json()["error"]["kind"] == "unauthorised"
    assert guarded.get("/who?token=wrong").status_code == 401
    assert guarded.get("/unknown").status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token"])
def test_a_program_brings_the_token_in_a_header(scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    assert client(token=TOKEN).get("/who", headers=headers).status_code == 200


def test_a_browser_brings_the_token_once_and_gets_a_cookie() -> None:
    browser = client(token=TOKEN)
    answer = browser.get(f"/who?a=1&token={TOKEN}&b=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "./who?a=1&b=2"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    assert browser.get("/who?a=1&b=2").json() == {"query": "a=1&b=2"}
    assert client(token=TOKEN + "2").get("/who", headers={"Cookie": cookie}).status_code == 401


def test_a_short_token_is_no_secret() -> None:
    with pytest.raises(InvalidInput, match="guessed"):
        Safety(app(), token="1234")


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    answer = client(most_bytes=1000).post("/size", content=b"x" * 1001)
    assert answer.status_code == 413
    assert answer.json()["error"]["kind"] == "too_large"
    assert client(most_bytes=1000).post("/size", content=b"x" * 1000).json() == 1000
    for length in ("nonsense", "-1"):
        answer = client().post("/size", headers={"Content-Length": length})
        assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/size", "/file"])
def test_a_body_that_lies_about_its_size_is_cut_off(path: str) -> None:
    def parts() -> Iterator[bytes]:
        yield b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
        for _ in range(50):
            yield b"x" * 100

    answer = client(most_bytes=1000).post(
        path, content=parts(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 413
    assert "0 MB" in answer.json()["error"]["message"]


def test_every_answer_tells_the_browser_to_load_nothing_from_elsewhere() -> None:
    for path in ("/who", "/unknown", "/bad"):
        answer = client().get(path)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    refused = client().get("/who", headers={"Host": "evil.example"})
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in POLICY
    assert "img-src 'self' blob: data:" in POLICY
    assert "script" not in POLICY


def test_what_nobody_foresaw_is_an_error_without_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = client().get("/bad")
    assert answer.status_code == 500
    assert answer.json()["error"]["kind"] == "internal"
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_loopback_addresses() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "192.168.1.5", "pictures.example", ""]))
