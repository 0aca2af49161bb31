"""Where a name of the web leads, decided once: it is looked up, what came is checked, and a request goes to one of
those very addresses. A name that is looked up anew may lead elsewhere the second time.
"""

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx2

from demiurgic.errors import PrivateAddress

Resolver: TypeAlias = Callable[[str], Sequence[str]]
"""Says to which addresses a name leads. Raises OSError where it leads nowhere."""


def resolved(name: str) -> list[str]:
    """What this machine's own resolver says."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # longer than any name is, or in letters that no name has
        raise OSError(f"{name} is no name of a host") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def addresses_of(url: str, *, local: bool, resolver: Resolver = resolved) -> Sequence[str]:
    """Where the host of a URL is. Raises PrivateAddress where any of it is this machine's or its own network's, unless
    those are allowed by `local`, and OSError where the name leads nowhere."""
    parts = urlsplit(url)
    addresses = resolver(parts.hostname or "")
    if not local and not all(ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses):
        raise PrivateAddress(f"{parts.hostname} is on this machine or its own network")
    return addresses


def request_to(
    client: httpx2.Client | httpx2.AsyncClient, url: str, address: str, headers: Mapping[str, str]
) -> httpx2.Request:
    """A request for a page that goes to this address of its host, whatever the host's name leads to by now."""
    parts = urlsplit(url)
    there = httpx2.URL(url).copy_with(host=address)
    named = {**headers, "Host": parts.netloc.rpartition("@")[2]}
    return client.build_request("GET", there, headers=named, extensions={"sni_hostname": parts.hostname})
