"""Which addresses a destination may be at: public ones, and private ones of hosts that the connection names.

A name is resolved once and every address is checked before one of them is connected to, so that a name which points
into our own network, now or a moment later, opens nothing there.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

import httpx

# Where clouds tell their machines secrets, beside link-local addresses, which are all refused.
_METADATA = frozenset(map(ipaddress.ip_address, ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
# Prefixes by which IPv6 networks reach IPv4, the address in the last 32 bits.
_WRAPPED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]


class AddressRefusedError(Exception):
    """A host is at an address that must not be connected to; the message says which kind, and what to change."""


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host; raise `OSError` where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


def plain_host(name: str) -> str:
    """A host name as it is compared: lower case, ASCII, no brackets and no dot at the end."""
    bare = name.strip().strip("[]").rstrip(".").lower()
    return httpx.URL(scheme="https", host=bare).raw_host.decode("ascii")


def kind_of(address: str) -> str:
    """What an address is: public, private, loopback, link-local, metadata, multicast or reserved."""
    found = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    if found in _METADATA:
        return "metadata"
    if found.is_unspecified:
        return "reserved"
    for kind in ("loopback", "link_local", "multicast"):
        if getattr(found, f"is_{kind}"):
            return kind.replace("_", "-")
    # What IPv6 called site-local once is private as well.
    if found.is_global and not found.is_reserved and not getattr(found, "is_site_local", False):
        return "public"
    return "reserved" if found.is_reserved else "private"


class AddressGuard:
    """Resolves hosts, and refuses those with an address that is not public unless they are named.

    A named host may be at private and loopback addresses, never at link-local, metadata, multicast or reserved ones.
    With `is_plain`, where nothing is encrypted, it must be.
    """

    def __init__(
        self, allowed_private_hosts: Iterable[str] = (), resolve: Resolve = resolve, is_plain: bool = False
    ) -> None:
        self._allowed = frozenset(map(plain_host, allowed_private_hosts))
        self._resolve, self._is_plain = resolve, is_plain

    def allows_private(self, host: str) -> bool:
        """Whether a host was named as one that may be private."""
        return plain_host(host) in self._allowed

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to; raise `AddressRefusedError`, or `OSError` where there is none."""
        found = list(self._resolve(host, port))
        if not found:
            raise OSError("no address")
        kinds = {kind_of(address) for address in found}
        if self._is_plain and "public" in kinds:
            raise AddressRefusedError(f"{host} is at a public address: what goes there must be encrypted.")
        kinds.discard("public")
        if self.allows_private(host):
            kinds -= {"private", "loopback"}
            if kinds:
                raise AddressRefusedError(f"{host} is at a {min(kinds)} address, which is never connected to.")
        if kinds:
            raise AddressRefusedError(
                f"{host} is at a {min(kinds)} address, which is not connected to: if it is a host of yours, name it in"
                " allowed_private_hosts."
            )
        return found


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that leads to it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
    if not inner and any(address in network for network in _WRAPPED):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    # The old form ::a.b.c.d; :: and ::1 are addresses of their own.
    if not inner and 1 < int(address) < 2**32:
        inner = ipaddress.IPv4Address(int(address))
    return inner or address
