"""What is refused of the logs of events. A branch of `Conflict`."""

from app.domain.errors import Conflict


class EventsErased(Conflict):
    """Events up to position {erased_to} are no longer kept: read your handoffs, then ask for what follows it."""
