"""What everything that leaves through one loop shares: its resolver, its transfers, its threads and the policy."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pycurl

from pulse.net.addresses import Policy
from pulse.net.answers import vet
from pulse.net.handle import Handle, default_ca_file
from pulse.net.resolve import Resolver
from pulse.net.threads import Threads
from pulse.net.transfers import Transfers

if TYPE_CHECKING:
    from pulse.net.request import Request
    from pulse.net.urls import Url

# For probes whose library only blocks; the rest is done on the loop.
THREADS = 32
# A name with many addresses is tried at this many of them; round-robin names rarely have more that differ.
MAX_ADDRESSES = 3
VERDICTS_KEPT = 20_000
# Monitors whose connection is kept from check to check; the one used longest ago is closed for another.
KEPT_CONNECTIONS = 2000
# Where IANA lists the RDAP servers of all top-level domains (RFC 9224).
RDAP_BOOTSTRAP = "https://data.iana.org/rdap/dns.json"


class Outbound:
    """What a fetch needs of one loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        policy: Policy,
        nameservers: Sequence[str] | None = None,
        ca_file: str | None = None,
    ) -> None:
        self.loop = loop
        self.policy = policy
        self.nameservers = nameservers
        self.rdap_bootstrap = RDAP_BOOTSTRAP
        self.resolver = Resolver(loop, nameservers)
        self.ca_file = ca_file or default_ca_file()
        self.transfers = Transfers(loop, self.ca_file)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.threads = Threads(loop, THREADS)
        self._vetted: dict[tuple[str, ...], tuple[tuple[str, ...], str]] = {}
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def vet(self, addresses: tuple[str, ...]) -> tuple[list[str], str]:
        """What `answers.vet` says by this policy, remembered: it is the same at each check of a name."""
        found = self._vetted.get(addresses)
        if found is None:
            allowed, refusal = vet(addresses, self.policy)
            if len(self._vetted) >= VERDICTS_KEPT:
                self._vetted.clear()
            found = self._vetted[addresses] = tuple(allowed[:MAX_ADDRESSES]), refusal
        return list(found[0]), found[1]

    def share(self, request: Request, url: Url) -> Any:
        """What hops or checks of one monitor have in common and no other monitor may see: cookies, a connection.

        Cookies live for one check; a connection as long as the monitor asks for the same in the same way.
        """
        wire = request.wire
        key = (request.tenant, request.identity, url.origin, wire)
        keep = wire.keep_connection and request.identity
        share = self._kept.pop(key, None) if keep else None
        if share is None:
            share = pycurl.CurlShare()
            if keep:
                share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_CONNECT)
            elif wire.cookies:
                share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_COOKIE)
        if keep:
            self._kept[key] = share
            if len(self._kept) > KEPT_CONNECTIONS:
                self._kept.popitem(last=False)
        return share

    def certificates(self, handle: Handle, url: Url, share: Any) -> Any:
        """The server's chain as libcurl describes it; it does so once for a connection, kept or not."""
        found = handle.curl.getinfo_raw(pycurl.INFO_CERTINFO)
        if share is None:
            return found
        if found:
            share.certificates = url.origin, [[pair for pair in one if pair[0] == b"Cert"] for one in found]
            return found
        origin, before = getattr(share, "certificates", ("", found))
        return before if origin == url.origin else found

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.threads.close()
        self.transfers.close()
        self.resolver.close()
