"""Whatever a decoder gives → upright 8-bit sRGB: 16-bit, CMYK, palettes, alpha, profiles."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageCms

_ORIENTATION = 0x0112
_UPRIGHT: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.createProfile("sRGB")
_SAME = 2  # a profile that moves no colour by more than this (of 255) is taken for sRGB


def to_rgb(picture: Image.Image) -> Image.Image:
    """Return a loaded picture as 8-bit sRGB over white (mode "RGB"); not rotated.

    Parameters
    ----------
    picture : PIL.Image.Image
        Loaded, in any mode; colour profile and transparency as Pillow leaves them in `info`.

    Notes
    -----
    16-bit values become 8-bit ones by dividing by 257. Integer and floating-point pictures of
    no agreed range are taken as 0-1, 0-255 or 0-65535, the least of these that holds their
    maximum. A colour profile that can't be used is ignored, as browsers do.
    """
    profile = picture.info.get("icc_profile")
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return _managed(picture, profile)
    if picture.mode == "CMYK":
        return _from_cmyk(picture, profile)
    if picture.mode == "LAB":
        return _from_lab(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        picture = _to_8_bit(picture)
    if picture.has_transparency_data:
        return _over_white(_with_alpha(picture, profile))
    if picture.mode in ("L", "1"):
        return _managed(picture.convert("L"), profile).convert("RGB")
    return _managed(picture.convert("RGB"), profile)


def orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) where there is none or it is damaged."""
    if "exif" not in picture.info and "Raw profile type exif" not in picture.info:
        return 1
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF raises anything; the picture itself is fine
        return 1
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def upright(picture: Image.Image, turned: int) -> Image.Image:
    """Return the picture turned and mirrored as its EXIF orientation asks."""
    return picture.transpose(_UPRIGHT[turned]) if turned in _UPRIGHT else picture


def _managed(picture: Image.Image, profile: object) -> Image.Image:
    if not isinstance(profile, bytes) or not profile:
        return picture
    transform = _transform(profile, picture.mode)
    if transform is None:
        return picture
    return transform.apply(picture)


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the way from a profile to sRGB; None where there is nothing to do or to be done.

    One transform serves all threads: without its one-pixel cache it has no state.
    """
    try:
        transform = ImageCms.ImageCmsTransform(
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.ImageCmsProfile(_SRGB),
            mode,
            "RGBA" if mode == "RGBA" else "RGB",
            flags=ImageCms.Flags.NOCACHE,
        )
        return None if mode != "CMYK" and _changes_nothing(transform, mode) else transform
    except Exception:  # noqa: BLE001 - damaged or foreign profiles raise anything
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    ramp = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(ramp, ramp, ramp), axis=-1).reshape(27, 27, 3)
    probe = Image.fromarray(cube).convert(mode)
    before = np.asarray(probe.convert("RGB"), np.int16)
    after = np.asarray(transform.apply(probe).convert("RGB"), np.int16)
    return bool(np.abs(before - after).max() <= _SAME)


def _from_cmyk(picture: Image.Image, profile: object) -> Image.Image:
    if picture.format == "JPEG" and "adobe" not in picture.info:
        # Pillow turns all CMYK JPEGs around, as Adobe's programs need; others mean what they say.
        turned = ImageChops.invert(picture)
        turned.info = picture.info
        picture = turned
    managed = _managed(picture, profile)
    return managed if managed.mode == "RGB" else picture.convert("RGB")


def _from_lab(picture: Image.Image) -> Image.Image:
    return _lab_transform().apply(picture)


@lru_cache(maxsize=1)
def _lab_transform() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.ImageCmsTransform(
        lab, ImageCms.ImageCmsProfile(_SRGB), "LAB", "RGB", flags=ImageCms.Flags.NOCACHE
    )


def _to_8_bit(picture: Image.Image) -> Image.Image:
    values: NDArray[Any] = np.asarray(picture)
    if picture.mode.startswith("I;16"):
        grey = _from_16_bit(values)
    else:
        finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        top = finite.max(initial=0.0)
        unit = picture.mode == "F" and top <= 1
        scale = 255.0 if unit else 1.0 if top <= 255 else 1 / 257 if top <= 65535 else 255 / top
        grey = (finite * scale).round().clip(0, 255).astype(np.uint8)
    result = Image.fromarray(grey)
    clear = picture.info.get("transparency")
    if isinstance(clear, int):
        result.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return result


def _from_16_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _with_alpha(picture: Image.Image, profile: object) -> Image.Image:
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode == "LA":  # a grey profile fits the grey channel only
        colours = _managed(picture.getchannel("L"), profile).convert("RGB")
        colours.putalpha(picture.getchannel("A"))
        return colours
    clear = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        # A 16-bit file: the colour that is clear has 16 bits, the decoded pixels have 8.
        picture.info["transparency"] = tuple(value >> 8 for value in clear)
    return _managed(picture.convert("RGBA"), profile)


def _over_white(picture: Image.Image) -> Image.Image:
    alpha = picture.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return picture.convert("RGB")
    page = Image.new("RGB", picture.size, (255, 255, 255))
    page.paste(picture, mask=alpha)
    return page
