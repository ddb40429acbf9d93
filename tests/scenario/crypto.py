"""Packets: IP, UDP and TCP by scapy, and ESP by scapy's IPsec layer, which shares nothing with the analyzer's."""

from __future__ import annotations

import copy
import random
from typing import Any

from scapy.layers import ipsec
from scapy.layers.inet import IP, TCP, UDP, Ether, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw

from .aka import cipher_key, integrity_key
from .state import Esp, Role, SaSet
from .tcp import Endpoint, Segment

AUTH = {"hmac-sha-1-96": "HMAC-SHA1-96", "hmac-md5-96": "HMAC-MD5-96", "aes-gmac": "NULL", "null": "NULL"}
CRYPT = {"aes-cbc": "AES-CBC", "des-ede3-cbc": "3DES", "aes-gcm": "AES-GCM", "null": "NULL"}
UE_MAC, PCSCF_MAC, SCSCF_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:01", "02:00:00:00:00:02"


def ip(source: str, target: str, ttl: int, identification: int) -> Any:
    """An IP header without payload."""
    if ":" in source:
        return IPv6(src=source, dst=target, hlim=ttl)
    return IP(src=source, dst=target, ttl=ttl, id=identification, flags="DF")


def udp(source: Endpoint, target: Endpoint, payload: bytes) -> Any:
    return UDP(sport=source[1], dport=target[1]) / Raw(payload)


def tcp(segment: Segment) -> Any:
    options = [("MSS", 1400)] if "S" in segment.flags else []
    header = TCP(
        sport=segment.source[1],
        dport=segment.target[1],
        seq=segment.seq,
        ack=segment.ack,
        flags=segment.flags,
        window=65535,
        options=options,
    )
    return header / Raw(segment.payload) if segment.payload else header


def raw_payload(protocol: int, octets: bytes) -> Any:
    """Any octets under an IP header with this protocol number."""
    return protocol, Raw(octets)


def packet(header: Any, payload: Any) -> Any:
    """Header and payload as one dissected packet, so that no length or checksum is open any more."""
    if isinstance(payload, tuple):
        protocol, payload = payload
        header = header.copy()
        header.setfieldval("nh" if header.version == 6 else "proto", protocol)
    whole = header / payload
    return whole.__class__(bytes(whole))


def protect(plain: Any, sa_set: SaSet, role: Role, esp: Esp, rng: random.Random, outer: tuple[str, str]) -> Any:
    """The packet in ESP on this SA of the set, with what ``esp`` wants different; counts the SA up.

    ``outer`` are the addresses of a tunnel header, where there is one.
    """
    alg, ealg = esp.get("alg", sa_set.alg), esp.get("ealg", sa_set.ealg)
    ck, ik = esp.get("ck", sa_set.vector.ck), esp.get("ik", sa_set.vector.ik)
    count = sa_set.sent.get(role, 0) + 1
    number = esp.get("seq", count)
    sa_set.sent[role] = max(number, count - 1)
    name = "AES-NULL-GMAC" if alg == "aes-gmac" else CRYPT[ealg]
    key = integrity_key(alg, ck, ik) if alg == "aes-gmac" else esp.get("enc_key", cipher_key(ealg, ck, ik))
    tunnel = "udp" in esp or esp.get("tunnel", False)
    association = ipsec.SecurityAssociation(
        ipsec.ESP,
        spi=esp.get("spi", sa_set.selector(role)[2]),
        seq_num=number,
        crypt_algo=name,
        crypt_key=None if name == "NULL" else key,
        auth_algo=AUTH[alg],
        auth_key=esp.get("auth_key", integrity_key(alg, ck, ik)) if AUTH[alg] != "NULL" else None,
        tunnel_header=_tunnel_header(plain, outer) if tunnel else None,
        esn_en="esn" in esp,
        esn=esp.get("esn", 0),
    )
    if "icv" in esp:
        association.auth_algo = copy.copy(association.auth_algo)
        association.auth_algo.icv_size = esp["icv"]
    if "pad" in esp:
        association.crypt_algo = _padding_with(association.crypt_algo, esp["pad"])
    if "within" in esp:
        plain = extended(plain, *esp["within"])
    if "next_header" in esp:
        plain = plain.copy()
        plain.setfieldval("nh" if plain.version == 6 else "proto", esp["next_header"])
        if plain.version == 4:
            del plain.chksum
        plain = plain.__class__(bytes(plain))
    iv = esp.get("iv", rng.randbytes(association.crypt_algo.iv_size))
    sealed = association.encrypt(plain, iv=iv)
    if "before" in esp:
        sealed = extended(sealed, *esp["before"])
    if "icv" in esp and association.crypt_algo.icv_size:
        sealed = _cut(sealed, association.crypt_algo.icv_size - esp["icv"])
    sa_set.last_iv[role] = iv
    return _in_udp(sealed, role, esp) if "udp" in esp else sealed


def extended(packet: Any, kind: int, header: bytes) -> Any:
    """An IPv6 packet with one more extension header, which gets the number of what followed, in front."""
    octets = bytes(packet)
    length = len(octets) - 40 + len(header)
    made = octets[:4] + length.to_bytes(2, "big") + bytes([kind]) + octets[7:40]
    return IPv6(made + octets[6:7] + header[1:] + octets[40:])


def _tunnel_header(plain: Any, outer: tuple[str, str]) -> Any:
    if plain.version == 6:
        return IPv6(src=outer[0], dst=outer[1], hlim=plain.hlim)
    return IP(src=outer[0], dst=outer[1], ttl=plain.ttl, id=plain.id)


def _cut(sealed: Any, octets: int) -> Any:
    """The packet without the last octets of its ICV, which is how a combined mode's is made shorter (ESP-05)."""
    header = sealed.copy()
    header.remove_payload()
    for name in ("len", "chksum") if header.version == 4 else ("plen",):
        header.delfieldval(name)
    return packet(header, raw_payload(50, bytes(sealed[ipsec.ESP])[:-octets]))


def _padding_with(algorithm: Any, octets: bytes) -> Any:
    """The algorithm with other padding octets (ESP-06)."""
    changed = copy.copy(algorithm)

    def pad(plain: Any) -> Any:
        plain.padlen, plain.padding = len(octets), octets
        return plain

    changed.pad = pad
    return changed


def _in_udp(sealed: Any, role: Role, esp: Esp) -> Any:
    """UDP encapsulation (RFC 3948): port 4500 at the P-CSCF."""
    inner = bytes(sealed[ipsec.ESP])
    if esp.get("marker"):
        inner = bytes(4) + inner
    port = esp["udp"]
    ports = (port, 4500) if role in ("uc>ps", "us>pc") else (4500, port)
    header = sealed.copy()
    header.remove_payload()
    for name in ("len", "chksum", "proto") if header.version == 4 else ("plen", "nh"):
        header.delfieldval(name)
    return packet(header, UDP(sport=ports[0], dport=ports[1], chksum=0 if header.version == 4 else None) / Raw(inner))


def ethernet(octets: Any, uplink: bool | None) -> bytes:
    """The frame; ``uplink`` is None between P-CSCF and S-CSCF."""
    source, target = {True: (UE_MAC, PCSCF_MAC), False: (PCSCF_MAC, UE_MAC), None: (PCSCF_MAC, SCSCF_MAC)}[uplink]
    return bytes(Ether(src=source, dst=target) / octets)


def gtp_copy(frame: bytes, uplink: bool) -> bytes:
    """The same packet as a tap on the user plane of the access network sees it: in GTP-U."""
    inner = frame[14:]
    teid = (0x1001 if uplink else 0x2002).to_bytes(4, "big")
    header = b"\x30\xff" + len(inner).to_bytes(2, "big") + teid
    ends = ("172.16.0.1", "172.16.0.2") if uplink else ("172.16.0.2", "172.16.0.1")
    return ethernet(IP(src=ends[0], dst=ends[1], ttl=60) / UDP(sport=2152, dport=2152) / Raw(header + inner), uplink)


def fragments(frame: bytes, size: int) -> list[bytes]:
    """The frame's packet in IP fragments with at most ``size`` octets of payload (a multiple of 8)."""
    whole = Ether(frame)
    if whole.type == 0x86DD:
        packet6 = whole.payload
        head = IPv6(src=packet6.src, dst=packet6.dst, hlim=packet6.hlim)
        extension = IPv6ExtHdrFragment(nh=packet6.nh, id=len(frame))
        parts = fragment6(head / extension / Raw(bytes(packet6.payload)), size + 48)
    else:
        whole.payload.flags = 0
        parts = fragment(whole.payload, size)
    return [bytes(Ether(src=whole.src, dst=whole.dst) / part) for part in parts]
