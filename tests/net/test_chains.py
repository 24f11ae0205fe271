"""Which certificates of a chain are relied on."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from pulse.net.chains import authorities, relied_on
from tests.certificates import Pair, pair_of, sign

CA = x509.BasicConstraints(ca=True, path_length=None)
ROOT, FORMER, MIDDLE, OTHER, SERVER = map(pair_of, ("root", "former", "middle", "other", "server"))


def issued(subject: Pair, issuer: Pair) -> x509.Certificate:
    return sign(issuer, subject[0], subject[1].public_key(), 30, [], CA)


OWN, INTERMEDIATE = issued(SERVER, MIDDLE), issued(MIDDLE, ROOT)
CROSSED, SELF = issued(ROOT, FORMER), issued(ROOT, ROOT)


@pytest.mark.parametrize(
    ("sent", "trusted", "expected"),
    [
        ([OWN, INTERMEDIATE], [ROOT], [OWN, INTERMEDIATE]),
        ([OWN, INTERMEDIATE, SELF], [ROOT], [OWN, INTERMEDIATE]),
        ([OWN, INTERMEDIATE, CROSSED], [ROOT], [OWN, INTERMEDIATE]),
        ([OWN, INTERMEDIATE, CROSSED], [FORMER], [OWN, INTERMEDIATE, CROSSED]),
        ([OWN, CROSSED, issued(OTHER, ROOT), INTERMEDIATE], [ROOT], [OWN, INTERMEDIATE]),
        ([OWN, INTERMEDIATE, SELF], [], [OWN, INTERMEDIATE]),
        ([OWN], [MIDDLE], [OWN]),
        ([], [ROOT], []),
    ],
)
def test_the_way_to_an_authority_counts_and_nothing_else_that_was_sent(
    sent: list[x509.Certificate], trusted: list[Pair], expected: list[x509.Certificate]
) -> None:
    assert relied_on(sent, frozenset(name.public_bytes() for name, _ in trusted)) == expected


def test_a_chain_that_leads_in_a_circle_ends() -> None:
    there, back = issued(MIDDLE, OTHER), issued(OTHER, MIDDLE)

    assert relied_on([OWN, there, back], frozenset()) == [OWN, there, back]


def test_names_that_cannot_be_read_are_passed_over_and_end_the_way() -> None:
    def misspelt(certificate: x509.Certificate, name: bytes) -> x509.Certificate:
        """As old authorities wrote an é: in an encoding of its own."""
        plain, odd = b"\x0c%c%b" % (len(name), name), b"\x14%c\xe9%b" % (len(name), name[1:])
        return x509.load_der_x509_certificate(
            certificate.public_bytes(serialization.Encoding.DER).replace(plain, odd)
        )

    stranger = misspelt(issued(OTHER, ROOT), b"other")
    assert relied_on([OWN, stranger, INTERMEDIATE], frozenset({ROOT[0].public_bytes()})) == [
        OWN,
        INTERMEDIATE,
    ]
    odd = misspelt(issued(SERVER, MIDDLE), b"middle")
    assert relied_on([odd, INTERMEDIATE], frozenset({ROOT[0].public_bytes()})) == [odd]


def test_the_machine_s_authorities_have_names_and_own_ones_take_their_place(tmp_path: Path) -> None:
    pem = SELF.public_bytes(serialization.Encoding.PEM).decode()
    other = tmp_path / "other.pem"
    other.write_text(issued(OTHER, OTHER).public_bytes(serialization.Encoding.PEM).decode())

    assert authorities(str(other)) == {OTHER[0].public_bytes()}
    assert authorities(str(other), pem) == {ROOT[0].public_bytes()}
