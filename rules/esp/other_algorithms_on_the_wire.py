"""ESP-12: the algorithms on the wire are those that were negotiated, the same for all associations of a set."""

from analyzer.ims.events import KeysProven, Role
from analyzer.rule import PASS, Actor, Broken, Severity, Verdict, rule


@rule(
    "ESP-12",
    clause="TS 33.203 7.1, 7.2",
    source="33.203 7.1, 7.2 [D]",
    actor="sender",
    severity=Severity.HIGH,
    traps=("FP18", "FP20"),
    evidence=("E3", "E8"),
)
def other_algorithms_on_the_wire(event: KeysProven) -> Verdict | None:
    """What protects the packets is a pair of algorithms that both sides named, and one pair protects the whole set.

    A sender that leaves out the encryption that was agreed, or takes an algorithm that its peer never named, undoes the
    negotiation; plain SIP in ESP although a cipher was agreed is the case that happens.

    Not a violation: a key that opens nothing (FP18); an ``ealg`` that is left out, which stands for ``null`` (FP20).
    Which of several common pairs is to be taken is the business of NEG-17; that an SM7 is sent at all where nothing is
    common, of NEG-16. Judged once an association, at the first packet that a key verified.
    """
    terms, pair = event.terms, event.pair
    if not terms.common:
        return None
    if pair in terms.common and not [role for role, *other in event.others if tuple(other) != pair]:
        return PASS
    actor = Actor(event.role.sender)
    negotiation = tuple(frame for frame in (terms.sm1, terms.sm6) if frame is not None)
    found = f"{_named(event.pair)} on {event.role} of set {terms.generation}"
    argument = "the ICV is right with these algorithms and the keys of this set, and the content makes sense"
    if event.pair not in terms.common:
        common = ", ".join(_named(each) for each in terms.common)
        plain = event.pair[1] == "null" and all(ealg not in (None, "null") for _, ealg in terms.common)
        return Broken(
            fault="unencrypted" if plain else "not-negotiated",
            message="SIP is sent without the encryption that was agreed"
            if plain
            else "packets are protected with algorithms that the two sides do not have in common",
            actor=actor,
            expected=common,
            observed=found,
            argument=argument,
            severity=Severity.CRITICAL if plain else None,
            related=negotiation,
        )
    # What is not common at all is the fault of its sender, and told there.
    differing = [
        (role, *pair) for role, *pair in event.others if tuple(pair) in terms.common and tuple(pair) != event.pair
    ]
    if differing:
        role, alg, ealg = differing[0]
        return Broken(
            fault="pairs-differ",
            message="associations of one set are protected with different algorithms",
            actor=actor,
            expected=f"{_named((alg, ealg))}, as on {Role(role)}",
            observed=found,
            argument=argument,
            related=negotiation,
        )
    return PASS


def _named(pair: tuple[str, str]) -> str:
    return f"{pair[0]} with {pair[1]}"
