"""What is refused of the endpoints to which events are sent, and of their deliveries. A branch of `Conflict`."""

from app.domain.errors import Conflict


class WebhookUrlRefused(Conflict):
    """url must be https://, a known name of public addresses only, port 443, without user or fragment ({fault})."""


class TooManyWebhooks(Conflict):
    """A partner has {limit} endpoints in use at most: disable one first."""


class WebhookAlreadyDisabled(Conflict):
    """Nothing is sent to this endpoint already."""


class WebhookAlreadyEnabled(Conflict):
    """This endpoint is enabled already."""


class WebhookDisabledTooLong(Conflict):
    """This endpoint was disabled more than {months} months ago, and what waited is no longer kept: make another."""


class DeliveryStillPending(Conflict):
    """This delivery is still pending: it will be attempted by itself."""
