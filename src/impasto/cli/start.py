"""`impasto open` and `impasto demo`: straight to something to look at."""

from __future__ import annotations

import sys
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.gather import describe_added, describe_done, say_added, say_done
from impasto.cli.maps import describe_map, say_map
from impasto.cli.options import embedding_options, json_option, quiet_option, seed_option
from impasto.cli.output import print_json
from impasto.cli.progress import progress_for

if TYPE_CHECKING:
    from impasto.core.progress import Progress
    from impasto.serve.studio import Studio
    from impasto.store import Collection


FIRST_PAGE = 3.0
"""Seconds that the first page has for itself: listing a million files would keep it waiting."""

TURN = 0.0005
"""Seconds that a busy thread of the server keeps the interpreter while a request waits for it.

Python's own 0.005 come several times in every answer while images are listed or read: with them
the slowest twentieth of the answers took a third longer, while 100,000 files were listed.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the app is served, and who may come."""

    host: str
    port: int | None
    token: str | None
    root_path: str
    allowed_host: tuple[str, ...]
    no_browser: bool


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of the app's server; the command gets them as one `place`."""

    @wraps(command)
    def with_place(**given: Any) -> None:
        command(place=Place(**{each.name: given.pop(each.name) for each in fields(Place)}), **given)

    wrapped: Callable[..., None] = with_place
    for option in (
        click.option("--no-browser", is_flag=True, help="Print the address, open nothing."),
        click.option(
            "--allowed-host",
            multiple=True,
            metavar="NAME",
            help="A further name the app may be called by: that of a proxy in front of it.",
        ),
        click.option(
            "--root-path", default="", help="Prefix under which a proxy serves the app: /impasto."
        ),
        click.option("--token", help="Token that visitors need (made when --host needs one)."),
        click.option(
            "--port", type=click.IntRange(0, 65535), help="Port (default: first free from 8585)."
        ),
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            help="Address to listen on; any but this machine's own needs a token.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped


@click.command("open")
@click.argument("path", type=click.Path(path_type=Path))
@server_options
@embedding_options
@quiet_option
def open_(
    path: Path,
    place: Place,
    quiet: bool,
    **options: Any,
) -> None:
    """Look at PATH in the app: a folder of images, or a collection.

    A folder becomes a collection beside it (or in the user's data folder when that place can't
    be written). The app opens at once and fills while images are read and embedded. Ctrl-C ends
    it; the next time it goes on where it stopped.
    """
    from impasto import flow

    opened = flow.begin(path)
    if opened.note:
        click.echo(opened.note, err=True)
    wanted = flow.EmbedOptions(**options)
    names = ", ".join(source.name for source in opened.sources)

    def start(studio: Studio) -> None:
        if opened.collection.writable:
            studio.jobs.submit(
                "add",
                f"Gather and embed {names}" if names else "Read and embed what is left",
                lambda progress: _fill(opened, wanted, progress),
            )

    def _fill(opened: flow.Opened, wanted: flow.EmbedOptions, progress: Progress) -> None:
        if opened.collection.counts().images:
            time.sleep(FIRST_PAGE)
        added, done = flow.fill(opened, wanted, progress=progress)
        for one in added:
            for reason, number in one.skipped.most_common():
                progress.note(f"Left out {number:,}: {reason}")
        for note in done.notes:
            progress.note(note)
        if done.images and not quiet:
            say_done(done, verb="embedded")

    with opened.collection:
        serve(opened.collection, start, place)


@click.command()
@click.option("--no-app", is_flag=True, help="Stop after the report.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the sample goes (default: the user's data folder).",
)
@server_options
@seed_option
@json_option
@quiet_option
def demo(
    no_app: bool,
    folder: Path | None,
    place: Place,
    seed: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Try everything on the sample: 1,903 drawings of OpenMoji, with names and ten categories.

    They are gathered, embedded, learned, reported and mapped; then the app opens.
    """
    from impasto import flow

    began = time.monotonic()
    with progress_for(quiet=quiet) as progress:
        done = flow.demo(folder, seed=seed, progress=progress)
    if as_json:
        print_json(
            {
                "collection": str(done.path),
                "added": describe_added(done.added),
                "embed": describe_done(done.done),
                **done.taught.to_json(),
                "map": describe_map(done.mapped),
            }
        )
    else:
        from impasto.cli.say_taught import say_taught

        say_added(done.added)
        say_done(done.done, verb="embedded")
        say_taught(done.taught)
        say_map(done.mapped)
        seconds = time.monotonic() - began
        click.echo(f"\nAll this took {seconds:.0f} s. Look at it again: impasto open {done.path}")
    if no_app or as_json:  # machines read JSON, not pages
        return
    opened = flow.begin(done.path)
    with opened.collection:
        serve(opened.collection, lambda _: None, place)


def serve(collection: Collection, start: Callable[[Studio], None], place: Place) -> None:
    """Serve the app until Ctrl-C; `start` submits its first jobs."""
    from impasto.serve.server import Server
    from impasto.serve.studio import Studio

    sys.setswitchinterval(TURN)
    studio = Studio(collection)
    server = Server(
        studio,
        host=place.host,
        port=place.port,
        token=place.token,
        hosts=place.allowed_host,
        root_path=place.root_path,
    )

    def ready(address: str) -> None:
        click.echo(f"impasto is at {address}  (Ctrl-C ends it)")
        if not place.no_browser:
            webbrowser.open(address)
        start(studio)

    try:
        server.run(ready)
    finally:
        studio.close()
