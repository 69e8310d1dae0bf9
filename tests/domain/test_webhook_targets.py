"""Where a webhook may go: every way of writing an address that is not of the public internet is refused."""

from ipaddress import ip_address

import pytest

from app.domain.webhook_targets import Target, UrlFault, UrlRefused, is_public_address, target_of

# OWASP API7: the same machine, written otherwise.
HOSTS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::]",
    "[fe80::1]",
    "[fc00::1]",
    "[64:ff9b::7f00:1]",
    "0",
    "0.0.0.0",  # noqa: S104 - an address to be refused, not one to bind
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "8.8.8.8",  # public, but no name: nothing to check a certificate for
    "localhost",
    "localhost.",
    "LOCALHOST",
    "banque.localhost",
    "metadata.google.internal",
    "imprimante.local",
    "banque",
    "banque.example.",
    "banque..example",
    "-banque.example",
    "banque_1.example",
    "bânque.example",
    "ⓛocalhost",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "",
    "a" * 64 + ".example",
    ".".join(["a" * 60] * 5),
]


def fault(url: str, *, loopback_allowed: bool = False) -> UrlFault | None:
    """Why an address is refused; null where it is not."""
    try:
        target_of(url, loopback_allowed=loopback_allowed)
    except UrlRefused as refused:
        return refused.fault
    return None


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_no_public_name_is_refused_in_whatever_notation(host: str) -> None:
    assert fault(f"https://{host}/events") in (UrlFault.HOST, UrlFault.FORM)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://banque.example/events", UrlFault.SCHEME),
        ("ftp://banque.example/events", UrlFault.SCHEME),
        ("file:///etc/passwd", UrlFault.SCHEME),
        ("//banque.example/events", UrlFault.SCHEME),
        ("banque.example", UrlFault.SCHEME),
        ("javascript:alert(1)", UrlFault.SCHEME),
        ("https://user@banque.example/", UrlFault.USER),
        ("https://user:secret@banque.example/", UrlFault.USER),
        ("https://@banque.example/", UrlFault.USER),
        ("https://banque.example@127.0.0.1/", UrlFault.USER),
        ("https://banque.example:8443/", UrlFault.PORT),
        ("https://banque.example:80/", UrlFault.PORT),
        ("https://banque.example:0/", UrlFault.PORT),
        ("https://banque.example:/", UrlFault.PORT),
        ("https://banque.example:65536/", UrlFault.FORM),
        ("https://banque.example:-1/", UrlFault.FORM),
        ("https://banque.example/#a", UrlFault.FRAGMENT),
        ("https://banque.example/ events", UrlFault.FORM),
        ("https://banque.example/\tevents", UrlFault.FORM),
        ("https://banque.example\n.example/", UrlFault.FORM),
        ("https://banque.example\\@127.0.0.1/", UrlFault.FORM),
        ("https://[::1", UrlFault.FORM),
        (" https://banque.example/", UrlFault.FORM),
        ("", UrlFault.FORM),
        ("https://banque.example/" + "a" * 500, UrlFault.FORM),
    ],
)
def test_what_is_not_a_plain_https_address_is_refused_for_what_it_is(url: str, why: UrlFault) -> None:
    assert fault(url) is why


def test_a_public_name_is_taken_apart_as_it_will_be_called() -> None:
    assert target_of("https://Banque.Example/a/b?c=d", loopback_allowed=False) == Target(
        "https", "banque.example", 443, "/a/b?c=d"
    )
    assert target_of("https://xn--bnque-dra.example:443", loopback_allowed=False).path == "/"


def test_the_loopback_is_let_through_where_it_is_allowed_and_nothing_else() -> None:
    url = "http://127.0.0.1:8099/events"
    assert fault(url) is UrlFault.SCHEME
    assert target_of(url, loopback_allowed=True) == Target("http", "127.0.0.1", 8099, "/events", is_loopback=True)
    assert target_of("http://localhost:8099", loopback_allowed=True).host == "127.0.0.1"
    for other in ("http://10.0.0.1:80/", "http://banque.example/", "https://127.0.0.1/", "http://127.1:8099/"):
        assert fault(other, loopback_allowed=True) is not None, other
    assert fault("http://user@127.0.0.1:8099/", loopback_allowed=True) is UrlFault.USER


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),  # noqa: S104
        *("192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1"),
        *("ff02::1", "64:ff9b::7f00:1", "64:ff9b::808:808", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1"),
    ],
)
def test_an_address_that_is_not_of_the_public_internet_or_hides_one_is_refused(address: str) -> None:
    assert not is_public_address(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "193.252.19.3", "2a01:cb00::1", "2606:4700::1111"])
def test_an_address_of_the_public_internet_is_taken(address: str) -> None:
    assert is_public_address(ip_address(address))
