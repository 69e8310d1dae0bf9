"""The settings of a process, read once from the environment."""

from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals."""

    database_url: str = Field(description="PostgreSQL as the role that serves (app): postgresql+psycopg://…")
    token_secret: SecretStr = Field(min_length=32, description="signs the tokens; 32 characters or more")
    cors_origins: str = Field(default="", description="origins of the front ends, separated by spaces")
    database_pool_size: int = Field(default=10, ge=1, le=100, description="connections of one process")
    database_pool_wait_seconds: int = Field(default=2, ge=1, le=30)


@lru_cache
def settings() -> Settings:
    """The settings of this process; raises Pydantic's ValidationError naming what is missing."""
    return Settings()
