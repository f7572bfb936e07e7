"""The built pages, or a page that says how to build them."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from impasto.serve import errors, front


def app(folder: Path) -> TestClient:
    small = FastAPI()
    errors.install(small)
    front.install(small, folder)
    return TestClient(small)


def test_a_page_says_how_to_build_the_pages(tmp_path: Path) -> None:
    answer = app(tmp_path / "static").get("/")
    assert answer.status_code == 200
    assert "not built yet" in answer.text
    assert 'href="api/' in answer.text  # relative, so that it works under a prefix


def test_built_pages_are_served_also_when_they_were_built_later(tmp_path: Path) -> None:
    client = app(tmp_path / "static")
    assert client.get("/assets/app-1f2e.js").status_code == 404
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<title>built</title>")
    (tmp_path / "static" / "assets" / "app-1f2e.js").write_text("1")
    (tmp_path / "static" / "icon.svg").write_text("<svg/>")
    assert client.get("/").text == "<title>built</title>"
    assert client.get("/").headers["cache-control"] == "no-cache"
    script = client.get("/assets/app-1f2e.js")
    assert "immutable" in script.headers["cache-control"]
    assert "javascript" in script.headers["content-type"]
    assert client.get("/icon.svg").headers["cache-control"] == "no-cache"
    assert client.get("/index.html").text == "<title>built</title>"
    assert client.get("/../test_serve_front.py").status_code == 404


def test_links_out_of_the_static_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "static" / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert app(tmp_path / "static").get("/link.txt").status_code == 404
