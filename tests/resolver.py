"""A DNS server for tests: says what it is told to, about any name, and remembers what it was asked."""

import socket
import threading
from itertools import cycle
from typing import Self

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DnsServer:
    """On UDP of 127.0.0.1; unknown names do not exist. A context manager; `nameserver` is "address:port"."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, str]] = []
        self._zones: dict[str, tuple[int, cycle[tuple[str, ...]]]] = {}
        self._rcodes: dict[str, dns.rcode.Rcode] = {}
        self._silent: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def nameserver(self) -> str:
        address, port = self._socket.getsockname()
        return f"{address}:{port}"

    def answers(self, name: str, *addresses: str, ttl: int = 30) -> None:
        """`name` has these addresses, of either family; none at all means that it exists without any."""
        self.takes_turns(name, addresses, ttl=ttl)

    def takes_turns(self, name: str, *sets: tuple[str, ...], ttl: int = 0) -> None:
        """Each query for an address of `name` gets the next of `sets`, round and round."""
        self._silent.discard(name)
        self._rcodes.pop(name, None)
        self._zones[name] = (ttl, cycle(sets))

    def fails(self, name: str, rcode: dns.rcode.Rcode = dns.rcode.SERVFAIL) -> None:
        self._rcodes[name] = rcode

    def ignores(self, name: str) -> None:
        """No answer at all for `name`."""
        self._silent.add(name)

    def count(self, name: str) -> int:
        return sum(asked == name for asked, _ in self.queries)

    def start(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        self._thread.start()
        return self

    def stop(self) -> None:
        # An empty datagram wakes the thread; closing the socket under its recvfrom would not.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if not data:
                return
            reply = self._answer(dns.message.from_wire(data))
            if reply is not None:
                self._socket.sendto(reply.to_wire(), peer)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, kind))
        if name in self._silent:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if name in self._rcodes:
            reply.set_rcode(self._rcodes[name])
        elif name not in self._zones:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        else:
            ttl, turns = self._zones[name]
            matching = [address for address in next(turns) if (":" in address) == (kind == "AAAA")]
            if matching:
                reply.answer.append(dns.rrset.from_text(question.name, ttl, "IN", kind, *matching))
        return reply
