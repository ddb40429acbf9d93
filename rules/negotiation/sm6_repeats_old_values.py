"""NEG-20: in a re-authentication the P-CSCF offers new SPIs and a new client port."""

from analyzer.ims.events import ChallengeSent
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule
from rules.negotiation.showing import new_values


@rule(
    "NEG-20",
    clause="TS 33.203 7.4, 7.1",
    source="S1 7.4; S2 3.3; 33.203 7.4 [T]; 33.203 7.1 [D]",
    actor="P-CSCF",
    severity=Severity.MEDIUM,
    traps=("FP15", "FP16"),
    evidence=("E3", "E4"),
)
def sm6_repeats_old_values(event: ChallengeSent) -> Verdict | None:
    """Security-Server of a re-authentication has new spi-c, spi-s and port-c, and the same port-s, as the set in use.

    Two living sets with one SPI or one client port cannot be told apart by the receiver.

    Not a violation: an initial registration, or one that began in clear (FP15); offers that lead to no set (FP16).
    Where only a port is wrong, PORT-02 or PORT-04 names the fault and this finding points at it.
    """
    parent, announced = event.parent, event.announced
    if parent is None or announced is None or event.emergency:
        return None
    old_spis = {parent.spi_pc, parent.spi_ps} - {None}
    wrong = [name for name, spi in (("spi-c", announced.spi_pc), ("spi-s", announced.spi_ps)) if spi in old_spis]
    cause = None
    if announced.port_pc is not None and announced.port_pc == parent.port_pc:
        wrong.append("port-c")
        cause = "PORT-04"
    if None not in (announced.port_ps, parent.port_ps) and announced.port_ps != parent.port_ps:
        wrong.append("port-s")
        cause = "PORT-02"
    if not wrong:
        return PASS
    return Broken(
        fault="+".join(wrong),
        message=f"Security-Server of the re-authentication {new_values(wrong)} of the set in use",
        actor=Actor.PCSCF,
        expected=f"spi-c, spi-s and port-c other than {parent.spi_pc}, {parent.spi_ps}, {parent.port_pc}; "
        f"port-s {parent.port_ps}",
        observed=f"spi-c {announced.spi_pc}, spi-s {announced.spi_ps}, port-c {announced.port_pc}, "
        f"port-s {announced.port_ps}",
        related=tuple(frame for frame in (parent.sm6,) if frame is not None),
        cause=cause if all(name.startswith("port") for name in wrong) else None,
        argument=f"SM1 was protected by set {parent.generation}, which was in use",
    )
