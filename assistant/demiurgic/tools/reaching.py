"""Where a name of the web leads, decided once: it is looked up, what came is checked, and a request goes to one of
those very addresses. A name that is looked up anew may lead elsewhere the second time.
"""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from demiurgic.errors import PrivateAddress


def addresses_of(url: str, *, local: bool) -> list[str]:
    """Where the host of a URL is. Raises PrivateAddress where any of it is this machine's or its own network's, unless
    those are allowed by `local`, and OSError where the name leads nowhere."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
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
