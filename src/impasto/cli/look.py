"""`impasto status`, `networks` and `doctor`: what there is."""

from __future__ import annotations

from pathlib import Path

import click

from impasto.cli.index import describe_index
from impasto.cli.options import collection_argument, json_option
from impasto.cli.output import print_json, print_table, size_of


@click.command()
@collection_argument
@click.option("--skipped", is_flag=True, help="List every file that was left out, with its reason.")
@json_option
def status(collection: Path, skipped: bool, as_json: bool) -> None:
    """Say what COLLECTION holds: images, labels, flags, spaces, models, and what was left out."""
    from collections import Counter

    from impasto import flow
    from impasto.networks import takes_words

    with flow.open_collection(collection, writable=False) as opened:
        counts, facets = opened.counts(), opened.facets()
        spaces, models, left_out = opened.spaces(), opened.models(), opened.skipped()
        reasons = Counter(item.reason for item in left_out)
        if as_json:
            print_json(
                {
                    "collection": str(opened.path),
                    "images": counts.images,
                    "usable": counts.usable,
                    "unread": counts.unread,
                    "gone": counts.gone,
                    "labels": dict(facets.labels),
                    "tags": dict(facets.tags),
                    "splits": dict(facets.splits),
                    "flags": dict(facets.flags),
                    "spaces": [
                        {
                            "name": one.space.name,
                            "title": one.space.title,
                            "rows": one.rows,
                            "words": takes_words(one.space),
                            "index": one.index and describe_index(flow.Indexed.of(one.index)),
                        }
                        for one in spaces
                    ],
                    "models": [one.name for one in models],
                    "skipped": dict(reasons),
                }
            )
            return
        click.echo(
            f"{opened.path}\n{counts.images:,} images: {counts.usable:,} with a picture, "
            f"{counts.unread:,} to be read, {counts.gone:,} gone."
        )
        for name, pairs in (
            ("labels", facets.labels),
            ("tags", facets.tags),
            ("splits", facets.splits),
            ("flags", facets.flags),
        ):
            if pairs:
                shown = ", ".join(f"{key} ({n:,})" for key, n in pairs[:8])
                more = f" and {len(pairs) - 8:,} more" if len(pairs) > 8 else ""
                click.echo(f"{name}: {shown}{more}")
        for one in spaces:
            words = "; knows words: text:WORDS" if takes_words(one.space) else ""
            click.echo(f"space {one.space.name}: {one.rows:,} vectors, {size_of(one.bytes)}{words}")
            if one.index is not None:
                click.echo(f"  {flow.Indexed.of(one.index).sentence}")
        for model in models:
            click.echo(f"model {model.name}")
        if left_out:
            click.echo(f"left out: {len(left_out):,} files")
        for item in left_out if skipped else []:
            click.echo(f"  {item.path}: {item.reason}")
        for reason, n in [] if skipped else reasons.most_common():
            click.echo(f"  {n:,}: {reason}")


@click.command()
@click.argument("name", required=False)
@json_option
def networks(name: str | None, as_json: bool) -> None:
    """List the networks, or the layers of the one called NAME.

    Beside these, timm/ID and torchvision/ID take any network of those libraries, and --layer any
    module path of it. open_clip/ID.TAG takes a CLIP or SigLIP network, which knows words too; NAME
    can be open_clip/ID, which lists the weights there are.
    """
    from impasto import flow
    from impasto.core.errors import not_found
    from impasto.networks import FAMILIES, catalogue

    if name is not None and name.startswith("open_clip/"):
        _say_published(name, as_json=as_json)
        return
    infos = catalogue(cache=flow.cache_folder())
    if name is not None:
        found = [info for info in infos if info.name == name]
        if not found:
            raise not_found("network", name, [info.name for info in infos])
        infos = found
    if as_json:
        listed = [
            {
                "name": info.name,
                "title": info.title,
                "layers": {layer.name: layer.dimension for layer in info.layers},
                "default_layer": info.default_layer,
                "licence": info.licence,
                "source": info.source,
                "weights_at_hand": info.weights_at_hand,
                "where": info.where,
            }
            for info in infos
        ]
        print_json({"networks": listed})
        return
    for info in infos:
        state = "weights at hand" if info.weights_at_hand else "no weights yet"
        click.echo(click.style(f"{info.name}", bold=True) + f"  {info.title}; {state}")
        click.echo(f"  licence: {info.licence}")
        click.echo(f"  weights: {info.where}")
        if name is None:
            layers = ", ".join(
                f"{layer.name} ({layer.dimension})"
                + ("*" if layer.name == info.default_layer else "")
                for layer in info.layers
            )
            click.echo(click.wrap_text(f"layers: {layers}", 100, "  ", "          "))
        else:
            print_table(
                ["layer", "numbers", ""],
                (
                    (
                        layer.name,
                        layer.dimension,
                        "default" if layer.name == info.default_layer else "",
                    )
                    for layer in info.layers
                ),
            )
    if name is None:
        click.echo(f"Further: {', '.join(FAMILIES)}, with any module path as layer. * default")


def _say_published(name: str, *, as_json: bool) -> None:
    """List the weights that are published for an architecture of open_clip."""
    from impasto import flow
    from impasto.networks.joint import published
    from impasto.networks.weights import at_hand

    cache = flow.cache_folder()
    there = [(one, at_hand(one, cache)) for one in published(name, cache).values()]
    if as_json:
        listed = [
            {"name": one.network, "source": one.url, "weights_at_hand": file is not None}
            for one, file in there
        ]
        print_json({"networks": listed})
        return
    print_table(
        ["network", "weights"],
        ((one.network, str(file or f"no weights yet, from {one.url}")) for one, file in there),
    )


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is installed, which device and engine will be used and why, and what is missing."""
    from impasto import flow

    found = flow.examine()
    if as_json:
        print_json(found.to_json())
        return
    for title, lines in found.sections():
        click.echo(click.style(title, bold=True))
        for line in lines:
            click.echo(f"  {line}")
