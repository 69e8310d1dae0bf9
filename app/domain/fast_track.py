"""Fast track (validation en amont de la commission): who may decide before the session, and on what.

« En fonction de l'urgence de réalisation du projet, il est expérimenté depuis mai 2011 une validation des dossiers en
amont des commissions » (Besançon, note de restitution finale).
"""

from collections.abc import Collection

from app.domain.breaches import Breach, Severity
from app.domain.eligibility import text_of
from app.domain.permissions import Role
from app.domain.products import Product


def breaches(product: Product, *, roles: Collection[Role], reference: str) -> list[Breach]:
    """The rules that a decision ahead of the session does not meet, when who takes it has these roles.

    Null `fast_track_by` leaves it to whoever decides.
    """
    if not product.fast_track:
        return [_breach(product, "fast_track", None, reference)]
    if product.fast_track_by is not None and set(roles).isdisjoint(product.fast_track_by):
        return [_breach(product, "fast_track_by", sorted(role.value for role in product.fast_track_by), reference)]
    return []


def _breach(product: Product, rule: str, limit: list[str] | None, reference: str) -> Breach:
    return Breach(rule, limit, None, Severity.REFUSE, text_of(product, rule) or reference)
