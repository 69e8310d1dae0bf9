"""Files of lines that are brought in, each line answered for itself."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.domain.accounting_files import FileEncoding
from app.schemas.base import Input, ShortLine

# What is left of a body of 256 KiB for the file that it carries.
_BASE64_LENGTH_MAX = 250_000
_WORDS = {"true": True, "false": False}


def _read_words(value: object) -> object:
    # Pydantic would take « 1 », « on » and « yes ».
    if isinstance(value, str):
        if value not in _WORDS:
            raise PydanticCustomError("bool_type", "true or false")
        return _WORDS[value]
    return value


class ImportQuery(Input):
    """Whether to answer what the file would do, and do nothing of it."""

    dry_run: Annotated[bool, BeforeValidator(_read_words)] = False


class FileImport(Input):
    """A file as it is sent, in base64."""

    file_name: ShortLine
    content_base64: Annotated[
        str, Field(strict=True, min_length=4, max_length=_BASE64_LENGTH_MAX, pattern=r"^[A-Za-z0-9+/]+={0,2}$")
    ]
    encoding: FileEncoding = FileEncoding.LATIN
