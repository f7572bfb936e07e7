"""`impasto classes`: from the names of files to labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.options import collection_argument, json_option, quiet_option
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for
from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from impasto.flow import Classed, ClassesSeen


@click.command()
@collection_argument
@click.option(
    "--words",
    default="imagenet",
    show_default=True,
    metavar="LIST",
    help="imagenet, wordnet (where its data is on this machine), or a file, one class a line.",
)
@click.option(
    "--rule",
    type=click.Choice(["whole", "any"]),
    default="whole",
    show_default=True,
    help="A name fits a class by all its words side by side, or (work 4) by any of them.",
)
@click.option("--folders", is_flag=True, help="Folders are part of the names.")
@click.option(
    "--phrase",
    "phrases",
    multiple=True,
    metavar="WORDS=CLASS",
    help='What words side by side mean: "hot dog=" for no class, "bird crane=crane".',
)
@click.option(
    "--min-images",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Classes with fewer images are not kept.",
)
@click.option(
    "--min-known",
    type=click.FloatRange(0, 1),
    help="Classes that the reference network knows less well are not kept.",
)
@click.option(
    "--measure",
    type=click.Choice(["top1", "top5", "among"]),
    default="top1",
    show_default=True,
    help="Known: first of all outputs, among the first five, first among these classes.",
)
@click.option(
    "--reference",
    metavar="SPACE",
    help="Space of an ImageNet network's outputs (default: the newest of 1,000 numbers).",
)
@click.option("--keep", multiple=True, metavar="CLASS", help="Keep this class in any case.")
@click.option("--drop", multiple=True, metavar="CLASS", help="Drop this class in any case.")
@click.option(
    "--others",
    type=click.Choice(["clear", "keep"]),
    default="clear",
    show_default=True,
    help="Images without a class lose the label they have, or keep it.",
)
@click.option(
    "--review",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page to look the classes over with their pictures: .html.",
)
@click.option(
    "--suggest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the proposal to this file, to be changed by hand.",
)
@click.option("--set", "set_labels", is_flag=True, help="Label by what is proposed.")
@click.option(
    "--apply",
    "apply_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Label by the decisions in such a file; it alone counts.",
)
@click.option(
    "--audit",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the decisions that were carried out to this file.",
)
@click.option("--dry-run", is_flag=True, help="Only say what the labels would be.")
@click.option(
    "--top", type=click.IntRange(1), default=30, show_default=True, help="Lines of the table."
)
@json_option
@quiet_option
def classes(
    collection: Path,
    phrases: tuple[str, ...],
    review: Path | None,
    suggest: Path | None,
    set_labels: bool,
    apply_file: Path | None,
    audit: Path | None,
    dry_run: bool,
    top: int,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Label COLLECTION by the words in its file names.

    Without --set or --apply nothing is changed: the command says which names fit which classes,
    where they are ambiguous, and how well a reference network knows each class. Labels are set by
    one edit, which `impasto undo` takes back; the decisions are kept and can be replayed.
    """
    from impasto import flow

    labelling = set_labels or apply_file is not None
    if apply_file and (set_labels or review or suggest):
        raise InvalidInput("--apply takes all decisions from its file; give it alone.")
    if audit and not labelling:
        raise InvalidInput("--audit writes what was carried out: give --set or --apply, too.")
    wanted = flow.ClassOptions(**options, phrases=dict(map(_phrase, phrases)))
    decisions = flow.read_audit(apply_file) if apply_file else None
    with (
        progress_for(quiet=quiet) as progress,
        flow.open_collection(collection, writable=labelling and not dry_run) as opened,
    ):
        seen = None
        if decisions is None:
            seen = flow.look_at_classes(opened, wanted, progress=progress)
            progress.close()
            decisions = seen.audit
            if review:
                flow.write_review(opened, seen, review)
            if suggest:
                flow.write_audit(suggest, decisions)
        made = flow.decide_classes(opened, decisions, keep=not dry_run) if labelling else None
        if audit:
            flow.write_audit(audit, decisions)
    if as_json:
        print_json(
            {
                **({} if seen is None else seen.to_json()),
                "decided": made and made.to_json(),
                "stored": made is not None and not dry_run,
            }
        )
        return
    if seen is not None:
        _say(seen, top)
        click.echo("" if made else "Nothing was changed; --set labels by what is proposed.")
    if made is not None:
        _say_made(made, top, dry_run)
    for name, file in (("review", review), ("proposal", suggest), ("decisions", audit)):
        if file:
            click.echo(f"{name}: {file}")


def _phrase(text: str) -> tuple[str, str]:
    words, sign, name = (part.strip() for part in text.partition("="))
    if not sign or not words:
        raise InvalidInput(f'A phrase is written WORDS=CLASS, "hot dog=", not {text[:80]!r}.')
    return words, name


def _say(seen: ClassesSeen, top: int) -> None:
    fit = len(seen.ids) - seen.several - seen.none
    click.echo(
        f"{len(seen.ids):,} images: {fit:,} fit one of {len(seen.classes):,} classes, "
        f"{seen.several:,} fit several, {seen.none:,} none."
    )
    click.echo()
    rows = []
    for one in seen.classes[:top]:
        known = (f"{one.known.top1.value:.2f}", f"{one.known.among.value:.2f}") if one.known else ()
        verdict = {True: "keep", False: "drop", None: "look"}[one.accept]
        words = " ".join(word for word, _ in one.companions[:4])
        rows.append((one.name, f"{one.images:,}", *(known or ("", "")), verdict, words))
    print_table(["class", "images", "top-1", "among", "proposed", "beside it"], rows)
    if len(seen.classes) > top:
        click.echo(f"and {len(seen.classes) - top:,} more.")
    for one in seen.classes[:top]:
        if one.accept is None:
            click.echo(f"look at {one.name}: {' '.join(one.doubts)}")
    if seen.mapped.left:
        left = ", ".join(f"{word} ({n:,})" for word, n in seen.mapped.left[:12])
        click.echo(f"Words that fit no class: {left}")
    for note in seen.notes:
        click.echo(note)


def _say_made(made: Classed, top: int, dry_run: bool) -> None:
    have, changed = ("would have", "would change") if dry_run else ("have", "changed")
    click.echo(
        f"{sum(made.counts.values()):,} images {have} one of {len(made.counts):,} labels, "
        f"{made.without:,} none of them; {made.changed:,} {changed}."
    )
    shown = ", ".join(f"{name} ({n:,})" for name, n in list(made.counts.items())[:top])
    click.echo(shown + (f" and {len(made.counts) - top:,} more" if len(made.counts) > top else ""))
    for note in made.notes:
        click.echo(note)
