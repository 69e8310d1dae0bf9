"""What is refused at first contact: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class OrganisationExists(Conflict):
    """The directory already has an organisation of this name: {organisation_id}."""


class OrganisationUnknown(Conflict):
    """{field} is not in this CCAS's directory."""


class OrganisationClosed(Conflict):
    """{field}: this organisation closed on {closed_on}."""


class NotPrescriber(Conflict):
    """The directory does not have this organisation as a prescriber."""


class ContactBecameRequest(Conflict):
    """This contact has become a request: it is changed there."""


class ContactAnswered(Conflict):
    """This contact is closed: another answer was given."""
