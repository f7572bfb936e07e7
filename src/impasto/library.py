"""What `import impasto` offers: a collection with verbs, NumPy and records in and out.

Examples
--------
>>> import impasto
>>> c = impasto.open("birds.impasto", create=True)  # doctest: +SKIP
>>> c.add("birds/")  # doctest: +SKIP
>>> c.embed("efficientnet-lite0")  # doctest: +SKIP
>>> c.neighbours("label:heron", k=20)  # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from impasto import flow
from impasto.core.answered import Answered
from impasto.core.progress import Progress
from impasto.core.records import Graph, Image, Neighbours, Split
from impasto.core.space import Vectors
from impasto.store import Filter, KeptQuery

if TYPE_CHECKING:
    from impasto import store
    from impasto.collect.labels import How
    from impasto.curate.names import ClassAudit
    from impasto.curate.tags import TagDecision
    from impasto.explore import Comparison, Contrast, Distribution, Groups, Retrieval
    from impasto.explore.maps import Method
    from impasto.export import Exported
    from impasto.learn import NumberPrediction, Prediction, TagPrediction
    from impasto.learn.concepts import Learnability, Noise
    from impasto.learn.tune import Watch
    from impasto.serve.session import Session

Term = str | int | np.integer[Any] | os.PathLike[str]
"""An image's number, a picture's file, or a term: ``label:NAME``, ``text:a red bird`` and so on."""

Ids = int | Sequence[int] | NDArray[np.integer[Any]]
"""The number of an image, or several."""

Query = Term | Sequence[Term] | NDArray[np.integer[Any]]
"""One term, or several that are averaged."""


def open(path: str | Path, *, create: bool = False, writable: bool = True) -> Collection:  # noqa: A001
    """Open a collection.

    Parameters
    ----------
    path : str or Path
        With or without ``.impasto`` at the end.
    create : bool
        Make it when there is none.
    writable : bool
        False to only look, also while another program writes.

    Raises
    ------
    WrongCollection
        When there is no collection at the path.
    Busy
        When another program is writing it.
    """
    return Collection(flow.open_collection(path, create=create, writable=writable))


def show(
    collection: Collection | str | Path,
    *,
    wait: bool | None = None,
    browser: bool | None = None,
    port: int | None = None,
    height: int = 720,
    address: str | None = None,
    framed_by: Sequence[str] = (),
) -> Session:
    """Show a collection in the app: in a frame of a notebook, else in a browser tab.

    Parameters
    ----------
    collection : Collection, str or Path
        A path is opened for reading.
    wait : bool, optional
        Whether to serve until Ctrl-C before going on; by default in scripts, but not in notebooks
        nor where one types.
    browser : bool, optional
        Whether to open a browser tab; by default everywhere but in a notebook.
    port : int, optional
        By default the first free one from 8585.
    height : int
        Of the frame, pixels.
    address : str, optional
        Where browsers reach the port through a proxy: ``/user/me/proxy/{port}/``. On a JupyterHub
        that is the default.
    framed_by : sequence of str
        Origins of notebooks on other machines that may show the frame.

    Returns
    -------
    Session
        ``session.selected`` holds the ids of the images chosen in the app, and may be set;
        ``session.view`` the place in it; ``session.close()`` ends it.
    """
    from impasto.serve.session import Session, begin

    opened = collection if isinstance(collection, Collection) else open(collection, writable=False)
    session = Session(opened.stored, port=port, height=height, address=address, framed_by=framed_by)
    return begin(session, wait=wait, browser=browser)


class Collection:
    """A collection of images and what networks see in it.

    A query is one term or several: the number of an image, the file of a picture, ``label:NAME``,
    ``tag:NAME``, ``selection:NAME`` or, in a space that knows words, ``text:a red bird``; a list is
    averaged.

    Parameters
    ----------
    stored : impasto.store.Collection
        What lies on disk; `impasto.open` makes it.
    """

    def __init__(self, stored: store.Collection) -> None:
        self.stored = stored

    def __repr__(self) -> str:
        counts = self.stored.counts()
        return f"<impasto collection {self.stored.name!r}: {counts.images:,} images>"

    def __len__(self) -> int:
        """Count the images whose file is there."""
        return self.stored.counts().images

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; another program can write then."""
        self.stored.close()

    @property
    def path(self) -> Path:
        """The folder of the collection."""
        return self.stored.path

    @property
    def spaces(self) -> list[str]:
        """Names of the spaces, oldest first."""
        return self.stored.space_names()

    def add(
        self,
        source: str | Path,
        *,
        labels: How | None = None,
        read: bool = True,
        progress: Progress | None = None,
    ) -> flow.Added:
        """List a folder, a table or a file, and read what is new.

        Parameters
        ----------
        source : str or Path
        labels : {"auto", "parent", "top", "none"}, optional
            What folder names mean; see `impasto.flow.add`.
        read : bool
            False leaves the reading (sizes, flags, thumbnails) to `embed`, in one pass.
        progress : Progress, optional
        """
        added = flow.add(self.stored, source, labels=labels, progress=progress)
        if read:
            flow.read(self.stored, progress=progress)
        return added

    def embed(
        self,
        network: str = "efficientnet-lite0",
        layer: str | Sequence[str] = (),
        *,
        weights: str | Path | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> flow.Done:
        """Compute the vectors that are missing.

        Parameters
        ----------
        network : str
        layer : str or sequence of str
            One layer, or several in one pass; none: the network's default.
        weights : str or Path, optional
            Your own file, .safetensors or .pth.
        progress : Progress, optional
        **options
            Further fields of `impasto.flow.EmbedOptions`: pooling, flip, precision, device,
            batch.
        """
        wanted = flow.EmbedOptions(
            network=network,
            layers=(layer,) if isinstance(layer, str) else tuple(layer),
            weights=None if weights is None else Path(weights).expanduser(),
            **options,
        )
        return flow.embed(self.stored, wanted, progress=progress)

    def vectors(self, space: str | None = None) -> Vectors:
        """Return the vectors of a space, memory-mapped (the newest space when none is named)."""
        return self.stored.vectors(flow.choose_space(self.stored, space))

    def images(self, ids: Sequence[int] | NDArray[np.int64] | None = None) -> list[Image]:
        """Return records of images: all of them, or those named."""
        wanted = self.stored.order() if ids is None else np.asarray(ids, np.int64)
        return self.stored.images(wanted.tolist())

    def order(
        self,
        sort: str = "added",
        query: Query | None = None,
        *,
        descending: bool | None = None,
        space: str | None = None,
        **conditions: Any,
    ) -> NDArray[np.int64]:
        """Return the ids of the images that meet all conditions, in order.

        Parameters
        ----------
        sort : str
            "added", "name", "label", "size", "width", "height", "aspect", "pixels",
            "property:NAME", or what a space says: "similarity" (to a query), "typicality" (mean
            cosine with all others), "outlyingness" (distance to the nearest of a sample).
        query : int, str, path or a sequence of them, optional
            For "similarity".
        descending : bool, optional
            The greatest first; by default for what a space says.
        space : str, optional
        **conditions
            Fields of `impasto.store.Filter`: label, tags, any_tag, split, flag, text, selection,
            values, ranges, hidden and so on.

        Returns
        -------
        ndarray of shape (n_images,), int64
            Images without a value come last.
        """
        from impasto.store import Filter, Sort

        wanted = Filter(**conditions)
        for by in flow.SCORES:
            if sort == by:
                terms, pictures = flow.read_terms([] if query is None else _texts(query))
                return flow.arrange(
                    self.stored,
                    wanted,
                    by,
                    terms,
                    pictures,
                    descending=descending is not False,
                    space=space,
                )
        return self.stored.order(wanted, Sort(sort, bool(descending)))

    def typicality(self, space: str | None = None) -> NDArray[np.float32]:
        """Return the mean cosine of each image with all others, one per row of the vectors."""
        from impasto.explore import typicality

        return typicality(self.vectors(space))

    def outlyingness(self, space: str | None = None, *, seed: int = 0) -> NDArray[np.float32]:
        """Return how far each image lies from the nearest of a random sample of the others."""
        from impasto.explore import outlyingness

        return outlyingness(self.vectors(space), seed=seed)

    def tag(self, ids: Ids, *tags: str) -> int:
        """Give images tags; return how many changed."""
        return self.stored.add_tags(_ids(ids), tags)

    def untag(self, ids: Ids, *tags: str) -> int:
        """Take tags from images; return how many changed."""
        return self.stored.remove_tags(_ids(ids), tags)

    def label(self, ids: Ids, label: str | None) -> int:
        """Set the label of images, or take it away with None; return how many changed."""
        return self.stored.set_label(_ids(ids), label)

    def split(self, ids: Ids, split: Split | None) -> int:
        """Put images into a split, or out of it with None; return how many changed."""
        return self.stored.set_split(_ids(ids), split)

    def flag(self, ids: Ids, note: str | None = "") -> int:
        """Flag images with a note, or take the flag away with None; return how many changed."""
        return self.stored.set_flag(_ids(ids), note)

    def hide(self, ids: Ids, hidden: bool = True) -> int:
        """Hide images everywhere, or show them again; return how many changed."""
        return self.stored.set_hidden(_ids(ids), hidden)

    def undo(self) -> store.Action:
        """Take back the latest edit, made here, in the app or on the command line."""
        return self.stored.undo()

    def redo(self) -> store.Action:
        """Do again what was undone last."""
        return self.stored.redo()

    def save_selection(self, name: str, ids: Ids) -> store.Selection:
        """Keep images under a name, for filters and as the term ``selection:NAME``."""
        return self.stored.save_selection(name, _ids(ids))

    def selections(self) -> list[store.Selection]:
        """Return the selections, by name."""
        return self.stored.selections()

    def ids_with(
        self, *, label: str | None = None, tag: str | None = None, selection: str | None = None
    ) -> NDArray[np.int64]:
        """Return the ids of the images that have all that is given, rising."""
        return self.stored.ids_with(label=label, tag=tag, selection=selection)

    def remove_selection(self, name: str) -> None:
        """Forget a selection; its images stay as they are."""
        self.stored.remove_selection(name)

    def ask(
        self,
        query: Query,
        *,
        away: Sequence[Term] = (),
        space: str | None = None,
        seed: int = 0,
    ) -> flow.Answer:
        """Compare a query with every image: neighbours, distribution, percentiles and more."""
        terms, pictures = flow.read_terms(_texts(query), _texts(away))
        return flow.ask(self.stored, terms, pictures, space=space, seed=seed)

    def neighbours(
        self, query: Query, k: int = 20, *, space: str | None = None, exact: bool | None = None
    ) -> Neighbours:
        """Return the `k` nearest images, best first, without those that the query is made of.

        Parameters
        ----------
        query : Query
        k : int
        space : str, optional
        exact : bool, optional
            False asks the approximate index; by default that happens only above a million images.
            The answer says whether it is exact, or else its recall.
        """
        terms, pictures = flow.read_terms(_texts(query))
        vectors = self.stored.vectors(flow.space_for(self.stored, terms, space))
        asked = flow.query(self.stored, vectors, terms, pictures)
        return flow.near(self.stored, vectors, asked, k, exact=exact)

    def similarities(self, query: Query, *, space: str | None = None) -> NDArray[np.float32]:
        """Return the similarity of every image.

        Returns
        -------
        ndarray of shape (n_images,), float32
            Cosine in [-1, 1], in the order of ``vectors(space).ids``; NaN for rows that no longer
            count and for the images that the query is made of.
        """
        return self.ask(query, space=space).similarities

    def distribution(
        self, query: Query, *, space: str | None = None, bins: int = 200
    ) -> Distribution:
        """Return the histogram, mean and quantiles of a query's similarities to all images."""
        return self.ask(query, space=space).distribution(bins=bins)

    def beside(
        self,
        query: Query,
        *,
        away: Sequence[Term] = (),
        spaces: Sequence[str] = (),
        k: int = 50,
        seed: int = 0,
    ) -> flow.SideBySide:
        """Ask the same in several spaces (all of them when none is named): answers, agreement."""
        terms, pictures = flow.read_terms(_texts(query), _texts(away))
        return flow.beside(self.stored, terms, pictures, spaces=spaces, k=k, seed=seed)

    def marks(
        self,
        answer: flow.Answer,
        ids: Sequence[int] | NDArray[np.integer[Any]],
        *,
        k: int = 10,
        seed: int = 0,
    ) -> list[flow.Mark]:
        """Tell which images are mutual neighbours of an answer's query, and which are hubs.

        Hubs are counted where that takes no longer than a second, or in the `graph` of the space.
        """
        wanted = np.asarray(ids, np.int64).tolist()
        known = flow.hubs(self.stored, answer.space.name, k=k, seed=seed)
        return flow.marks(self.vectors(answer.space.name), answer, wanted, known, k=k)

    def contrast(self, answer: flow.Answer, of: str, *, bins: int = 200) -> Contrast:
        """Compare an answer's similarities inside ``label:NAME`` (or the like) and outside."""
        return flow.contrast(self.stored, answer, flow.parse(of), bins=bins)

    def groups(
        self,
        answer: flow.Answer,
        by: Literal["label", "tag"] = "label",
        *,
        most: int = 1000,
        bins: int = 50,
    ) -> Groups:
        """Spread an answer's similarities over all labels, or the most frequent tags."""
        return flow.groups(self.stored, answer, by, most=most, bins=bins).groups

    def compare(
        self,
        queries: Mapping[str, Query] | Sequence[Query],
        *,
        space: str | None = None,
        k: int = 100,
    ) -> Comparison:
        """Put several queries side by side: distributions, distances, rank agreement.

        Parameters
        ----------
        queries : sequence of queries, or mapping of str to query
            At least two; a mapping names them.
        space : str, optional
        k : int
            Nearest images compared.

        Returns
        -------
        Comparison
            `impasto.explore` has `scatter`, `within` and `changes` for two of its queries.
        """
        asked: list[list[flow.Term]] = []
        pictures: dict[str, Any] = {}
        for query in queries.values() if isinstance(queries, Mapping) else queries:
            terms, more = flow.read_terms(_texts(query))
            asked.append(terms)
            pictures |= more
        titles = list(queries) if isinstance(queries, Mapping) else None
        return flow.compare(self.stored, asked, pictures, titles=titles, space=space, k=k)

    def write_comparison(
        self,
        comparison: Comparison,
        file: str | Path,
        *,
        title: str = "",
        pair: tuple[int, int] = (0, 1),
        date: str = "",
    ) -> None:
        """Write a comparison as a figure or as data.

        Parameters
        ----------
        comparison : Comparison
        file : str or Path
            Ends in ``.svg`` or ``.png`` (a figure to print), ``.json`` (its numbers), ``.csv``
            (similarity and rank of every image) or ``.zip`` (all of them).
        title : str
            "" for the titles of the queries.
        pair : tuple of two ints
            The queries of the scatter, by place.
        date : str
            "" for today; the same comparison and date give the same bytes.
        """
        look = flow.Look(title=title, pair=pair, date=date)
        flow.write_comparison(self.stored, comparison, Path(file).expanduser(), look)

    def save_comparison(
        self,
        name: str,
        queries: Mapping[str, Query] | Sequence[Query],
        *,
        space: str | None = None,
        k: int = 100,
    ) -> store.KeptComparison:
        """Keep the queries of a comparison under a name; the app lists it."""
        named = queries.items() if isinstance(queries, Mapping) else [("", q) for q in queries]
        kept = [
            KeptQuery(tuple(str(term) for term in flow.read_terms(_texts(query))[0]), title, slot)
            for slot, (title, query) in enumerate(named)
        ]
        return flow.keep(self.stored, name, kept, space=space, k=k)

    def comparisons(self) -> list[store.KeptComparison]:
        """Return the comparisons that were kept, by name."""
        return self.stored.comparisons()

    def comparison(self, name: str) -> Comparison:
        """Compute a kept comparison again, over the images of today."""
        return flow.compare_kept(self.stored, name)[0]

    def remove_comparison(self, name: str) -> None:
        """Forget a comparison that was kept."""
        self.stored.remove_comparison(name)

    def retrieval(
        self,
        *,
        label: str | None = None,
        tag: str | None = None,
        selection: str | None = None,
        space: str | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> list[Retrieval]:
        """Ask whether a space (all when none is named) retrieves a label, tag or selection.

        `impasto.explore.paired` compares two of the answers query by query, `verdict` says in
        words what they come to.
        """
        return flow.retrieval(
            self.stored,
            label=label,
            tag=tag,
            selection=selection,
            space=space,
            seed=seed,
            progress=progress,
        )

    def retrieval_overview(
        self,
        by: Literal["label", "tag"] = "label",
        *,
        queries: int = flow.FEWER,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> flow.Overview:
        """Ask of all labels, or the most frequent tags, whether each space retrieves them.

        The answer is kept in the collection, where the app shows it.
        """
        return flow.overview(self.stored, by, queries=queries, seed=seed, progress=progress)

    def graph(
        self,
        k: int = 15,
        *,
        space: str | None = None,
        exact: bool | None = None,
        progress: Progress | None = None,
    ) -> Graph:
        """Return the `k` nearest images of every image; kept on disk for the next time.

        All pairs are compared; above 200,000 images the approximate index is asked instead, unless
        `exact` is True.
        """
        return flow.graph(self.stored, space, k=k, exact=exact, progress=progress)

    def index(self, *, space: str | None = None, progress: Progress | None = None) -> flow.Indexed:
        """Build the approximate index of a space, and measure what it finds."""
        return flow.index(self.stored, space, progress=progress)

    def map(
        self,
        method: Method = "tsne",
        *,
        space: str | None = None,
        name: str | None = None,
        again: bool = False,
        progress: Progress | None = None,
        **settings: Any,
    ) -> flow.Mapped:
        """Make a map on which images lie near those they resemble, or add what is new to it.

        Parameters
        ----------
        method : {"pca", "tsne", "umap"}
        space : str, optional
            The newest when none is named.
        name : str, optional
            Of the map; none: method and space.
        again : bool
            Make a map anew that is there already.
        progress : Progress, optional
        **settings
            Further fields of `impasto.explore.maps.Settings`: seed, perplexity, neighbours,
            min_dist.

        Returns
        -------
        Mapped
            With ``ids`` of shape (n_images,), ``positions`` of shape (n_images, 2) and
            ``faithfulness``.
        """
        from impasto.explore.maps import Settings

        wanted = Settings(method=method, **settings)
        return flow.make_map(
            self.stored, wanted, space=space, name=name, again=again, progress=progress
        )

    def maps(self) -> dict[str, flow.Mapped]:
        """Return the maps there are, by name, without images that are gone or hidden now."""
        names = [record.name for record in self.stored.maps()]
        return {name: flow.read_map(self.stored, name) for name in names}

    def look_at_tags(
        self, *, space: str | None = None, progress: Progress | None = None
    ) -> flow.TagsSeen:
        """Count the tags, compare their pictures, suggest what to merge and what to drop."""
        return flow.look_at_tags(self.stored, space=space, progress=progress)

    def decide_tags(
        self,
        decisions: Sequence[TagDecision] = (),
        *,
        merge: Mapping[str, str] | None = None,
        drop: Sequence[str] = (),
        only: Sequence[str] = (),
        min_images: int | None = None,
        bare: Literal["keep", "hide"] = "keep",
    ) -> flow.Curated:
        """Change the vocabulary by one edit, and remember what was decided.

        Parameters
        ----------
        decisions : sequence of impasto.curate.tags.TagDecision
            Suggestions that were accepted or rejected, or the decisions of another collection.
        merge : mapping of str to str
            Tag to what it becomes: ``{"fall": "autumn"}``.
        drop : sequence of str
        only : sequence of str
            Patterns; all other tags go.
        min_images : int, optional
            Tags with fewer images go.
        bare : {"keep", "hide"}
            What becomes of images that lose all their tags.
        """
        from impasto.curate.tags import TagDecision, in_steps

        wanted = [TagDecision("merge", tag, into) for tag, into in (merge or {}).items()]
        wanted += [TagDecision("drop", tag) for tag in drop]
        wanted += [TagDecision("only", pattern) for pattern in only]
        wanted += [TagDecision("min-images", str(min_images))] if min_images else []
        wanted += [TagDecision("bare", bare)] if bare != "keep" else []
        every = in_steps(decisions, wanted)
        return flow.decide_tags(self.stored, every, strict=not decisions)

    def look_at_classes(
        self,
        words: str | Sequence[str] = "imagenet",
        *,
        progress: Progress | None = None,
        **options: Any,
    ) -> flow.ClassesSeen:
        """Map the names of files to classes and propose which to keep; change nothing.

        Parameters
        ----------
        words : str or sequence of str
            "imagenet", "wordnet", the path of a list, or the lines of one.
        progress : Progress, optional
        **options
            Further fields of `impasto.flow.ClassOptions`: rule, folders, others, min_images,
            min_known, measure, reference, keep, drop, phrases.
        """
        if isinstance(words, str):
            wanted = flow.ClassOptions(words=words, **options)
        else:
            wanted = flow.ClassOptions(lines=tuple(words), **options)
        return flow.look_at_classes(self.stored, wanted, progress=progress)

    def decide_classes(self, audit: ClassAudit) -> flow.Classed:
        """Label by the decisions of an audit (``look_at_classes(…).audit``), as one edit."""
        return flow.decide_classes(self.stored, audit)

    def divide(
        self,
        train: float = 0.8,
        validation: float = 0.0,
        test: float = 0.2,
        *,
        progress: Progress | None = None,
        **options: Any,
    ) -> flow.Divided:
        """Divide into train, validation and test, as one edit, and tell what leaks.

        Parameters
        ----------
        train, validation, test : float
            Shares; they need not add up to 1.
        progress : Progress, optional
        **options
            Further fields of `impasto.flow.SplitOptions`: by, group, missing, group_duplicates,
            space, against, on_leaks, seed.
        """
        wanted = flow.SplitOptions(shares=(train, validation, test), **options)
        return flow.split(self.stored, wanted, progress=progress)

    def learn(
        self,
        target: str | None = None,
        *,
        recipe: str | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> flow.Taught:
        """Learn labels, tags or a property from vectors, with an honest report.

        Parameters
        ----------
        target : str, optional
            "label" when nothing is named, neither here nor by a recipe.
        recipe : str, optional
            Do as a published work did: a name in `impasto.learn.RECIPES`. What the work leaves
            open can be given beside it.
        progress : Progress, optional
        **options
            Further fields of `impasto.flow.LearnOptions`: method, space, folds, seed, name and
            so on; those of its `heads` in a mapping or `impasto.flow.HeadOptions`.
        """
        given = options | ({} if target is None else {"target": target})
        if recipe is not None:
            wanted = flow.from_recipe(recipe, given)
        else:
            heads = given.get("heads")
            if isinstance(heads, Mapping):
                given["heads"] = flow.HeadOptions(**heads)
            wanted = flow.LearnOptions(**given)
        return flow.learn(self.stored, wanted, progress=progress)

    def tune(
        self,
        target: str = "label",
        *,
        plan: str = "lp-ft",
        progress: Progress | None = None,
        watch: Watch | None = None,
        **options: Any,
    ) -> flow.TunedNetwork:
        """Tune a network on labels or tags, by a layer plan, with an honest report.

        Parameters
        ----------
        target : str
        plan : str
            A preset or a file: probe, lp-ft, surgical-first, auto-rgn, layer-decay, full, scratch,
            lagunas2017.
        progress : Progress, optional
        watch : callable, optional
            Given the `impasto.learn.tune.Curves` after every epoch.
        **options
            Further fields of `impasto.flow.TuneOptions`: network, size, epochs, then and so on.
        """
        wanted = flow.TuneOptions(target=target, plan=plan, **options)
        tuned = flow.tune(self.stored, wanted, progress=progress, watch=watch)
        assert tuned is not None  # one process leads
        return tuned

    def tested(self, model: str) -> Answered:
        """Return what a model said of images that it had not learned from.

        Images are sorted and filtered by it with ``model:NAME:score`` and the like:
        ``c.order("model:NAME:score")``, ``c.order(answers=(("NAME", "heron"),))``.
        """
        return self.stored.tested(model)

    def evaluate_elsewhere(
        self,
        model: str,
        other: Collection | str | Path,
        *,
        names: Mapping[str, str] | None = None,
        keep_leaks: bool = False,
        progress: Progress | None = None,
    ) -> flow.Elsewhere:
        """Judge a model on the labelled or tagged images of another collection.

        Parameters
        ----------
        model : str
        other : Collection, str or Path
            It needs vectors of the model's space.
        names : mapping of str to str, optional
            Their labels or tags to the model's, where these differ.
        keep_leaks : bool
            Also count images that the model learned from, or near-duplicates of these.
        progress : Progress, optional
        """
        opened = other if isinstance(other, Collection) else open(other, writable=False)
        options = flow.ElsewhereOptions(names=names or {}, keep_leaks=keep_leaks)
        try:
            return flow.evaluate_elsewhere(
                self.stored, model, opened.stored, options, progress=progress
            )
        finally:
            if opened is not other:
                opened.close()

    def compare_models(self, *models: str, seed: int = 0) -> flow.ModelsCompared:
        """Compare models on the images that all of them were tested on.

        Parameters
        ----------
        *models : str
            None: all that tell the same as the first.
        seed : int
            Of the resampling.

        Returns
        -------
        ModelsCompared
            ``.comparison`` holds the numbers (`impasto.learn.comparison.ModelComparison`);
            `impasto.flow.write_models_compared` and `draw_models_compared` write pages and figures.
        """
        return flow.compare_models(self.stored, models, seed=seed)

    def find_noise(self, *, progress: Progress | None = None, **options: Any) -> Noise:
        """Look for tags that are probably missing or wrong (extra `noise`).

        Parameters
        ----------
        progress : Progress, optional
        **options
            Fields of `impasto.flow.ConceptOptions`: space, only, min_images, folds, seed and so
            on.

        Returns
        -------
        Noise
            With ``tags``, the share of noise of each, and ``suspects``.
        """
        return flow.find_noise(self.stored, flow.ConceptOptions(**options), progress=progress)

    def learnability(self, *, progress: Progress | None = None, **options: Any) -> Learnability:
        """Say which tags can be learned, which need more examples and which can't be seen.

        Parameters
        ----------
        progress : Progress, optional
        **options
            Fields of `impasto.flow.ConceptOptions`: space, only, min_images, folds, repeats, seed
            and so on.
        """
        return flow.learnability(self.stored, flow.ConceptOptions(**options), progress=progress)

    def predict(self, model: str, *pictures: Term) -> Prediction | TagPrediction | NumberPrediction:
        """Ask a model about pictures: files, or numbers of images."""
        return flow.predict(self.stored, model, _texts(pictures)).prediction

    def export(
        self,
        destination: str | Path,
        *,
        format: str | None = None,  # noqa: A002 - the word people look for
        label: str | Sequence[str] | None = None,
        tags: Sequence[str] = (),
        any_tag: bool = False,
        split: Split | Sequence[Split] | None = None,
        text: str = "",
        selection: str | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> Exported:
        """Write images, vectors and what is known of them for other programs.

        Parameters
        ----------
        destination : str or Path
            A folder; for tables also a file that ends in ``.csv`` or ``.parquet``.
        format : str, optional
            csv, parquet, numpy, imagefolder, hf, coco, webdataset, projector or embedding-atlas.
        label, tags, any_tag, split, text, selection
            Only such images; of several labels or splits any, of several tags all unless
            `any_tag`.
        progress : Progress, optional
        **options
            Further fields of `impasto.flow.ExportOptions`: limit, space, map, files, splits,
            metadata, keep_formats, overwrite.
        """
        wanted = Filter(
            label=label,
            tags=tuple(tags),
            any_tag=any_tag,
            split=split,
            text=text,
            selection=selection,
        )
        chosen = flow.ExportOptions(format=format, wanted=wanted, **options)
        return flow.export(self.stored, destination, chosen, progress=progress)

    def export_app(
        self,
        destination: str | Path,
        *,
        label: str | Sequence[str] | None = None,
        tags: Sequence[str] = (),
        any_tag: bool = False,
        split: Split | Sequence[Split] | None = None,
        text: str = "",
        selection: str | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> Exported:
        """Write a site of the images: the app to look at from any web server, without Python.

        Parameters
        ----------
        destination : str or Path
            A folder.
        label, tags, any_tag, split, text, selection
            Only such images; of several labels or splits any, of several tags all unless
            `any_tag`.
        progress : Progress, optional
        **options
            Further fields of `impasto.serve.site.SiteOptions`: ids, limit, spaces, k, maps,
            comparisons, title, overwrite.
        """
        from impasto.serve.site import SiteOptions, write_site

        wanted = Filter(
            label=label,
            tags=tuple(tags),
            any_tag=any_tag,
            split=split,
            text=text,
            selection=selection,
        )
        return write_site(
            self.stored, destination, SiteOptions(wanted, **options), progress=progress
        )


def _ids(ids: Ids) -> list[int]:
    found: list[int] = np.atleast_1d(np.asarray(ids, np.int64)).tolist()
    return found


def _texts(terms: Query) -> list[str]:
    if isinstance(terms, str | int | np.integer | os.PathLike):
        return [_text(terms)]
    return [_text(term) for term in terms]


def _text(term: Term) -> str:
    """Write a term as `flow.read_terms` reads it; a path is a file, even one named "12"."""
    return os.path.abspath(term) if isinstance(term, os.PathLike) else str(term)  # noqa: PTH100
