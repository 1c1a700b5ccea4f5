"""From where somebody asks, as far as limits care."""

from ipaddress import IPv6Address, ip_address

from aiohttp import web


def of_asker(request: web.Request) -> str:
    """The network that counts as one asker: an IPv4 address, or the 64 bits of IPv6 that one household commands."""
    try:
        address = ip_address(request.remote or "")
    except ValueError:
        return request.remote or ""  # a socket in the file system
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)
