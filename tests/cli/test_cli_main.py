"""The entry point: help for everything, options from the environment, exit codes, pipes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import pytest
from fixtures import Gallery
from kit import draw, impasto, process, program

from impasto.cli.main import COMMANDS, cli, run
from impasto.core.errors import Cancelled


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def options() -> list[tuple[str, click.Option]]:
    return [
        (name, parameter)
        for name in COMMANDS
        for parameter in command(name).params
        if isinstance(parameter, click.Option)
    ]


def test_help_lists_every_command() -> None:
    said = impasto("--help")
    assert said.code == 0
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in said.out
        assert line in said.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    said = impasto(name, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: impasto {name} ")
    found = command(name)
    assert found.name == name
    assert found.help
    for parameter in found.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert max(parameter.opts, key=len) in said.out


def test_long_commands_take_json_and_quiet() -> None:
    flags = {
        name: {text for n, o in options() if n == name for text in o.opts} for name in COMMANDS
    }
    for name in ("demo", "add", "embed", "learn", "retrieve"):
        assert {"--json", "--quiet"} <= flags[name]
    for name in ("find", "evaluate", "predict", "status", "networks", "doctor"):
        assert "--json" in flags[name]
    for name in ("demo", "find", "retrieve", "learn"):
        assert "--seed" in flags[name]


def test_every_option_has_a_variable_of_its_own() -> None:
    variables = [option.envvar for _, option in options()]
    assert all(isinstance(variable, str) for variable in variables)
    assert set(Counter(variables).values()) == {1}
    named = {(name, text): o.envvar for name, o in options() for text in o.opts}
    assert named["embed", "--network"] == "IMPASTO_EMBED_NETWORK"
    assert named["embed", "--layer"] == "IMPASTO_EMBED_LAYER"
    assert named["find", "-k"] == "IMPASTO_FIND_K"
    assert named["find", "--not"] == "IMPASTO_FIND_NOT"
    assert named["learn", "--min-images"] == "IMPASTO_LEARN_MIN_IMAGES"


def test_options_from_the_environment(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_FIND_K", "3")
    monkeypatch.setenv("IMPASTO_FIND_JSON", "1")
    monkeypatch.setenv("IMPASTO_FIND_NOT", "2 label:discs")
    assert len(impasto("find", gallery.path, "1").data["neighbours"]) == 3
    assert len(impasto("find", gallery.path, "1", "-k", "5").data["neighbours"]) == 5
    monkeypatch.setenv("IMPASTO_FIND_NOT", "99")
    assert "No image 99" in impasto("find", gallery.path, "1").sentence
    monkeypatch.setenv("IMPASTO_EMBED_NETWORK", "vgg91")
    assert "Did you mean 'vgg19'" in impasto("embed", gallery.path).sentence
    monkeypatch.setenv("IMPASTO_LEARN_FOLDS", "many")
    assert impasto("learn", gallery.path).code == 2


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "Stopped."),
        (Cancelled("stop"), 130, "Stopped."),
        (OSError(errno.ENOSPC, "No space left on device", "x.f16"), 1, "The disk is full (x.f16)"),
        (OSError(errno.EIO, "Input/output error", "x.f16"), 1, "Input/output error (x.f16)."),
    ],
)
def test_what_the_edge_makes_of_errors(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setitem(COMMANDS, "status", (f"{__name__}:fail", "Fail."))
    monkeypatch.setattr(sys.modules[__name__], "fail", fail, raising=False)
    said = impasto("status")
    assert said.code == code
    assert said.out == ""
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(COMMANDS, "status", (f"{__name__}:fail", "Fail."))
    monkeypatch.setattr(sys.modules[__name__], "fail", fail, raising=False)
    with pytest.raises(ZeroDivisionError):
        run(["status"])


def test_any_name_through_any_pipe(tmp_path: Path) -> None:
    name = tmp_path / "größe 图片 🎨"
    draw(name / "a", 1, labels=["discs"])
    path = tmp_path / "c.impasto"
    options = {"env": {**os.environ, "PYTHONIOENCODING": "cp1252"}, "encoding": "cp1252"}
    said = process("add", path, name, **options)
    assert said.code == 0, said.err
    assert "größe \\u56fe\\u7247" in said.out  # what it can't write is spelt out
    said = process("add", path, name, "--json", **options)
    assert said.data["sources"][0]["source"] == str(name)
    assert "\\u7247" in process("add", path, name / "片", **options).sentence


@pytest.mark.skipif(sys.platform == "win32", reason="`head` closes its pipe early")
def test_a_reader_that_leaves(gallery: Gallery) -> None:
    child = subprocess.Popen(
        program("networks", "vgg19"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(60) == 1  # click's answer to a broken pipe


def test_networks_and_doctor() -> None:
    listed = impasto("networks", "--json").data["networks"]
    assert listed[0]["name"] == "efficientnet-lite0"
    assert listed[0]["weights_at_hand"]
    assert all(one["licence"] and one["layers"] and one["where"] for one in listed)
    (vgg,) = impasto("networks", "vgg19", "--json").data["networks"]
    assert vgg["layers"]["fc7"] == 4096
    text = impasto("networks").out
    assert "timm/<id>" in text
    found = impasto("doctor", "--json").data
    assert {"versions", "machine", "networks", "places", "free", "missing"} <= found.keys()
    assert found["networks"]["efficientnet-lite0"] is True
    assert found["places"]["caches"] == os.environ["IMPASTO_CACHE"]
    lines = impasto("doctor").out
    assert found["machine"]["why"] in lines
    for title in ("Installed", "Engine", "Weights", "Places", "Missing"):
        assert title in lines.splitlines()
