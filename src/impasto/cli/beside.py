"""What `impasto find` tells beside the neighbours: other spaces, marks, sets, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from impasto.cli.output import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.core.records import Image
    from impasto.explore import Contrast, Groups
    from impasto.flow import Hubs, Mark, SideBySide
    from impasto.store import Collection

FIRST = 15
"""Labels or tags printed; the JSON has all."""


def describe_beside(collection: Collection, found: SideBySide, k: int) -> dict[str, Any]:
    """Return what several spaces add to the JSON of `impasto find`."""
    from impasto.explore import places

    near = [ranking.ids[:k] for ranking in found.rankings]
    images = {image.id: image for ids in near for image in collection.images(ids.tolist())}
    columns = []
    for answer, ids, ranking in zip(found.answers, near, found.rankings, strict=True):
        ranks = [places(other, ids).tolist() for other in found.rankings]
        columns.append(
            {
                "space": answer.space.name,
                "title": answer.space.title,
                "total": len(ranking),
                "neighbours": [
                    {
                        "id": i,
                        "file": str(images[i].file),
                        "similarity": round(s, 6),
                        "ranks": [rank or None for rank in line],
                    }
                    for i, s, *line in zip(
                        ids.tolist(), ranking.similarities[:k].tolist(), *ranks, strict=True
                    )
                ],
            }
        )
    return {
        "query": found.answers[0].query.title,
        "columns": columns,
        "agreements": [
            {
                "first": one.first.name,
                "second": one.second.name,
                "images": one.images,
                "k": one.k,
                "shared": one.shared,
                "overlap": one.overlap,
                "overlap_chance": one.overlap_chance,
                "rbo": one.rbo,
                "rbo_chance": one.rbo_chance,
                "spearman": one.spearman,
            }
            for one in found.agreements
        ],
        "unable": dict(found.unable),
    }


def say_beside(collection: Collection, found: SideBySide, k: int) -> None:
    """Print the nearest of every space with their ranks in all, and how far they agree."""
    data = describe_beside(collection, found, k)
    titles = [column["title"] for column in data["columns"]]
    for column in data["columns"]:
        click.echo(
            click.style(f"{data['query']} in {column['title']}", bold=True)
            + f", {column['total']:,} images compared"
        )
        print_table(
            ["similarity", *(f"rank in {title}" for title in titles), "image", "file"],
            (
                (
                    f"{one['similarity']:.3f}",
                    *(f"{rank:,}" if rank else "" for rank in one["ranks"]),
                    one["id"],
                    one["file"],
                )
                for one in column["neighbours"]
            ),
        )
        click.echo()
    for reason in found.unable.values():
        click.echo(reason)
    for agreed in found.agreements:
        click.echo(
            f"{agreed.first.title} and {agreed.second.title}: of the {agreed.k} nearest "
            f"{len(agreed.shared)} are shared (overlap {agreed.overlap:.2f}, chance "
            f"{agreed.overlap_chance:.2f}); rank-biased overlap {agreed.rbo:.2f} (chance "
            f"{agreed.rbo_chance:.2f}); rank correlation over {agreed.images:,} images "
            f"{agreed.spearman:.2f} (chance 0)."
        )


def describe_mark(mark: Mark) -> dict[str, Any]:
    """Return what `--marks` adds to a neighbour in the JSON."""
    often = mark.occurrence
    return {
        "back": mark.back,
        "mutual": mark.mutual,
        "occurrence": None if often is None else often.to_json(),
        "hub": mark.hub,
    }


def say_marks(images: Sequence[Image], marks: Sequence[Mark], known: Hubs, k: int) -> None:
    """Print the rank of the query among each neighbour's own, and how often it is near others."""
    click.echo(f"\nThe other way round, {k} nearest count. {known.sentence}")
    names = {image.id: image.file for image in images}
    print_table(
        ["image", "query's rank there", "", f"near ({k} is usual)", "", "file"],
        (
            (
                mark.image,
                "" if mark.back is None else mark.back,
                "mutual" if mark.mutual else "",
                "" if mark.occurrence is None else f"{mark.occurrence.value:.0f}",
                "hub" if mark.hub else "",
                names[mark.image],
            )
            for mark in marks
        ),
    )


def describe_contrast(found: Contrast) -> dict[str, Any]:
    """Return what `--inside` adds to the JSON."""
    return {
        "edges": found.inside.edges,
        "inside": {"total": found.inside.total, "counts": found.inside.counts},
        "outside": {"total": found.outside.total, "counts": found.outside.counts},
        "auc": found.auc.to_json(),
        "ks": found.ks,
        "shift": found.shift,
    }


def say_contrast(name: str, found: Contrast) -> None:
    """Print how an answer parts a set from the rest."""
    auc = found.auc
    click.echo(
        f"\nInside {name} ({found.inside.total:,} images) the mean similarity is "
        f"{found.inside.mean:.3f}, outside ({found.outside.total:,}) {found.outside.mean:.3f}. "
        f"AUC {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f}, chance 0.500); KS {found.ks:.3f}."
    )


def describe_groups(found: Groups) -> list[dict[str, Any]]:
    """Return what `--by` adds to the JSON."""
    return [
        {
            "name": name,
            "images": size,
            "mean": mean,
            "auc": {"value": auc, "low": low, "high": high, "chance": 0.5},
        }
        for name, size, mean, auc, low, high in zip(
            found.names,
            found.sizes.tolist(),
            found.means.tolist(),
            found.auc.tolist(),
            found.low.tolist(),
            found.high.tolist(),
            strict=True,
        )
    ]


def say_groups(by: str, found: Groups) -> None:
    """Print the labels or tags whose images are nearest."""
    click.echo(f"\nBy {by}, mean similarity of all images {found.mean:.3f}")
    print_table(
        [by, "images", "mean", "AUC", "low", "high"],
        (
            (
                one["name"],
                f"{one['images']:,}",
                f"{one['mean']:.3f}",
                *(f"{one['auc'][part]:.3f}" for part in ("value", "low", "high")),
            )
            for one in describe_groups(found)[:FIRST]
        ),
    )
    if len(found.names) > FIRST:
        click.echo(f"and {len(found.names) - FIRST:,} more")
