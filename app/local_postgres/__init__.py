"""The development database, and the roles and databases of any server.

Development and tests run on the engine of production, so a server must start with no administrator,
leave nothing on the machine and survive our own crashes. In a layer as low as this one, only the
standard library and the driver are imported.
"""

from app.local_postgres.databases import OWNER_ROLE, SERVICE_ROLE, create_database, prepare_database
from app.local_postgres.errors import LocalPostgresError
from app.local_postgres.server import STOP_SIGNALS, LocalServer, StopSignal, local_postgres, stop_signals

__all__ = [
    "OWNER_ROLE",
    "SERVICE_ROLE",
    "STOP_SIGNALS",
    "LocalPostgresError",
    "LocalServer",
    "StopSignal",
    "create_database",
    "local_postgres",
    "prepare_database",
    "stop_signals",
]
