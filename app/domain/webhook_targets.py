"""Where a webhook may go: a public host by its name, over https, on port 443 (OWASP API7, server-side request forgery).

Names are read more narrowly than by any client: what is no plain name of the public internet is refused, whatever an
address library would make of it (`127.1`, `2130706433`, `0x7f.1`, `localhost.`).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from urllib.parse import urlsplit

URL_CHARACTERS_MAX = 500
_PORT = 443
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# « Ends in a number »: what the URL standard reads as an IPv4 address, in whatever notation.
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
# Special-use names that no public resolver answers for (RFC 6761, RFC 6762, RFC 9476 and the reserved `internal`).
_NEVER_PUBLIC = frozenset({"localhost", "local", "internal", "invalid", "test", "onion", "alt", "home", "lan", "arpa"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
# IPv6 addresses that carry an IPv4 address, to which a translator would send what is addressed to them.
_TRANSLATED = tuple(IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class UrlFault(StrEnum):
    """Why an address is refused: its form, or its name, known to nobody or leading elsewhere than outside."""

    FORM = "form"
    SCHEME = "scheme"
    USER = "user"
    PORT = "port"
    FRAGMENT = "fragment"
    HOST = "host"
    UNKNOWN_NAME = "unknown_name"
    INNER_ADDRESS = "inner_address"


class UrlRefused(ValueError):
    """The address is refused, for `fault`."""

    def __init__(self, fault: UrlFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of an address that was checked. `path` has its query, and `/` where none was given."""

    scheme: str
    host: str
    port: int
    path: str
    is_loopback: bool = False


def target_of(url: str, *, loopback_allowed: bool) -> Target:
    """The parts of an address a webhook may go to. Raises UrlRefused.

    `loopback_allowed` lets `http://127.0.0.1:port` through, for development and tests.
    """
    if len(url) > URL_CHARACTERS_MAX or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise UrlRefused(UrlFault.FORM)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or ""), parts.port
    except ValueError:
        raise UrlRefused(UrlFault.FORM) from None
    if "@" in parts.netloc:
        raise UrlRefused(UrlFault.USER)
    if "#" in url:
        raise UrlRefused(UrlFault.FRAGMENT)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if loopback_allowed and parts.scheme == "http" and host in _LOOPBACK:
        return Target("http", "127.0.0.1", port or 80, path, is_loopback=True)
    if parts.scheme != "https":
        raise UrlRefused(UrlFault.SCHEME)
    if port not in (None, _PORT) or parts.netloc.endswith(":"):
        raise UrlRefused(UrlFault.PORT)
    if not is_public_name(host):
        raise UrlRefused(UrlFault.HOST)
    return Target("https", host, _PORT, path)


def is_public_name(host: str) -> bool:
    """Whether a host is written as a name of the public internet: ASCII labels, two or more, the last no number."""
    labels = host.split(".")
    return (
        len(host) <= 253
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not _NUMBER.fullmatch(labels[-1])
        and labels[-1] not in _NEVER_PUBLIC
    )


def is_public_address(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address that a name resolved to is one of the public internet, and hides none that is not."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None or address.is_site_local:
            return False
        if any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
