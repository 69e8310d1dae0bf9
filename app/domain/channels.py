"""How a handoff reaches its lender, and how the lender tells what it has to say (ruling: no bank has the API at first).

A machine of the lender speaks by the API. Until a lender has one, a named officer (chargé de dossier) answers by a link
that serves once, a member of staff enters a letter under its reference, or a file is exchanged.
"""

from enum import StrEnum


class Channel(StrEnum):
    """The way between a CCAS and a lender."""

    API = "api"
    LINK = "link"
    LETTER = "letter"
    FILE = "file"


class Source(StrEnum):
    """Where people read that a fact of a lender comes from."""

    PARTNER_MACHINE = "partner_machine"
    OFFICER_LINK = "officer_link"
    REPORTED_BY_STAFF = "reported_by_staff"
    FILE = "file"


SOURCE_OF = {
    Channel.API: Source.PARTNER_MACHINE,
    Channel.LINK: Source.OFFICER_LINK,
    Channel.LETTER: Source.REPORTED_BY_STAFF,
    Channel.FILE: Source.FILE,
}
