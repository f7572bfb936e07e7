"""`impasto find` and `impasto retrieve`: what the vectors say."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from impasto.cli.beside import (
    describe_beside,
    describe_contrast,
    describe_groups,
    describe_mark,
    say_beside,
    say_contrast,
    say_groups,
    say_marks,
)
from impasto.cli.options import (
    collection_argument,
    json_option,
    quiet_option,
    seed_option,
    space_option,
    spaces_option,
)
from impasto.cli.output import print_json, print_table
from impasto.cli.progress import progress_for
from impasto.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.explore import Comparison, Paired, Retrieval
    from impasto.flow import Answer, Cell, Overview
    from impasto.store import Collection

BAR = 40


@click.command()
@collection_argument
@click.argument("terms", nargs=-1, required=True, metavar="TERM...")
@click.option("--not", "away", multiple=True, metavar="TERM", help="Move away from this.")
@click.option(
    "--versus",
    multiple=True,
    metavar="TERM",
    help="Compare with another query; may be given several times.",
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the comparison as a figure: FILE.svg or FILE.png.",
)
@click.option(
    "--data",
    "data_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write its numbers: FILE.json, FILE.csv (every image) or FILE.zip (all).",
)
@click.option("--title", default="", help="Title of the figure (default: the queries).")
@click.option("-k", "k", type=click.IntRange(1), default=10, show_default=True, help="How many.")
@spaces_option
@click.option(
    "--marks", is_flag=True, help="Also tell mutual neighbours, and hubs that are near everything."
)
@click.option(
    "--inside",
    metavar="TERM",
    help="Also compare similarities inside label:NAME, tag:NAME or selection:NAME with those "
    "outside.",
)
@click.option(
    "--by",
    type=click.Choice(["label", "tag"]),
    help="Also tell how near the images of every label or tag are.",
)
@seed_option
@json_option
def find(
    collection: Path,
    terms: tuple[str, ...],
    away: tuple[str, ...],
    versus: tuple[str, ...],
    figure: Path | None,
    data_file: Path | None,
    title: str,
    k: int,
    spaces: tuple[str, ...],
    marks: bool,
    inside: str | None,
    by: Literal["label", "tag"] | None,
    seed: int,
    as_json: bool,
) -> None:
    """Find what is near, and how near everything is.

    A TERM is the file of a picture, the number of an image, label:NAME, tag:NAME or
    selection:NAME, or "text:a red bird" in a space that knows words. Several are averaged. Each
    neighbour stands beside random pairs of images (of words and images, for words): its
    percentile among them, and how many standard deviations (z) it lies above their mean.

    Several spaces (--space A --space B) stand side by side, with how far they agree.
    """
    from impasto import flow

    if len(spaces) > 1 and (versus or marks or inside or by):
        raise InvalidInput(
            "Several spaces stand side by side without --versus, --marks, --inside or --by; "
            "ask for these in one space at a time."
        )
    files = [file for file in (figure, data_file) if file is not None]
    if files and not versus:
        raise InvalidInput(
            "--figure and --data write a comparison; say with --versus what to compare with."
        )
    for file in files:
        flow.format_of(file)
    with flow.open_collection(collection, writable=False) as opened:
        asked, pictures = flow.read_terms(terms, away)
        if len(spaces) > 1:
            found = flow.beside(opened, asked, pictures, spaces=spaces, seed=seed)
            if as_json:
                print_json(describe_beside(opened, found, k))
            else:
                say_beside(opened, found, k)
            return
        answer = flow.ask(opened, asked, pictures, space=spaces[0] if spaces else None, seed=seed)
        data = describe_answer(opened, answer, k)
        say = [partial(say_answer, opened, answer, k)]  # when all is known to be in order
        if marks:
            near = answer.neighbours(k).ids.tolist()
            known = flow.hubs(opened, answer.space.name, seed=seed)
            told = flow.marks(opened.vectors(answer.space), answer, near, known)
            data["hubs"] = {"source": known.source, "sentence": known.sentence}
            for one, mark in zip(data["neighbours"], told, strict=True):
                one |= describe_mark(mark)
            say.append(partial(say_marks, opened.images(near), told, known, flow.NEAR))
        if inside:
            parted = flow.contrast(opened, answer, flow.parse(inside))
            data["inside"] = describe_contrast(parted)
            say.append(partial(say_contrast, inside, parted))
        if by:
            groups = flow.groups(opened, answer, by).groups
            data[f"{by}s"] = describe_groups(groups)
            say.append(partial(say_groups, by, groups))
        if versus:
            others = [flow.read_terms([text]) for text in versus]
            pictures |= {name: one for _, more in others for name, one in more.items()}
            queries = [asked, *(other for other, _ in others)]
            comparison = flow.compare(opened, queries, pictures, space=answer.space.name)
            data["comparison"] = flow.describe_comparison(comparison)
            data["files"] = [str(file) for file in files]
            say.append(partial(say_comparison, comparison, files))
            for file in files:
                flow.write_comparison(opened, comparison, file, flow.Look(title=title))
        if as_json:
            print_json(data)
            return
        for each in say:
            each()


@click.command()
@collection_argument
@click.argument("what", metavar="label:NAME|tag:NAME|selection:NAME|label|tag")
@space_option
@seed_option
@json_option
@quiet_option
def retrieve(
    collection: Path, what: str, space: str | None, seed: int, as_json: bool, quiet: bool
) -> None:
    """Ask whether a space retrieves a label, a tag or a selection.

    Every image of it asks for its like (a random 200 when there are more). Precision at k,
    average precision and AUC stand beside chance, with 95 % intervals; spaces are compared over
    the same queries. The word `label` or `tag` alone asks for all of them, in all spaces.
    """
    from impasto import flow
    from impasto.explore import paired, verdict

    everything = what in ("label", "tag")
    if everything and space is not None:
        raise InvalidInput("All labels or tags are asked for in all spaces; leave --space out.")
    x = None if everything else flow.X.parse(what)
    with (
        progress_for(quiet=quiet) as progress,
        flow.open_collection(collection, writable=False) as opened,
    ):
        if x is None:
            by: Literal["label", "tag"] = "label" if what == "label" else "tag"
            table = flow.overview(opened, by, seed=seed, progress=progress)
        else:
            named = {x.kind: x.name}
            found = flow.retrieval(opened, space=space, seed=seed, progress=progress, **named)
    if x is None:
        if as_json:
            print_json(asdict(table))
        else:
            say_overview(table)
        return
    if as_json:
        pairs = [paired(*pair, seed=seed) for pair in flow.best_spaces(found)]
        print_json(
            {
                "x": what,
                "verdict": verdict(found, seed=seed),
                "results": [describe_retrieval(one) for one in found],
                "differences": [describe_paired(one) for one in pairs],
            }
        )
        return
    for one in found:
        say_retrieval(one)
    if len(found) > 1:
        click.echo(verdict(found, seed=seed))


def describe_answer(collection: Collection, answer: Answer, k: int) -> dict[str, Any]:
    """Return what `impasto find --json` says."""
    near = answer.neighbours(k)
    images = {image.id: image for image in collection.images(near.ids.tolist())}
    spread = answer.distribution()
    back = answer.background
    return {
        "space": answer.space.name,
        "query": answer.query.title,
        "neighbours": [
            {
                "id": i,
                "file": str(images[i].file),
                "label": images[i].label,
                "similarity": round(s, 6),
                "percentile": p,
                "z": round(z, 3),
            }
            for i, s, p, z in zip(
                near.ids.tolist(),
                near.similarities.tolist(),
                back.percentile(near.similarities).tolist(),
                back.z(near.similarities).tolist(),
                strict=True,
            )
        ],
        "distribution": {
            "total": spread.total,
            "edges": spread.edges,
            "counts": spread.counts,
            "mean": spread.mean,
            "std": spread.std,
            "quantiles": spread.quantiles,
            "background": {"mean": back.mean, "std": back.std, "of": back.of},
        },
        "cut": describe_cut(answer),
    }


def describe_cut(answer: Answer) -> dict[str, Any]:
    """Return the suggested cut of an answer, or why there is none."""
    curve = answer.curve()
    cut = curve.suggest()
    told: dict[str, Any] = {"sentence": curve.sentence(), "unrelated": curve.unrelated}
    if cut is None:
        return told | {"similarity": None}
    return told | {
        "similarity": cut.similarity,
        "count": cut.count,
        "expected": cut.expected,
        "share": cut.share,
    }


def say_answer(collection: Collection, answer: Answer, k: int) -> None:
    """Print neighbours and the shape of the distribution."""
    data = describe_answer(collection, answer, k)
    click.echo(f"{data['query']} in {answer.space.title}, {answer.total:,} images compared\n")
    print_table(
        ["similarity", "percentile", "z", "label", "image", "file"],
        (
            (
                f"{one['similarity']:.3f}",
                f"{one['percentile']:.1f}",
                f"{one['z']:.1f}",
                one["label"] or "",
                one["id"],
                one["file"],
            )
            for one in data["neighbours"]
        ),
    )
    spread = data["distribution"]
    back = spread["background"]
    click.echo(
        f"\nAll similarities: mean {spread['mean']:.3f}, standard deviation {spread['std']:.3f}; "
        f"{back['of']}: {back['mean']:.3f}, {back['std']:.3f}."
    )
    say_histogram(answer)
    click.echo(data["cut"]["sentence"])


def say_histogram(answer: Answer) -> None:
    """Draw the distribution in twenty lines or fewer."""
    spread = answer.distribution(bins=40)
    most = max(int(spread.counts.max()), 1)
    filled = [i for i, n in enumerate(spread.counts.tolist()) if n]
    for i in range(min(filled, default=0), max(filled, default=-1) + 1):
        n = int(spread.counts[i])
        length = max(round(BAR * n / most), 1) if n else 0
        click.echo(f"{spread.edges[i]:6.2f} to {spread.edges[i + 1]:5.2f}  {'█' * length} {n:,}")


def say_comparison(comparison: Comparison, files: Sequence[Path]) -> None:
    """Print how far the first query is from the others, and where it was written."""
    click.echo(f"\n{comparison.titles[0]} beside")
    print_table(
        ["query", "KS", "Wasserstein", "Spearman", f"overlap@{comparison.k}", "RBO"],
        (
            (
                title,
                f"{comparison.ks[0, i]:.3f}",
                f"{comparison.wasserstein[0, i]:.3f}",
                f"{comparison.spearman[0, i]:.3f}",
                f"{comparison.overlap[0, i]:.3f}",
                f"{comparison.rbo[0, i]:.3f}",
            )
            for i, title in enumerate(comparison.titles)
            if i
        ),
    )
    click.echo(
        f"Two queries that have nothing to do with each other: Spearman 0, overlap "
        f"{comparison.overlap_chance:.2g}, RBO {comparison.rbo_chance:.2g}."
    )
    for file in files:
        click.echo(f"written: {file}")


def describe_retrieval(found: Retrieval) -> dict[str, Any]:
    """Return what `impasto retrieve --json` says of a space."""
    return {
        "space": found.space.name,
        "answer": found.answer,
        "sentence": found.sentence,
        "precision": {str(k): one.to_json() for k, one in found.precision.items()},
        "average_precision": found.average_precision.to_json(),
        "auc": found.auc.to_json(),
        "relevant": found.n_relevant,
        "images": found.n_images,
        "queries": found.queries,
        "best": found.best,
        "worst": found.worst,
    }


def say_retrieval(found: Retrieval) -> None:
    """Print the answer for one space, and the numbers behind it."""
    click.echo(f"{click.style(found.space.title, bold=True)}. {found.sentence}")
    rows = [(f"precision@{k}", one) for k, one in found.precision.items()]
    rows += [("average precision", found.average_precision), ("AUC", found.auc)]
    print_table(
        ["", "value", "low", "high", "chance"],
        (
            (name, f"{one.value:.3f}", f"{one.low:.3f}", f"{one.high:.3f}", f"{one.chance:.3f}")
            for name, one in rows
        ),
    )
    click.echo()


def describe_paired(found: Paired) -> dict[str, Any]:
    """Return how much better one space is than another, as JSON data."""
    return {
        "first": found.first.name,
        "second": found.second.name,
        "queries": found.queries,
        f"precision@{found.depth}": found.precision.to_json(),
        "average_precision": found.average_precision.to_json(),
        "auc": found.auc.to_json(),
    }


def say_overview(found: Overview) -> None:
    """Print average precision beside chance, a line per label or tag, a column per space."""
    names = list(found.spaces)
    print_table(
        [found.by, "images", "chance", *names],
        (
            (
                name,
                max(cell.relevant for cell in cells),
                f"{cells[0].average_precision.chance:.3f}",
                *(_cell_of(cells, space) for space in names),
            )
            for name, cells in found.rows.items()
        ),
    )
    click.echo(
        f"\nAverage precision of at most {found.queries} queries each, and what one alone is told."
    )
    for reason, number in found.left_out.items():
        click.echo(f"Left out: {number:,} ({reason}).")


def _cell_of(cells: Sequence[Cell], space: str) -> str:
    found = next((cell for cell in cells if cell.space == space), None)
    return "" if found is None else f"{found.average_precision.value:.3f} {found.answer}"
