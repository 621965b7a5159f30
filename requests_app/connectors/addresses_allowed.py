"""Which addresses a data source may be connected to: those of the internet, and networks that are listed (A50).

A name is resolved once, all its addresses are judged, and the connection goes to one that was judged: whatever the
name says a moment later changes nothing.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import SOCK_STREAM, getaddrinfo

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Where machines of a cloud ask for their own credentials. Some stand in networks that are listed for good reasons, one
# is a public address: none is ever a data source.
METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
# Prefixes whose last 32 bits are an address of version 4: NAT64 (RFC 6052, RFC 8215), its older and stateless kin.
_ENDS_IN_FOUR = tuple(IPv6Network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96"))
_UNICAST = IPv6Network("2000::/3")  # all that was ever given out of version 6; what lies beside it is old or local
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")


class AddressRefused(Exception):
    """The name leads to where a data source may not be."""


def host_mistake(host: str) -> str:
    """Return what is wrong with a host in lower case; nothing where it is a name or an address as everybody writes it.

    127.1, 2130706433, 0177.0.0.1 and 0x7f000001 are addresses to a resolver and to nobody who reads the settings.
    """
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return "" if "%" not in host else "names a network interface"
    if not _HOST.fullmatch(host):
        return "is no host name"
    return "is an address in a form that hides it" if _NUMBER.fullmatch(host.split(".")[-1]) else ""


def networks_of(given: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks, as in ["10.1.2.0/24"]; raises ValueError."""
    if isinstance(given, str):
        raise ValueError('networks has to be a list, such as ["10.1.2.0/24"]')
    return tuple(ip_network(one) for one in given)


def is_allowed(address: Address, networks: Iterable[Network] = ()) -> bool:
    """Whether a data source may be there: on the internet, or in one of these networks."""
    meant = {address, *_within(address)}
    if meant & METADATA:
        return False
    if any(one in network for one in meant for network in networks if one.version == network.version):
        return True
    return all(_is_public(one) for one in _within(address) or (address,))


def resolved(host: str, port: int, *, networks: Iterable[Network], loopback_only: bool = False) -> list[str]:
    """Return the addresses of the host. Raises AddressRefused if one of them may not be connected to, and OSError."""
    found = getaddrinfo(host, port, type=SOCK_STREAM)
    addresses = list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
    allowed = [one.is_loopback if loopback_only else is_allowed(one, networks) for one in addresses]
    if not allowed or not all(allowed):
        raise AddressRefused
    return [str(address) for address in addresses]


def _is_public(address: Address) -> bool:
    if address.version == 6 and address not in _UNICAST:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _within(address: Address) -> tuple[IPv4Address, ...]:
    """The address of version 4 that one of version 6 stands for."""
    if address.version == 4:
        return ()
    if address.ipv4_mapped or address.sixtofour:
        return tuple(filter(None, (address.ipv4_mapped, address.sixtofour)))
    if any(address in network for network in _ENDS_IN_FOUR):
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    return ()
