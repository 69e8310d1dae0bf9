"""The one place that turns data and a template into a PDF, with Typst.

A template is `templates/<name>/v<number>.typ`; the last version of a name is the one in use, and the paper says which.
The data reach it as one JSON text: a template shows them and never evaluates them, whatever they say.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst

from app.documents.characters import shown

TEMPLATES = Path(__file__).with_name("templates")
# A compiler serves one compilation at a time.
_one_at_a_time = Lock()


class Unprintable(RuntimeError):
    """A template, or an image given to it, is at fault."""


@dataclass(frozen=True, slots=True)
class Document:
    """A paper: its PDF, the name of its file, the template and version that it was made with."""

    content: bytes
    file_name: str
    template: str


async def make(name: str, data: Mapping[str, Any], *, file_name: str) -> Document:
    """The paper of that template, made beside the event loop. Raises as `compile_pdf` does."""
    content = await asyncio.to_thread(compile_pdf, name, data)
    return Document(content, file_name, template_of(name))


def compile_pdf(name: str, data: Mapping[str, Any]) -> bytes:
    """The PDF (PDF/UA-1, fonts embedded) of the last version of a template; same data, same bytes.

    Every template reads `title`, `day` (YYYY-MM-DD, also the date of the file), `on` (that day in words), `reference`
    (null: none), `sender` {name, logo}, `recipient` (lines, none: no address); the rest is its own. What the font
    lacks is shown as □. Raises KeyError without a `day`, Unprintable.
    """
    template = template_of(name)
    inputs = {"data": json.dumps(shown(data), ensure_ascii=False), "template": template}
    day = datetime.combine(date.fromisoformat(data["day"]), datetime.min.time(), UTC)
    with _one_at_a_time:
        try:
            pdf = _compiler().compile(
                input=TEMPLATES / f"{template}.typ",
                format="pdf",
                sys_inputs=inputs,
                pdf_standards=["ua-1"],
                timestamp=day,
            )
        except typst.TypstError as fault:
            raise Unprintable(f"{template}: {fault.message}") from fault
        except BaseException as fault:
            # What stops the engine itself is no Exception, and would stop the worker.
            if type(fault).__name__ == "PanicException":
                raise Unprintable(template) from None
            raise
    if not isinstance(pdf, bytes):
        raise TypeError(f"{template} made no PDF")
    return pdf


@cache
def template_of(name: str) -> str:
    """The last version of a template: `decision_notice/v1`. Raises KeyError for a name that has none."""
    versions = [int(path.stem.removeprefix("v")) for path in (TEMPLATES / name).glob("v*.typ")]
    if not versions:
        raise KeyError(name)
    return f"{name}/v{max(versions)}"


@cache
def _compiler() -> typst.Compiler:
    # The fonts of the wheel alone: a paper looks the same on every machine.
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    return typst.Compiler(root=TEMPLATES, font_paths=fonts, ignore_system_fonts=True)
