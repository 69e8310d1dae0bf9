"""The papers of a loan in PDF: what their data do not say."""

from app.schemas.base import Day, Id, Input


class LoanDocumentQuery(Input):
    """What a letter to the supplier needs and no record holds: whom to pay, until when the CCAS commits itself."""

    organisation_id: Id | None = None
    valid_until: Day | None = None
