"""Which addresses of the network a message may go to: public ones, inner ones where an owner allows it, some never."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: where clouds hand out credentials to whoever asks from inside, beside the link-local address of most
METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def refusal(text: str, *, allow_inner: bool) -> str:
    """Why nothing may be sent to an address, as a clause; empty where it may.

    Args:
        text: an address, as a look-up or a connected socket gives it.
        allow_inner: whether an owner allowed this channel to reach hosts inside the company's network.

    Raises:
        ValueError: the text is a name, or nothing at all.
    """
    address = _embedded_ipv4(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_link_local or address in METADATA:
        return f"{address} is an address where machines tell their own secrets"
    if address.is_unspecified or address.is_multicast:
        return f"{address} is no single host"
    if not allow_inner and not address.is_global:
        return f"{address} lies inside a network, and this channel may not reach inner hosts"
    return ""


def is_inner(text: str) -> bool:
    """Whether an address is not of the public internet."""
    return not _embedded_ipv4(ipaddress.ip_address(text.partition("%")[0])).is_global


def _embedded_ipv4(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
