"""`impasto tags`: the vocabulary of a collection, and what is decided about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.cli.options import collection_argument, json_option, quiet_option, space_option
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for
from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from impasto.curate.tags import TagDecision
    from impasto.flow import Curated, TagsSeen
    from impasto.store import Collection


@click.command()
@collection_argument
@click.option("--merge", "merges", multiple=True, metavar="TAG=TAG", help="fall=autumn.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of lines `fall = autumn`; tags that nobody has are passed over.",
)
@click.option("--drop", "drops", multiple=True, metavar="TAG", help="Take this tag off all images.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Keep only tags like this.")
@click.option("--min-images", type=click.IntRange(1), help="Drop tags with fewer images.")
@click.option(
    "--bare",
    type=click.Choice(["keep", "hide"]),
    help="Images that lose all their tags: keep them (as it is without this option), or hide them.",
)
@click.option(
    "--suggest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write suggestions to this file, to be accepted or rejected there.",
)
@click.option(
    "--apply",
    "apply_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Carry out what is accepted in such a file.",
)
@click.option("--again", is_flag=True, help="Carry out what was decided before, on new images.")
@click.option("--review", is_flag=True, help="Accept or reject suggestions here, one by one.")
@click.option(
    "--audit",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all decisions that hold to this file; --apply replays it elsewhere.",
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw how many tags the images have: .svg or .png.",
)
@click.option(
    "--top", type=click.IntRange(1), default=20, show_default=True, help="Lines of each table."
)
@click.option("--dry-run", is_flag=True, help="Only say what decisions would come to.")
@space_option
@json_option
@quiet_option
def tags(
    collection: Path,
    suggest: Path | None,
    review: bool,
    audit: Path | None,
    figure: Path | None,
    top: int,
    dry_run: bool,
    space: str | None,
    as_json: bool,
    quiet: bool,
    merges: tuple[str, ...],
    map_file: Path | None,
    drops: tuple[str, ...],
    only: tuple[str, ...],
    min_images: int | None,
    bare: str | None,
    apply_file: Path | None,
    again: bool,
) -> None:
    """Look at the tags of COLLECTION, merge near-synonyms, drop junk.

    Without decisions: how often each tag is used, what its pictures have in common, which tags go
    together, and what might be merged or dropped. Decisions change the tags by one edit, which
    `impasto undo` takes back; the collection remembers them.
    """
    from impasto import flow
    from impasto.curate.tags import TagDecision, in_steps, parse_map

    here = [one for text in merges for one in parse_map(text)]
    here += [TagDecision("drop", tag) for tag in drops]
    here += [TagDecision("only", pattern) for pattern in only]
    here += [TagDecision("min-images", str(min_images))] if min_images else []
    here += [TagDecision("bare", bare)] if bare else []
    listed = flow.read_decisions(apply_file) if apply_file else []
    listed += parse_map(flow.read_text(map_file)) if map_file else []
    writing = bool(here or listed or again or review) and not dry_run
    with (
        progress_for(quiet=quiet) as progress,
        flow.open_collection(collection, writable=writing) as opened,
    ):
        listed = in_steps(flow.decisions_again(opened) if again else [], listed)
        seen = None
        if suggest or review or figure or not (here or listed or audit):
            seen = flow.look_at_tags(opened, space=space, progress=progress)
            progress.close()
        if figure and seen:
            flow.draw_tags(opened, seen.table, figure)
        if suggest and seen:
            flow.write_decisions(suggest, seen.suggestions)
        if review and seen:
            here += _review(seen.suggestions)
        made = _carry_out(opened, here, listed, keep=not dry_run) if here or listed else None
        if audit:
            flow.write_decisions(audit, flow.stored_decisions(opened))
    if as_json:
        print_json(
            {
                **({} if seen is None else seen.to_json(top)),
                "decided": made and made.to_json(),
                "stored": made is not None and not dry_run,
            }
        )
    elif made is not None:
        _say_made(made, top, dry_run)
    elif seen is not None:
        _say(seen, top)
    for name, file in (("suggestions", suggest), ("decisions", audit), ("figure", figure)):
        if file and not as_json:
            click.echo(f"{name}: {file}")


def _carry_out(
    opened: Collection, here: Sequence[TagDecision], listed: Sequence[TagDecision], *, keep: bool
) -> Curated:
    """Carry out decisions made here, whose tags must exist, and listed ones, as one edit."""
    from impasto import flow
    from impasto.core.errors import not_found
    from impasto.curate.tags import in_steps

    names = opened.memberships("tag").names
    known = set(names)
    for one in here:
        if one.kind in ("merge", "drop") and one.accept and one.of not in known and names:
            raise not_found("tag", one.of, names)
    return flow.decide_tags(opened, in_steps(listed, here), strict=False, keep=keep)


def _review(suggestions: Sequence[TagDecision]) -> list[TagDecision]:
    """Ask about each suggestion; what was answered before stopping counts."""
    if not sys.stdin.isatty():
        raise InvalidInput(
            "--review asks on a terminal; without one, --suggest FILE writes what it would ask "
            "and --apply FILE takes the answers."
        )
    decided = []
    for number, one in enumerate(suggestions, 1):
        what = f"merge {one.of} into {one.into}" if one.kind == "merge" else f"drop {one.of}"
        click.echo(f"\n{number} of {len(suggestions)}: {what}\n  {'; '.join(one.why)}")
        answer = click.prompt(
            "accept, reject, skip or quit",
            type=click.Choice(["a", "r", "s", "q"]),
            default="s",
        )
        if answer == "q":
            break
        if answer in "ar":
            decided.append(replace(one, accept=answer == "a"))
    return decided


def _say(seen: TagsSeen, top: int) -> None:
    table = seen.table
    click.echo(
        f"{len(table.names):,} tags; {table.tagged:,} of {table.images:,} images have some, "
        f"{table.mean:.2f} on average."
    )
    click.echo()
    rows = []
    for i, name in enumerate(table.names[:top]):
        one = seen.coherences[i] if seen.coherences else None
        alike = (f"{one.excess:.3f}", f"{one.z:.1f}") if one and one.images > 1 else ("", "")
        rows.append((name, f"{table.counts[i]:,}", f"{table.share(i):.1%}", *alike))
    print_table(["tag", "images", "share", "alike", "z"], rows)
    pairs = table.pairs()[:top]
    if pairs:
        click.echo()
        print_table(
            ["together", "", "images", "lift", "PMI"],
            [
                (p.first, p.second, f"{p.together:,}", f"{p.lift:.1f}", f"{p.pmi:.2f}")
                for p in pairs
            ],
        )
    for title, found in (("Might be one tag", seen.merges), ("Might be junk", seen.junk)):
        if found:
            click.echo(f"\n{title} ({len(found):,} suggestions):")
            for decision in found[:top]:
                into = f" = {decision.into}" if decision.into else ""
                click.echo(f"  {decision.of}{into}   {'; '.join(decision.why)}")
    for note in seen.notes:
        click.echo(note)


def _say_made(made: Curated, top: int, dry_run: bool) -> None:
    verb = "would change" if dry_run else "changed"
    click.echo(
        f"{made.before:,} tags before, {made.after:,} after; {made.changed:,} images {verb}."
    )
    shown = ", ".join(f"{name} ({n:,})" for name, n in list(made.counts.items())[:top])
    more = f" and {len(made.counts) - top:,} more" if len(made.counts) > top else ""
    click.echo(f"left: {shown}{more}")
    if made.bare:
        what = f"{made.hidden:,} hidden" if made.hidden else "kept"
        have = "image has" if made.bare == 1 else "images have"
        click.echo(f"{made.bare:,} {have} none of these tags; {what}.")
    for note in made.notes:
        click.echo(note)
