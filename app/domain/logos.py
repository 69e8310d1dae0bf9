"""What a logo must be: a small PNG that any reader can draw."""

import zlib

from app.domain.document_errors import LogoUnreadable

LOGO_BYTES_MAX = 65_536
# A drawing of a few centimetres needs no more; a small file may hold a very large one.
_SIDE_MAX = 2_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = 33


def check_png(content: bytes) -> None:
    """Raises LogoUnreadable for what is no PNG, or one of more than 2 000 pixels a side, or damaged."""
    if not content.startswith(_SIGNATURE) or len(content) < _HEADER_END or content[12:16] != b"IHDR":
        raise LogoUnreadable
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if not (0 < width <= _SIDE_MAX and 0 < height <= _SIDE_MAX):
        raise LogoUnreadable
    at = len(_SIGNATURE)
    while at < len(content):
        length = int.from_bytes(content[at : at + 4])
        end = at + 8 + length
        if end + 4 > len(content) or zlib.crc32(content[at + 4 : end]) != int.from_bytes(content[end : end + 4]):
            raise LogoUnreadable
        at = end + 4
    if content[-8:-4] != b"IEND":
        raise LogoUnreadable
