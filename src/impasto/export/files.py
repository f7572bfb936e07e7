"""Image files on their way out: copied, linked, or drawn anew where few programs open them."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from impasto.core.errors import InvalidInput
from impasto.core.records import Image, Skipped
from impasto.export.records import Contents, Drawn, Files
from impasto.export.survey import ENDINGS


@dataclass(slots=True)
class Carrier:
    """Puts image files where they belong, and remembers what could not be put.

    Parameters
    ----------
    contents : Contents
    files : {"copy", "link", "symlink"}
    keep_formats : bool
    drawn : Counter of str
        How many pictures of each format were drawn anew.
    skipped : list of Skipped
    remarks : list of str
        What else a person should know of the files written.
    """

    contents: Contents
    files: Files
    keep_formats: bool
    drawn: Counter[str] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def put(self, image: Image, target: Path) -> Image | None:
        """Put the file of an image at `target`.

        Returns
        -------
        Image or None
            What is known of the file as it lies there; None when it can't be had any more.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._goes_as_it_is(image):
            done = self._tried(image, lambda: _BY[self.files](image.file, target))
            return image if done else None
        drawn = self._drawn(image)
        if drawn is None:
            return None
        target.write_bytes(drawn.png)
        return _as_png(image, drawn)

    def read(self, image: Image) -> tuple[Image, bytes] | None:
        """Return an image as it goes out, and its bytes; None when they can't be had any more."""
        if self._goes_as_it_is(image):
            found: list[bytes] = []
            done = self._tried(image, lambda: found.append(image.file.read_bytes()))
            return (image, found[0]) if done else None
        drawn = self._drawn(image)
        return None if drawn is None else (_as_png(image, drawn), drawn.png)

    def notes(self) -> list[str]:
        """Say what was drawn anew, and what else there is to know."""
        return self.remarks + [
            f"{n:,} pictures in the format {kind} were written as PNG, which every program opens; "
            "--keep-formats leaves them as they are."
            for kind, n in self.drawn.most_common()
        ]

    def _goes_as_it_is(self, image: Image) -> bool:
        return self.keep_formats or image.format in ENDINGS

    def _drawn(self, image: Image) -> Drawn | None:
        try:
            drawn = self.contents.draw(image.file)
        except InvalidInput as error:
            self.skipped.append(Skipped(self.contents.original(image), str(error)))
            return None
        self.drawn[image.format] += 1
        return drawn

    def _tried(self, image: Image, act: Callable[[], object]) -> bool:
        try:
            act()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            if error.errno in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP) or (
                getattr(error, "winerror", None) == 1314
            ):
                raise InvalidInput(
                    f"This system makes no {'hard' if self.files == 'link' else 'symbolic'} link "
                    f"there ({error.strerror}); take --files copy."
                ) from error
            reason = f"The file can't be read now ({error.strerror})."
            self.skipped.append(Skipped(self.contents.original(image), reason))
            return False
        return True


def _as_png(image: Image, drawn: Drawn) -> Image:
    return replace(
        image,
        width=drawn.width,
        height=drawn.height,
        format="PNG",
        size=len(drawn.png),
        sha256=hashlib.sha256(drawn.png).digest(),
    )


def _symlink(source: Path, target: Path) -> None:
    target.symlink_to(source)


_BY: dict[Files, Callable[[Path, Path], object]] = {
    "copy": shutil.copyfile,
    "link": os.link,
    "symlink": _symlink,
}
