"""Media never enter: an image of a child that travels in a referral is one more copy of it.

Source of the rule: UKCIS, "Sharing nudes and semi-nudes: advice for education settings working with children and
young people" ("never view, copy, print, share, store or save").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.intake.domain.pointer import Path, pointer_of

MediaCode = Literal["media_type", "data_uri", "embedded_media", "embedded_file", "media_link"]

LONGEST_ENCODED_RUN = 1_000
"""Characters of base64 without a blank: no prose and no identifier has as many, any file has more."""

_MEDIA_TYPE = re.compile(r"\s*(?:image|video|audio)/", re.IGNORECASE)
_DATA_URI = re.compile(r"\bdata:(?:[\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*,", re.IGNORECASE)
_ENCODED_MEDIA = re.compile(
    r"(?<![A-Za-z0-9+/])"
    r"(?:/9j/|iVBORw0KGg|R0lGOD|UklGR|AAAA[A-Za-z0-9+/]{2}Z0eX|GkXfo|SUkqA|TU0AK|SUQz)"
    r"[A-Za-z0-9+/_=\s-]{60}"
)
"""The first bytes of JPEG, PNG, GIF, WebP/AVI, MP4/HEIC/QuickTime, WebM, TIFF (two orders) and MP3, in base64."""
_ENCODED_RUN = re.compile(rf"[A-Za-z0-9+/_=-]{{{LONGEST_ENCODED_RUN}}}")
_MEDIA_LINK = re.compile(
    r"(?:https?://|www\.)[^\s\"'<>]{1,400}?\.(?:jpe?g|png|gif|webp|heic|heif|avif|bmp|tiff?|mp4|mov|m4v|avi|mkv|webm|3gp)"
    r"(?![\w])",
    re.IGNORECASE,
)
_MEDIA_HOST = re.compile(
    r"\b(?:imgur\.com|gyazo\.com|prnt\.sc|flickr\.com|photos\.app\.goo\.gl|photos\.google\.com|icloud\.com/photos"
    r"|youtube\.com/(?:watch|shorts)|youtu\.be|vimeo\.com|dropbox\.com/s|drive\.google\.com|1drv\.ms|wetransfer\.com"
    r"|we\.tl)/?",
    re.IGNORECASE,
)
"""Where pictures and films are shared by link."""


@dataclass(frozen=True, slots=True)
class MediaFound:
    """Where in a body media are, and of which kind. Nothing of them."""

    pointer: str
    code: MediaCode


def is_media_type(content_type: str) -> bool:
    """Whether a request says that its whole body is a picture, film or sound."""
    return _MEDIA_TYPE.match(content_type) is not None


def embedded_media(body: object) -> tuple[MediaFound, ...]:
    """Media inside the texts of a parsed JSON body: data URIs, base64 of media, base64 of any file."""
    found = ((path, _embedded(text)) for path, text in texts(body))
    return tuple(MediaFound(pointer_of(path), code) for path, code in found if code is not None)


def linked_media(body: object) -> tuple[MediaFound, ...]:
    """Links to media inside the texts: refused where imagery is involved, because a link is a way to share it."""
    return tuple(
        MediaFound(pointer_of(path), "media_link")
        for path, text in texts(body)
        if _MEDIA_LINK.search(text) or _MEDIA_HOST.search(text)
    )


def texts(body: object) -> Iterator[tuple[Path, str]]:
    """Every text of a parsed JSON body with the way to it, without recursion."""
    waiting: list[tuple[Path, object]] = [((), body)]
    while waiting:
        path, node = waiting.pop()
        match node:
            case str():
                yield path, node
            case dict():
                waiting.extend(((*path, str(name)), value) for name, value in node.items())
            case list():
                waiting.extend(((*path, place), value) for place, value in enumerate(node))
            case _:
                continue


def _embedded(text: str) -> MediaCode | None:
    if _DATA_URI.search(text):
        return "data_uri"
    if _ENCODED_MEDIA.search(text):
        return "embedded_media"
    return "embedded_file" if _ENCODED_RUN.search(text) else None
