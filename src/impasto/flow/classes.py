"""From the names of files to labels: looked over, decided, carried out as one edit, replayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from impasto.core.errors import InvalidInput, MissingExtra, not_found
from impasto.core.progress import Progress, Quiet
from impasto.curate.names import ClassAudit, ClassSeen
from impasto.flow.ask import choose_space
from impasto.flow.leaks import rows_of
from impasto.flow.lines import read_lines, read_text, write_bytes, write_lines

if TYPE_CHECKING:
    from impasto.collect.wordnet import WordNet
    from impasto.core.records import Image
    from impasto.curate.names import Known, Mapped, Word
    from impasto.curate.names.audit import Others
    from impasto.curate.names.mapping import Rule
    from impasto.store import Collection

CLASSES = "classes"
"""Name under which a collection keeps how its labels came from names."""

Measure = Literal["top1", "top5", "among"]

SHOWN, SEVERAL = 12, 60
"""Pictures of a class, and of names that fit several, on the page for review."""


BESIDE = 5
"""Names that have the same word beside a class, from which (and from half of them) it may mean
something else."""


@dataclass(frozen=True, slots=True)
class ClassOptions:
    """How to get from names to classes.

    Parameters
    ----------
    words : str
        "imagenet", "wordnet", or the path of a list, one class a line.
    lines : tuple of str
        The lines of a list themselves, instead of `words`.
    rule : {"whole", "any"}
        All words of a class, or (as work 4) any of them.
    folders : bool
        Whether folders count as part of a name.
    others : {"clear", "keep"}
        What becomes of the labels of images without a class.
    min_images : int
        Classes with fewer images are not accepted.
    min_known : float or None
        Nor those that the reference network knows less well.
    measure : {"top1", "top5", "among"}
        Known by what: first of all outputs, among the first five, first among these classes.
    reference : str or None
        Space of the outputs of an ImageNet network; None: the newest of 1,000 numbers.
    keep, drop : tuple of str
        Classes accepted or not whatever else speaks against or for them.
    phrases : mapping of str to str
        Words side by side to the class they mean, "" for none.
    """

    words: str = "imagenet"
    lines: tuple[str, ...] = ()
    rule: Rule = "whole"
    folders: bool = False
    others: Others = "clear"
    min_images: int = 2
    min_known: float | None = None
    measure: Measure = "top1"
    reference: str | None = None
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    phrases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.min_images < 1:
            raise InvalidInput(f"min_images is at least 1, not {self.min_images}.")
        if self.min_known is not None and not 0 <= self.min_known <= 1:
            raise InvalidInput(f"min_known lies between 0 and 1, not at {self.min_known}.")
        if self.measure not in get_args(Measure):
            raise InvalidInput(f"One can be known by top1, top5 or among, not {self.measure!r}.")
        both = set(self.keep) & set(self.drop)
        if both:
            raise InvalidInput(f"The class {both.pop()!r} can't be both kept and dropped.")

    @property
    def source(self) -> str:
        """What the audit calls the list: "imagenet", "wordnet" or "list"."""
        ready = self.words in ("imagenet", "wordnet") and not self.lines
        return self.words if ready else "list"


@dataclass(frozen=True, slots=True, eq=False)
class ClassesSeen:
    """Classes that the names of a collection fit, and what is proposed.

    Parameters
    ----------
    ids : ndarray of shape (n_images,), int64
    mapped : Mapped
        Of the same images.
    classes : tuple of ClassSeen
        Those with images, the most frequent first.
    audit : ClassAudit
        The proposal; `decide_classes` carries it out.
    reference : str
        Name of the space that answers were read from; "" for none.
    notes : tuple of str
    """

    ids: NDArray[np.int64]
    mapped: Mapped
    classes: tuple[ClassSeen, ...]
    audit: ClassAudit
    reference: str
    notes: tuple[str, ...]

    @property
    def several(self) -> int:
        """Images whose names fit several classes."""
        return sum(len(fits) > 1 for fits in self.mapped.candidates)

    @property
    def none(self) -> int:
        """Images whose names fit no class."""
        return sum(not fits for fits in self.mapped.candidates)

    def pictures(self, n: int) -> dict[str, list[int]]:
        """Return at most `n` ids of each class's images, evenly over the collection."""
        rows: dict[int, list[int]] = {}
        for row, fits in enumerate(self.mapped.candidates):
            if len(fits) == 1:
                rows.setdefault(fits[0], []).append(row)
        code_of = {word.name: code for code, word in enumerate(self.mapped.words)}
        return {
            one.name: self.ids[_spread(rows.get(code_of[one.name], []), n)].tolist()
            for one in self.classes
        }

    def to_json(self) -> dict[str, Any]:
        """Return what ``impasto classes --json`` prints."""
        return {
            "images": len(self.ids),
            "several": self.several,
            "none": self.none,
            "reference": self.reference,
            "classes": [
                {
                    "name": one.name,
                    "images": one.images,
                    "accept": one.accept,
                    "doubts": list(one.doubts),
                    "companions": [list(pair) for pair in one.companions],
                    "meanings": list(one.meanings),
                    "known": one.known
                    and {
                        "images": one.known.images,
                        "top1": one.known.top1.to_json(),
                        "top5": one.known.top5.to_json(),
                        "among": one.known.among.to_json(),
                    },
                }
                for one in self.classes
            ],
            "left": [list(pair) for pair in self.mapped.left],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Classed:
    """What decisions about classes came to.

    Parameters
    ----------
    counts : mapping of str to int
        Images of each label given, the most frequent first.
    changed : int
        Images whose label changed, or would.
    without : int
        Images without a class.
    notes : tuple of str
    """

    counts: Mapping[str, int]
    changed: int
    without: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "classes": dict(self.counts),
            "labelled": sum(self.counts.values()),
            "changed": self.changed,
            "without": self.without,
            "notes": list(self.notes),
        }


def look_at_classes(
    collection: Collection,
    options: ClassOptions | None = None,
    *,
    progress: Progress | None = None,
) -> ClassesSeen:
    """Map names to classes and propose which to keep; nothing is changed.

    Raises
    ------
    InvalidInput
        When there are no images, or no name fits any class.
    NotFound
        For a class to keep or to drop, or one that a phrase means, that is not in the list.
    MissingExtra
        When WordNet is asked for and not on this machine.
    """
    from impasto.curate.names import map_names

    options, progress = options or ClassOptions(), progress or Quiet()
    lines, wordnet, notes = _lines(options)
    words = _read(options.source, lines)
    for name in (*options.keep, *options.drop):
        if name not in {word.name for word in words}:
            raise not_found("class", name, (word.name for word in words))
    images = _images(collection)
    progress.stage("names", unit="images")
    named = _names(images, options.folders)
    mapped = map_names(named, words, rule=options.rule, phrases=options.phrases)
    if not any(mapped.candidates):
        of = "the list" if options.lines else options.words
        raise InvalidInput(
            f"No name of an image here ({len(images):,}) fits a class of {of}; the most frequent "
            f"words are {', '.join(word for word, _ in mapped.left[:8]) or 'none'}."
        )
    ids = np.array([image.id for image in images], np.int64)
    known, reference = _known(collection, ids, mapped, options, notes)
    classes = _seen(mapped, known, options, wordnet)
    audit = ClassAudit(
        source=options.source,
        names=tuple(lines),
        rule=options.rule,
        folders=options.folders,
        others=options.others,
        classes={one.name: one.accept for one in classes},
        why={one.name: one.doubts for one in classes},
        phrases=options.phrases,
    )
    if options.source == "wordnet":  # only what fits, so that the audit stays small
        audit = replace(audit, names=tuple(one.name for one in classes))
    return ClassesSeen(ids, mapped, classes, audit, reference, tuple(notes))


def decide_classes(collection: Collection, audit: ClassAudit, *, keep: bool = True) -> Classed:
    """Give images the labels that an audit comes to, as one edit, and keep the audit.

    The same audit gives the same labels, on this or another collection; no network is asked.

    Raises
    ------
    InvalidInput
        When no image would get a label.
    """
    from impasto.curate.names import labels_of, map_names

    words = _read(audit.source, audit.names)
    images = _images(collection)
    mapped = map_names(_names(images, audit.folders), words, rule=audit.rule, phrases=audit.phrases)
    found = labels_of(
        mapped, audit, [image.path for image in images], [image.sha256 for image in images]
    )
    counts = Counter(label for label in found if label is not None)
    if not counts:
        raise InvalidInput(
            "No image would get a label: no accepted class fits a name. Accept classes, or lower "
            "what is asked of them."
        )
    labels = {
        image.id: label
        for image, label in zip(images, found, strict=True)
        if label is not None or audit.others == "clear"
    }
    changed = sum(labels.get(image.id, image.label) != image.label for image in images)
    lone = sorted(name for name, n in counts.items() if n == 1)
    notes = [f"Labels of only one image: {', '.join(lone)}."] if lone else []
    undecided = [name for name, said in audit.classes.items() if said is None]
    if undecided:
        few = ", ".join(undecided[:6]) + (" …" if len(undecided) > 6 else "")
        notes.append(f"Undecided, so not accepted: {len(undecided):,} classes ({few}).")
    without = len(images) - sum(counts.values())
    if keep:
        collection.assign_labels(labels, f"Labelled by name: {len(counts):,} classes")
        collection.save_report(CLASSES, {"decisions": audit.lines()})
    return Classed(
        dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))),
        changed,
        without,
        tuple(notes),
    )


def write_audit(file: Path, audit: ClassAudit) -> Path:
    """Write an audit, one JSON object a line."""
    return write_lines(file, audit.lines())


def read_audit(file: Path) -> ClassAudit:
    """Read an audit, one JSON object a line."""
    return ClassAudit.from_lines(read_lines(file))


def write_review(collection: Collection, seen: ClassesSeen, file: Path) -> Path:
    """Write the page to look over classes with their pictures."""
    from impasto.curate.names import Shown, render_review

    if file.suffix.lower() != ".html":
        raise InvalidInput(f"The page is written to .html, not to {file.name!r}.")
    several = [
        (row, [seen.mapped.words[code].name for code in fits])
        for row, fits in enumerate(seen.mapped.candidates)
        if len(fits) > 1
    ]

    def shown(ids: Sequence[int]) -> list[Shown]:
        return [Shown.of(image) for image in collection.images(ids)]

    pictures = seen.pictures(SHOWN)
    page = render_review(
        [
            (one, shown(pictures[one.name]))
            for one in sorted(seen.classes, key=lambda one: (one.accept is not None, -one.images))
        ],
        seen.audit,
        title=f"Classes of {collection.name}",
        several=list(
            zip(
                shown(seen.ids[[row for row, _ in several[:SEVERAL]]].tolist()),
                [names for _, names in several[:SEVERAL]],
                strict=True,
            )
        ),
        left=seen.mapped.left,
        notes=seen.notes,
        pictures=collection.thumbnail,
    )
    return write_bytes(file, page.encode())


def _lines(options: ClassOptions) -> tuple[tuple[str, ...], WordNet | None, list[str]]:
    """Return the lines of a list of classes, WordNet where it is at hand, and what to say."""
    from impasto.collect.wordnet import open_wordnet

    notes: list[str] = []
    wordnet: WordNet | None = None
    try:
        wordnet = open_wordnet()
    except MissingExtra as missing:
        if options.source == "wordnet":
            raise
        notes.append(f"Meanings of words are not shown. {missing}")
    if options.source == "imagenet":
        return (), wordnet, notes
    if wordnet is not None and options.source == "wordnet":
        return tuple(wordnet.nouns()), wordnet, notes
    lines = options.lines or tuple(read_text(Path(options.words)).splitlines())
    return lines, wordnet, notes


def _read(source: str, lines: Sequence[str]) -> tuple[Word, ...]:
    from impasto.curate.names import read_words

    return read_words(_imagenet() if source == "imagenet" else lines)


def _imagenet() -> tuple[str, ...]:
    from impasto.networks.recipes import class_names

    return class_names(1000, own=False) or ()


def _images(collection: Collection) -> list[Image]:
    ids = np.sort(collection.order())
    if not len(ids):
        raise InvalidInput(f"{collection.name} has no images; add some first.")
    return collection.images(ids.tolist())


def _names(images: Sequence[Image], folders: bool) -> list[str]:
    return [(image.path if folders else image.name).rpartition(".")[0] for image in images]


def _known(
    collection: Collection,
    ids: NDArray[np.int64],
    mapped: Mapped,
    options: ClassOptions,
    notes: list[str],
) -> tuple[dict[int, Known], str]:
    """Return how well a reference network knows the classes; nothing where there is none."""
    from impasto.curate.names import known_classes, read_words

    able = [i.space.name for i in collection.spaces() if i.rows and i.space.dimension == 1000]
    if options.reference is None and not able:
        if options.min_known is not None:
            raise InvalidInput(
                "How well classes are known is read from the outputs of an ImageNet network; "
                f"compute them first: impasto embed {collection.path} --layer logits"
            )
        notes.append(
            "How well a network knows the classes is not shown; "
            f"`impasto embed {collection.path} --layer logits` computes its answers."
        )
        return {}, ""
    space = choose_space(collection, options.reference or able[-1])
    outputs_of = {word.key: word.lines for word in read_words(_imagenet())}
    outputs = {
        code: outputs_of[key]
        for code, word in enumerate(mapped.words)
        for key in (word.key, *word.synonyms)
        if key in outputs_of
    }
    labels = np.array([fits[0] if len(fits) == 1 else -1 for fits in mapped.candidates], np.int64)
    if space.dimension != 1000:
        raise InvalidInput(
            f"{space.title} has {space.dimension} numbers; the outputs of an ImageNet network are "
            "1,000: its layer is often called logits."
        )
    return known_classes(rows_of(collection, ids, space.name), labels, outputs), space.name


def _seen(
    mapped: Mapped, known: Mapping[int, Known], options: ClassOptions, wordnet: WordNet | None
) -> tuple[ClassSeen, ...]:

    outputs = _imagenet()
    counts = mapped.counts()
    codes = sorted({code for fits in mapped.candidates for code in fits})
    found = []
    for code in sorted(codes, key=lambda code: (-counts[code], mapped.words[code].name)):
        word, one = mapped.words[code], known.get(code)
        unclear, against = [], []
        if len(word.lines) > 1:
            said = ""
            if one is not None:
                answers = [f"{outputs[o]} [{o}] ({n:,})" for o, n in one.answers]
                said = f"; the network says {', '.join(answers)}"
            unclear.append(f"{len(word.lines)} lines of the list have this name{said}.")
        longer = [w.name for w in mapped.words if _begins(w, word)]
        if longer:
            unclear.append(f"The list also has {', '.join(longer)}: names may mean that.")
        if mapped.compound.get(code):
            unclear.append(f"{mapped.compound[code]:,} names have only a part of its words.")
        beside, n = next(iter(mapped.companions.get(code, ())), ("", 0))
        if n >= BESIDE and n > counts[code] / 2:
            unclear.append(f"{n:,} of its names have {beside!r} beside it: does it mean this?")
        if counts[code] < options.min_images:
            against.append(f"{counts[code]:,} images, fewer than {options.min_images:,}.")
        if options.min_known is not None:
            value = None if one is None else getattr(one, options.measure).value
            if value is None:
                unclear.append("The network has no such class, or no answer.")
            elif value < options.min_known:
                against.append(
                    f"Known to {value:.0%} ({options.measure}), less than {options.min_known:.0%}."
                )
        accept = False if against else None if unclear else True
        if word.name in options.keep:
            accept, against = True, [*against, "Kept by hand."]
        if word.name in options.drop:
            accept, against = False, [*against, "Dropped by hand."]
        found.append(
            ClassSeen(
                word.name,
                counts[code],
                accept,
                (*against, *unclear),
                mapped.companions.get(code, ()),
                () if wordnet is None else wordnet.meanings(word.name),
                one,
            )
        )
    return tuple(found)


def _begins(longer: Word, word: Word) -> bool:
    """Tell whether a class begins with all words of another: crane bird and crane."""
    n = len(word.tokens)
    return len(longer.tokens) > n and longer.tokens[:n] == word.tokens


def _spread(rows: Sequence[int], n: int) -> list[int]:
    """Return at most `n` of them, evenly over the collection."""
    if len(rows) <= n:
        return list(rows)
    return [rows[int(i)] for i in np.linspace(0, len(rows) - 1, n)]
