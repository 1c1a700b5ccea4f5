"""Where we go, and where never: the address is judged as it is dialled.

A resolver is not asked about literal addresses, and a name may answer otherwise the second time; so the judge is the maker of the socket,
which sees the address of every attempt.  Of strangers we ask https on port 443 under a name.  A laboratory (several servers on one machine,
tests) names its networks: inside them any port, http and literal addresses are allowed as well.
"""

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import final

from aiohappyeyeballs import AddrInfoType

from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.urls import Url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What `is_global` lets through, at least on some Python we run on: protocol assignments, 6to4 and its relays, multicast, Teredo and its
# kin, documentation, segment routing.
_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST_V6 = ipaddress.ip_network("2000::/3")
_HTTPS = 443


class AddressRefused(Invalid):
    """We do not ask there, today or later.  No retry."""

    def __init__(self) -> None:
        super().__init__("url", "This server does not ask that address.")


class NotDialled(PermissionError):
    """The guard's word to the connector; it becomes AddressRefused.  Always the same text, so that many of them stay one."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "not an address to dial")


def is_public(ip: Address) -> bool:
    """Whether the address belongs to the open internet, whatever wraps it."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(ip.ipv4_mapped)
        if ip in _NAT64:  # hosts with IPv6 alone reach IPv4 through it
            return is_public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip not in _UNICAST_V6:
            return False
    return ip.is_global and not any(ip in network for network in _REFUSED)


@final
@dataclass(frozen=True, slots=True)
class Guard:
    """The rules of one server.  `own`: authorities (host, with its port if unusual) that are this server."""

    own: frozenset[str]
    laboratory: tuple[Network, ...]

    def check(self, url: Url) -> None:
        """Refuse what can be told from the URL alone; the rest shows when it is dialled."""
        origin = url.origin
        if origin.authority in self.own:
            raise AddressRefused
        if origin.is_literal and not self._in_laboratory(ipaddress.ip_address(origin.host)):
            raise AddressRefused
        if not self.laboratory and (origin.scheme, origin.port) != ("https", _HTTPS):
            raise AddressRefused
        if origin.scheme == "http" and origin.port == _HTTPS:  # the socket knows the port only: on this one we never speak plainly
            raise AddressRefused

    def socket(self, address: AddrInfoType) -> socket.socket:
        """The socket for an address about to be dialled; NotDialled if it must not be."""
        family, kind, protocol, _, (host, port, *_) = address
        ip = ipaddress.ip_address(str(host))
        if not self._in_laboratory(ip) and not (port == _HTTPS and is_public(ip)):
            raise NotDialled
        return socket.socket(family, kind, protocol)

    def _in_laboratory(self, ip: Address) -> bool:
        return any(ip in network for network in self.laboratory)
