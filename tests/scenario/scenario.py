"""A scripted UE and P-CSCF: one scenario is one capture, its keys, and the findings that it deserves."""

from __future__ import annotations

from .core import CoreLeg
from .state import Expectation, Ue

K = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc")
OPC = bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")


class Scenario(CoreLeg):
    """What a test writes down; the same calls with the same arguments give the same bytes.

    Steps are conformant in every header and packet unless told otherwise. Each has a label by which expectations,
    repetitions and losses find it.
    """

    def __init__(
        self,
        *,
        transport: str = "udp",
        alg: str = "hmac-sha-1-96",
        ealg: str = "aes-cbc",
        ipv6: bool = False,
        expires: int = 600_000,
        seed: str = "gm",
        vantage: str = "ue",
        rtt: float = 0.04,
        mod: str = "trans",
        copies: str | None = None,
    ) -> None:
        """``vantage`` (``ue``, ``middle``, ``pcscf``) decides TTLs and delays, ``copies="gtp"`` doubles every frame."""
        super().__init__(
            transport=transport,
            vantage=vantage,
            rtt=rtt,
            copies=copies,
            seed=seed,
            pair=(alg, ealg),
            mod=mod,
            expires=expires,
        )
        self.ipv6 = ipv6
        self.expectations: list[Expectation] = []
        self.ue(1)

    def ue(
        self,
        number: int,
        *,
        address: str | None = None,
        pcscf: str | None = None,
        instance: str | None = None,
        reg_id: int | None = None,
        sos: bool = False,
        nat: str | None = None,
    ) -> Ue:
        """A new registration context: another UE, or another contact of a UE that is there (same number).

        Labels of all but the first begin with ``ue2.``, ``ue3.`` in the order of creation. The contact of an emergency
        registration has ``sos``.
        """
        index = len(self.ues) + 1
        user, domain = f"00101000000000{number}", "ims.example.org"
        made = Ue(
            prefix="" if index == 1 else f"ue{index}.",
            index=index,
            address=address or (f"fd00:20::{10 + number:x}" if self.ipv6 else f"10.20.0.{10 + number}"),
            pcscf=pcscf or ("fd00:20::1" if self.ipv6 else "10.20.0.1"),
            domain=domain,
            k=bytes((K[0] ^ number, *K[1:])),
            opc=OPC,
            instance=instance or f"urn:gsma:imei:35622410-76954{number}-0",
            reg_id=reg_id,
            sos=sos,
            nat=nat,
            impi=f"{user}@{domain}",
            impus=[f"sip:{user}@{domain}", f"tel:+100000000{number}"],
            sqn=32 + 4096 * index,
            port_s=31000 + index,
            next_port_c=32000 + 100 * index,
            pcscf_port_s=6100 + index,
            next_pcscf_port_c=5100 + 100 * (index - 1),
        )
        self.ues.append(made)
        return made

    # Keys.

    def keys_toml(self) -> str:
        """Every vector that was used, as ``[[aka]]`` entries."""
        return "\n".join(
            f'[[aka]]\nimpi = "{ue.impi}"\nrand = "{made.rand.hex()}"\nck = "{made.ck.hex()}"\nik = "{made.ik.hex()}"\n'
            for ue, made in self.vectors
        )

    def subscriber_toml(self) -> str:
        """The test SIMs, as ``[[subscriber]]`` entries."""
        cards = {ue.impi: ue for ue in self.ues}
        return "\n".join(
            f'[[subscriber]]\nimpi = "{impi}"\nk = "{ue.k.hex()}"\nopc = "{ue.opc.hex()}"\n'
            for impi, ue in cards.items()
        )

    # Expectations.

    def expect(self, rule: str, verdict: str, *, actor: str, at: str, count: int = 1, cause: str | None = None) -> None:
        """Declare a finding: ``at`` is the label of the message that it must name (its first occurrence)."""
        self.expectations.append(Expectation(rule, verdict, actor, at, count, cause))
