"""What all tables share: constraint names, enumerations stored by value, the grants of the serving role."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, MetaData
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
).naming_convention

# What the serving role may do with a table: it deletes neither records nor history, to which is only ever added.
READ: dict[str, Any] = {"info": {"grants": frozenset({"SELECT"})}}
HISTORY: dict[str, Any] = {"info": {"grants": frozenset({"SELECT", "INSERT"})}}
RECORD: dict[str, Any] = {"info": {"grants": frozenset({"SELECT", "INSERT", "UPDATE"})}}
# The same of what is erased at the end of its retention, which the database itself tells (`app/tables/guards.py`).
KEPT_HISTORY: dict[str, Any] = {"info": {"grants": frozenset({"SELECT", "INSERT", "DELETE"})}}
KEPT_RECORD: dict[str, Any] = {"info": {"grants": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})}}


def value_enum(enum: type[StrEnum], name: str) -> SqlEnum:
    """A text column that holds the enumeration's values under the CHECK `name` (native types outlive downgrades)."""
    return SqlEnum(
        enum,
        name=name,
        native_enum=False,
        length=32,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )


def one_author() -> CheckConstraint:
    """Every act has one author: a member of staff, a client of a partner, or a telling of the partner."""
    return CheckConstraint("num_nonnulls(account_id, partner_client_id, telling_id) = 1", name="one_author")


def one_lender() -> CheckConstraint:
    """What only a lender tells was told by one of its clients, or otherwise."""
    return CheckConstraint("num_nonnulls(partner_client_id, telling_id) = 1", name="one_lender")


def utc_now() -> datetime:
    """The instant of entry; dates of effect come from the caller."""
    return datetime.now(UTC)


def entered_at() -> Any:
    """The column of the instant at which a row was entered."""
    return Field(default_factory=utc_now, sa_type=DateTime(timezone=True))


def cents(*, nullable: bool = False, default: Any = ...) -> Any:
    """A column of whole cents."""
    return Field(default=default, sa_type=BigInteger, nullable=nullable)


def json_column(default_factory: Callable[[], Any]) -> Any:
    """A JSONB column."""
    return Field(default_factory=default_factory, sa_type=JSONB)
