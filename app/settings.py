"""The settings of a process, read once from the environment."""

from functools import lru_cache

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_KEY_CHARACTERS_MIN = 32


class WorkerSettings(BaseSettings):
    """What the worker and the service need. Each field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # a secret that is too short is one all the same

    database_url: str = Field(description="PostgreSQL as the role that serves (app): postgresql+psycopg://…")
    encryption_keys: SecretStr = Field(
        default=SecretStr(""),
        description="keep what must be read again (signing secrets): 32 characters or more each, separated by spaces,"
        " the first in use",
    )
    webhook_loopback_allowed: bool = Field(
        default=False, description="webhooks may go to http://127.0.0.1: for development and tests alone"
    )

    @field_validator("encryption_keys")
    @classmethod
    def _long_enough(cls, keys: SecretStr) -> SecretStr:
        if any(len(key) < _KEY_CHARACTERS_MIN for key in keys.get_secret_value().split()):
            raise ValueError(f"each key has {_KEY_CHARACTERS_MIN} characters or more")
        return keys


class Settings(WorkerSettings):
    """What the service needs."""

    token_secret: SecretStr = Field(min_length=32, description="signs the tokens; 32 characters or more")
    cors_origins: str = Field(default="", description="origins of the front ends, separated by spaces")
    database_pool_size: int = Field(default=10, ge=1, le=100, description="connections of one process")
    database_pool_wait_seconds: int = Field(default=2, ge=1, le=30)


@lru_cache
def settings() -> Settings:
    """The settings of this process; raises Pydantic's ValidationError naming what is missing."""
    return Settings()
