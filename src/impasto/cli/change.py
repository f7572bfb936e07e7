"""`impasto edit`, `impasto undo` and `impasto redo`: what people change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from impasto.cli.options import collection_argument, filter_options, json_option
from impasto.cli.output import print_json
from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from impasto.core.records import Split
    from impasto.store import Action, Collection

Change = Literal["tag", "untag", "label", "split", "flag", "unflag", "hide", "show"]
CHANGES: tuple[Change, ...] = (
    *("tag", "untag", "label", "split"),
    *("flag", "unflag", "hide", "show"),
)


@click.command()
@collection_argument
@click.argument("change", type=click.Choice(CHANGES))
@click.argument("values", nargs=-1, metavar="[VALUE]...")
@filter_options
@click.option("--image", "images", type=int, multiple=True, help="This image, by its number.")
@click.option("--all", "all_of", is_flag=True, help="All images; needed where no filter is given.")
@json_option
def edit(
    collection: Path,
    change: Change,
    values: tuple[str, ...],
    images: tuple[int, ...],
    all_of: bool,
    as_json: bool,
    **conditions: Any,
) -> None:
    """Change images: all that pass the filter, or those that are named.

    tag and untag take tags as VALUE; label and split one name, without which the label or split is
    taken away; flag takes a note; unflag, hide and show take nothing. Hidden images are left out
    everywhere. One command is one edit, which `impasto undo` takes back.
    """
    from impasto import flow
    from impasto.store import Filter

    wanted = flow.filter_from(**conditions)
    if not images and not all_of and wanted == Filter():
        raise InvalidInput("Say which images: a filter such as --label, or --image, or --all.")
    if change == "show" and not wanted.flag and not images:
        wanted = flow.filter_from(**{**conditions, "flag": ("hidden",)})
    with flow.open_collection(collection) as opened:
        ids = list(images) or opened.order(wanted).tolist()
        changed = _carry_out(opened, change, ids, values)
        action = opened.history(1)[0] if changed else None
    if as_json:
        print_json({"looked_at": len(ids), "changed": changed, "title": action and action.title})
    elif action is None:
        click.echo(f"Nothing changed: {len(ids):,} images are like that already.")
    else:
        _say(action)


@click.command()
@collection_argument
@json_option
def undo(collection: Path, as_json: bool) -> None:
    """Take back the latest edit, made here or in the app.

    Again takes back the one before it; `impasto redo` does an edit again.
    """
    _step(collection, "undo", as_json)


@click.command()
@collection_argument
@json_option
def redo(collection: Path, as_json: bool) -> None:
    """Do again what was undone last.

    A new edit drops what could be done again.
    """
    _step(collection, "redo", as_json)


def _step(collection: Path, way: Literal["undo", "redo"], as_json: bool) -> None:
    from impasto import flow

    with flow.open_collection(collection) as opened:
        action = opened.undo() if way == "undo" else opened.redo()
    if as_json:
        print_json({"title": action.title, "images": action.images, "undone": action.undone})
    else:
        click.echo("Undone: " if way == "undo" else "Done again: ", nl=False)
        _say(action)


def _say(action: Action) -> None:
    click.echo(f"{action.title} ({action.images:,} {'image' if action.images == 1 else 'images'}).")


def _carry_out(
    collection: Collection, change: Change, ids: list[int], values: tuple[str, ...]
) -> int:
    most = {"tag": None, "untag": None, "label": 1, "split": 1, "flag": 1}.get(change, 0)
    if most is not None and len(values) > most:
        raise InvalidInput(f"{change} takes {most or 'no'} VALUE, not {len(values)}.")
    one = values[0] if values else None
    if change in ("tag", "untag"):
        return (collection.add_tags if change == "tag" else collection.remove_tags)(ids, values)
    if change == "label":
        return collection.set_label(ids, one)
    if change == "split":
        return collection.set_split(ids, cast("Split | None", one))
    if change in ("flag", "unflag"):
        return collection.set_flag(ids, (one or "") if change == "flag" else None)
    return collection.set_hidden(ids, change == "hide")
