"""Which addresses Pulse may connect to: our own table, because the standard library's has holes."""

from bisect import bisect_right
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# One GET at these hands out the credentials of the whole machine, so no setting re-allows them.
METADATA: frozenset[Address] = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Google, Azure, DigitalOcean and most others
            "169.254.170.2",  # AWS ECS task credentials
            "169.254.170.23",  # AWS EKS pod identity
            "192.0.0.192",  # Oracle Cloud
            "100.100.100.200",  # Alibaba Cloud
            "168.63.129.16",  # Azure wire server: looks like public space
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",  # Google, machines with IPv6 only
        ),
    )
)

_IPV4_REFUSED = {
    "0.0.0.0/8": "it means this machine",
    "10.0.0.0/8": "it is a private address",
    "100.64.0.0/10": "it is shared address space of a provider (CGNAT)",
    "127.0.0.0/8": "it is a loopback address",
    "169.254.0.0/16": "it is a link-local address",
    "172.16.0.0/12": "it is a private address",
    "192.0.0.0/24": "it is reserved for protocols",
    "192.0.2.0/24": "it is reserved for documentation",
    "192.88.99.0/24": "it is a 6to4 relay",
    "192.168.0.0/16": "it is a private address",
    "198.18.0.0/15": "it is reserved for benchmarks",
    "198.51.100.0/24": "it is reserved for documentation",
    "203.0.113.0/24": "it is reserved for documentation",
    "224.0.0.0/4": "it is a multicast address",
    "240.0.0.0/4": "it is reserved",
}
# IPv6 is the other way round: only 2000::/3 is handed out, and these parts of it are not for us.
_IPV6_REFUSED = {
    "::/128": "it means this machine",
    "::1/128": "it is a loopback address",
    "64:ff9b:1::/48": "it is a local translation prefix (NAT64)",
    "100::/64": "it is a discard prefix",
    "2001::/23": "it is reserved for protocols (Teredo, ORCHID)",
    "2001:db8::/32": "it is reserved for documentation",
    "2002::/16": "it is a 6to4 address",
    "3fff::/20": "it is reserved for documentation",
    "5f00::/16": "it is reserved for segment routing",
    "fc00::/7": "it is a private address",
    "fe80::/10": "it is a link-local address",
    "fec0::/10": "it is a site-local address",
    "ff00::/8": "it is a multicast address",
}
_NOT_HANDED_OUT = "it is outside the public address space"
_GLOBAL_IPV6 = ip_network("2000::/3")
_MAPPED = ip_network("::ffff:0:0/96")
_NAT64 = ip_network("64:ff9b::/96")
_NAT64_LOCAL = ip_network("64:ff9b:1::/48")
_EMBEDS_IN_LAST_32_BITS = (_MAPPED, _NAT64, _NAT64_LOCAL, ip_network("::/96"), ip_network("::ffff:0:0:0/96"))
_6TO4 = ip_network("2002::/16")
_TEREDO = ip_network("2001::/32")
_LOW_32 = 0xFFFFFFFF


class _Ranges:
    """Address ranges searched by bisection, at some 2 µs: each check pays it for its name."""

    def __init__(self, table: dict[str, str]) -> None:
        rows = sorted((ip_network(cidr), reason) for cidr, reason in table.items())
        self._starts = [int(network.network_address) for network, _ in rows]
        self._ends = [int(network.broadcast_address) for network, _ in rows]
        self._reasons = [reason for _, reason in rows]

    def reason(self, address: Address) -> str | None:
        value = int(address)
        index = bisect_right(self._starts, value) - 1
        return self._reasons[index] if index >= 0 and value <= self._ends[index] else None


_REFUSED_V4 = _Ranges(_IPV4_REFUSED)
_REFUSED_V6 = _Ranges(_IPV6_REFUSED)


@dataclass(frozen=True, slots=True)
class Policy:
    """Public addresses, plus what the operator allows besides; cloud metadata never."""

    allow: tuple[Network, ...] = ()

    def verdict(self, ip: str | Address) -> str | None:
        """None if Pulse may connect to `ip`, else why not: "it is a private address"."""
        try:
            address = ip_address(ip) if isinstance(ip, str) else ip
        except ValueError:
            return "it is not an IP address"
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            return "it has a zone id"
        embedded = _embedded(address)
        if address in METADATA or not METADATA.isdisjoint(embedded):
            return "it is a cloud metadata address"
        # A mapped address *is* its IPv4 address to the kernel, so ranges that allow that one allow it too.
        if self._allowed(address) or any(address in _MAPPED and self._allowed(inner) for inner in embedded):
            return None
        return _refusal(address, embedded)

    def _allowed(self, address: Address) -> bool:
        return any(address in network for network in self.allow)


def parse_networks(text: str) -> tuple[Network, ...]:
    """The ranges in "127.0.0.0/8, ::1, 10.0.0.0/8"; ValueError names the part that is none."""
    networks: list[Network] = []
    for part in text.replace(",", " ").split():
        try:
            networks.append(ip_network(part))
        except ValueError:
            hint = _network_hint(part)
            raise ValueError(f"{part!r} is not an address range; write {hint}") from None
    return tuple(networks)


def _network_hint(part: str) -> str:
    try:
        return f"{ip_network(part, strict=False)} if that is what you mean"
    except ValueError:
        return "ranges like 10.0.0.0/8 or ::1, separated by commas"


def _refusal(address: Address, embedded: tuple[IPv4Address, ...]) -> str | None:
    if isinstance(address, IPv4Address):
        return _REFUSED_V4.reason(address)
    for inner in embedded:
        if reason := _REFUSED_V4.reason(inner):
            return f"it stands for {inner}, and {reason}"
    if address in _MAPPED or address in _NAT64:
        return None
    return _REFUSED_V6.reason(address) or (None if address in _GLOBAL_IPV6 else _NOT_HANDED_OUT)


def _embedded(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that a translator or the kernel could reach through an IPv6 address."""
    if isinstance(address, IPv4Address):
        return ()
    value = int(address)
    if value <= 1:  # :: and ::1 are inside ::/96 but embed nothing
        return ()
    found: list[int] = []
    if address in _6TO4:
        found.append(value >> 80 & _LOW_32)
    if address in _TEREDO:
        found += (value >> 64 & _LOW_32, value & _LOW_32 ^ _LOW_32)
    if any(address in network for network in _EMBEDS_IN_LAST_32_BITS):
        found.append(value & _LOW_32)
    if address in _NAT64_LOCAL:
        # RFC 6052 splits the address around bits 64 to 71 under a /48 prefix; networks use both layouts.
        found.append((value >> 64 & 0xFFFF) << 16 | value >> 40 & 0xFFFF)
    return tuple(map(IPv4Address, found))
