"""The papers in PDF, by the names that their addresses take."""

from enum import StrEnum


class RequestDocument(StrEnum):
    """The papers of a request."""

    INTAKE_SHEET = "intake_sheet"
    PAPERS_LIST = "papers_list"
    RECEIPT = "receipt"
    ASSESSMENT = "assessment"
    ACTION_PLAN = "action_plan"
    DECISION_NOTICE = "decision_notice"
