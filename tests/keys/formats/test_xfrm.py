"""What ``ip xfrm state`` prints, on several systems."""

from __future__ import annotations

import ipaddress
import traceback

import pytest

from analyzer.keys.entries import ExplicitSa, KeyFileError
from analyzer.keys.formats.xfrm import read

KEY = "3adafa82e149cd679d4342489cddf417"

PLAIN = f"""src 192.168.101.3 dst 192.168.1.220
\tproto esp spi 0x00000064 reqid 100 mode transport
\treplay-window 32 flag nopmtudisc
\tauth-trunc hmac(sha1) 0x{KEY} 96
\tenc ecb(cipher_null)\x20
\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
\tsel src 192.168.101.3/32 dst 192.168.1.220/32 sport 7600 dport 5100\x20
"""

# As our lab's kernels print them with ``ip -s xfrm state``, then ``ip xfrm policy``.
STATISTICS = """src fd00:20::1 dst fd00:20::b
\tproto esp spi 0xf11fd8fc(4045396220) reqid 4045396220(0xf11fd8fc) mode transport
\treplay-window 32 seq 0x00000000 flag  (0x00000000)
\tauth-trunc hmac(md5) 0x46677355c0863f2c2fb953447bd3da36 (128 bits) 96
\tenc cbc(des3_ede) 0x96c135ed1a693965536d3a1f0284c23f96c135ed1a693965 (192 bits)
\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
\tsel src fd00:20::1/128 dst fd00:20::b/128 sport 6100 dport 17173 uid 144282632
\tlifetime config:
\t  limit: soft (INF)(bytes), hard (INF)(bytes)
\t  expire use: soft 0(sec), hard 0(sec)
\tlifetime current:
\t  0(bytes), 0(packets)
\t  add 2026-11-22 04:23:11 use -
\tstats:
\t  replay-window 0 replay 0 failed 0
src 10.20.0.11 dst 10.20.0.1
\tproto esp spi 0x00001000(4096) reqid 4096(0x00001000) mode transport
\treplay-window 32 seq 0x00000000 flag  (0x00000000)
\tauth-trunc hmac(sha1) 0x0365e5fd1e4d2e7c0f1b7282196afa9600000000 (160 bits) 96
\tenc cbc(aes) 0xac5c3dd68d728bab804fbe1e53ae37e4 (128 bits)
\tsel src 0.0.0.0/0 dst 0.0.0.0/0 uid 0

src 10.20.0.1/32 dst 10.20.0.11/32 proto 6 sport 6100 dport 27811\x20
\tdir in priority 0 ptype main\x20
\ttmpl src 10.20.0.1 dst 10.20.0.11
\t\tproto esp reqid 1801212313 mode transport
src fd00:20::b/128 dst fd00:20::1/128 sport 22589 dport 5100\x20
\tdir in priority 2080 ptype main\x20
\ttmpl src fd00:20::b dst fd00:20::1
\t\tproto esp reqid 268435456 mode transport
"""

# A phone: no ports in the selector, an encapsulation line.
PHONE = f"""src 2001:db8::1 dst 2001:db8::2
\tproto esp spi 0x0000303a reqid 12 mode tunnel
\treplay-window 4
\tauth-trunc hmac(md5) 0x{KEY} 96
\tenc ecb(cipher_null)
\tencap type espinudp sport 4500 dport 4500 addr 0.0.0.0
\tsel src ::/0 dst ::/0
"""


def associations(text: str) -> list[ExplicitSa]:
    contents = read(text, "xfrm.txt")
    assert contents.notices == []
    return [entry for entry in contents.entries if isinstance(entry, ExplicitSa)]


def octets(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def test_a_short_sha1_key_is_taken_as_it_is() -> None:
    (entry,) = associations(PLAIN)
    assert (entry.source, entry.destination) == (octets("192.168.101.3"), octets("192.168.1.220"))
    assert (entry.spi, entry.source_port, entry.destination_port) == (100, 7600, 5100)
    assert (entry.alg, entry.ealg, entry.mode) == ("hmac-sha-1-96", "null", "transport")
    assert (entry.keys.auth.octets.hex(), entry.keys.enc.octets) == (KEY, b"")
    assert entry.origin == "xfrm.txt:1"


def test_statistics_and_policies() -> None:
    first, second = associations(STATISTICS)
    assert (first.source, first.destination) == (octets("fd00:20::1"), octets("fd00:20::b"))
    assert (first.spi, first.source_port, first.destination_port) == (0xF11FD8FC, 6100, 17173)
    assert (first.alg, first.ealg) == ("hmac-md5-96", "des-ede3-cbc")
    assert first.keys.enc.octets.hex() == "96c135ed1a693965536d3a1f0284c23f96c135ed1a693965"
    assert (second.spi, second.source_port, second.destination_port) == (4096, None, None)
    assert (second.alg, second.ealg) == ("hmac-sha-1-96", "aes-cbc")
    assert second.keys.auth.octets.hex() == "0365e5fd1e4d2e7c0f1b7282196afa9600000000"
    assert second.origin == "xfrm.txt:16"


def test_a_phone_and_its_policy_before_it() -> None:
    policy = STATISTICS[STATISTICS.index("src 10.20.0.1/32") :]
    (entry,) = associations(policy + PHONE)
    assert (entry.spi, entry.mode, entry.source_port) == (0x303A, "tunnel", None)


def test_several_listings_one_after_the_other() -> None:
    assert len(associations(PLAIN + STATISTICS + PHONE + PLAIN)) == 5


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("hmac(sha1)", "hmac(sha256)", "integrity algorithm"),
        ("ecb(cipher_null)", f"cbc(camellia) 0x{KEY}", "encryption algorithm"),
        (
            f"auth-trunc hmac(sha1) 0x{KEY} 96\n\tenc ecb(cipher_null)",
            f"aead rfc4106(gcm(aes)) 0x{KEY} 128",
            "encryption",
        ),
        (f"0x{KEY} 96", f"0x{KEY} 160", "96 bits"),
        (f"0x{KEY} 96", f"0x{KEY}{KEY} 96", "wants a key of 16 or 20 octets, this one has 32"),
        (f"0x{KEY} 96", "<<Keys hidden>> 96", "nokeys"),
    ],
)
def test_states_of_other_tunnels_are_left_out_and_named(old: str, new: str, reason: str) -> None:
    assert old in PLAIN
    contents = read(PHONE + PLAIN.replace(old, new), "xfrm.txt")
    assert [entry.origin for entry in contents.entries] == ["xfrm.txt:1"]
    (notice,) = contents.notices
    assert notice.startswith("xfrm.txt:8: left out: ")
    assert reason in notice
    assert KEY[:8] not in notice


@pytest.mark.parametrize(
    "state",
    [
        "src 10.0.0.1 dst 10.0.0.2\n\tproto ah spi 0x00000064 reqid 100 mode transport\n\tauth hmac(md5) 0x00\n",
        "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000000 reqid 0 mode transport\n\treplay-window 0\n",
    ],
    ids=["AH", "larval"],
)
def test_states_that_cannot_matter_are_passed_over(state: str) -> None:
    assert len(associations(state + PHONE)) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (f"0x{KEY}", f"0x{KEY}0", 4, "after auth or enc"),
        (f"hmac(sha1) 0x{KEY} 96", "", 4, "after auth or enc"),
        (f"0x{KEY} 96", f"0x{KEY}", 4, "length of the ICV"),
        ("spi 0x00000064", f"spi {KEY}", 2, "proto must be followed"),
        ("spi 0x00000064", "spi 9999999999", 2, "32 bits"),
        ("dst 192.168.1.220\n", f"dst {KEY}\n", 1, "two IPv4 or two IPv6"),
        ("dst 192.168.1.220\n", "dst fd00::1\n", 1, "two IPv4 or two IPv6"),
        ("\treplay-window", f"{KEY} replay-window", 3, "not a line of ip xfrm state"),
    ],
)
def test_errors_point_and_do_not_quote(old: str, new: str, line: int, message: str) -> None:
    assert old in PLAIN
    with pytest.raises(KeyFileError) as raised:
        read("# ip xfrm state\n" + PLAIN.replace(old, new, 1), "xfrm.txt")
    assert str(raised.value).startswith(f"xfrm.txt:{line + 1}: ")
    assert message in str(raised.value)
    assert KEY[:8] not in "".join(traceback.format_exception(raised.value))
