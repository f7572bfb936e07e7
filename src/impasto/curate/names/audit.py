"""What was decided on the way from names to classes; replayed, it gives the same labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from impasto.core.errors import InvalidInput
from impasto.curate.names.mapping import RULES, Mapped, Rule

Others = Literal["clear", "keep"]


@dataclass(frozen=True, slots=True)
class ImageDecision:
    """A person's word about one image: its class, or "" for none.

    An image is known by the hash of its file; by its path only where there is no hash.
    """

    path: str
    sha256: str
    into: str


@dataclass(frozen=True, slots=True)
class ClassAudit:
    """Every decision on the way from names to classes.

    Parameters
    ----------
    source : str
        "imagenet", "wordnet", or the name of a list.
    names : tuple of str
        Lines of the list; empty for "imagenet", which comes with impasto.
    rule : {"whole", "any"}
    folders : bool
        Whether folders count as part of a name.
    others : {"clear", "keep"}
        Images without a class lose the label they have, or keep it.
    classes : mapping of str to bool or None
        Class to whether it is accepted; None while nobody decided. Classes that are not
        mentioned are not accepted.
    why : mapping of str to tuple of str
        Reasons.
    phrases : mapping of str to str
        Words side by side to the class they mean, "" for none.
    images : tuple of ImageDecision
    """

    source: str = "imagenet"
    names: tuple[str, ...] = ()
    rule: Rule = "whole"
    folders: bool = False
    others: Others = "clear"
    classes: Mapping[str, bool | None] = field(default_factory=dict)
    why: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    images: tuple[ImageDecision, ...] = ()

    def __post_init__(self) -> None:
        """Check the choices."""
        if self.rule not in RULES:
            raise InvalidInput(f"The rule can be {' or '.join(RULES)}, not {self.rule!r}.")
        if self.others not in get_args(Others):
            raise InvalidInput(f"others can be clear or keep, not {self.others!r}.")

    def lines(self) -> list[dict[str, Any]]:
        """Return plain JSON data, one object for each line of the file."""
        first = {
            "decide": "words",
            "source": self.source,
            "names": list(self.names),
            "rule": self.rule,
            "folders": self.folders,
            "others": self.others,
        }
        return [
            first,
            *({"decide": "phrase", "of": of, "into": into} for of, into in self.phrases.items()),
            *(
                {"decide": "class", "of": of, "accept": said, "why": list(self.why.get(of, ()))}
                for of, said in self.classes.items()
            ),
            *(
                {"decide": "image", "of": one.path, "sha256": one.sha256, "into": one.into}
                for one in self.images
            ),
        ]

    @classmethod
    def from_lines(cls, lines: Iterable[Mapping[str, Any]]) -> ClassAudit:
        """Read an audit; of two lines about the same the later one counts."""
        made = cls()
        classes: dict[str, bool | None] = {}
        why: dict[str, tuple[str, ...]] = {}
        phrases: dict[str, str] = {}
        images: dict[tuple[str, str], ImageDecision] = {}
        for line in lines:
            try:
                kind = line["decide"]
                if kind == "words":
                    made = replace(
                        made,
                        source=_text(line["source"]),
                        names=tuple(map(_text, line["names"])),
                        rule=line["rule"],
                        folders=bool(line["folders"]),
                        others=line["others"],
                    )
                elif kind == "class" and line["accept"] in (True, False, None):
                    classes[_text(line["of"])] = line["accept"]
                    why[line["of"]] = tuple(map(_text, line.get("why", ())))
                elif kind == "phrase":
                    phrases[_text(line["of"])] = _text(line["into"])
                elif kind == "image":
                    one = ImageDecision(
                        _text(line["of"]), _text(line["sha256"]), _text(line["into"])
                    )
                    images[one.path, one.sha256] = one
                else:
                    raise ValueError
            except (KeyError, TypeError, ValueError):
                raise InvalidInput(
                    'A decision about classes is written {"decide": "class", "of": "zebra", '
                    '"accept": true}, or with phrase, image or words; not '
                    f"{json.dumps(line)[:120]}."
                ) from None
        return replace(
            made, classes=classes, why=why, phrases=phrases, images=tuple(images.values())
        )


def labels_of(
    mapped: Mapped, audit: ClassAudit, paths: Sequence[str], hashes: Sequence[bytes | None]
) -> list[str | None]:
    """Return the label of each image: its one accepted class, or what a person said; None: none.

    Parameters
    ----------
    mapped : Mapped
        Of the same images, by the words, rule and phrases of the audit.
    audit : ClassAudit
    paths : sequence of str, n_images long
    hashes : sequence of bytes or None, n_images long
    """
    accepted = {code for code, word in enumerate(mapped.words) if audit.classes.get(word.name)}
    by_hash = {one.sha256: one.into for one in audit.images if one.sha256}
    by_path = {one.path: one.into for one in audit.images if not one.sha256}
    found: list[str | None] = []
    for fits, path, digest in zip(mapped.candidates, paths, hashes, strict=True):
        said = by_hash.get(digest.hex()) if digest is not None else None
        said = by_path.get(path) if said is None else said
        if said is not None:
            found.append(said or None)
            continue
        left = [code for code in fits if code in accepted]
        found.append(mapped.words[left[0]].name if len(left) == 1 else None)
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
