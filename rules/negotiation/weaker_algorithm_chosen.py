"""NEG-17: the UE takes what the P-CSCF prefers."""

from analyzer.ims.events import ChallengeAnswered
from analyzer.rule import PASS, Actor, Profile, Severity, Verdict, judged, rule
from rules.negotiation.choosing import common_pairs, permitted, usable
from rules.negotiation.showing import entries_table, pairs_text


@rule(
    "NEG-17",
    clause="TS 33.203 7.2; TS 24.229 5.1.1.5.1; RFC 3329 2.3.1 [M]",
    source="33.203 7.2 [D]; 24.229 5.1.1.5.1 [T]; RFC 3329 2.3.1 [M]",
    actor="UE",
    severity=Severity.MEDIUM,
    traps=("FP18", "FP20", "R8"),
    evidence=("E3", "E8"),
)
def weaker_algorithm_chosen(event: ChallengeAnswered, profile: Profile) -> Verdict | None:
    """The algorithms in use are the most preferred entry of Security-Server that the UE had offered.

    The P-CSCF sorts its list; a UE that takes a later entry chooses its own protection, and an attacker who could make
    it do so would have a weaker one.

    Preference is q, higher first; with equal or absent q the order of appearance (R8). Entries of another ``prot`` or
    ``mod`` than the UE offered do not count. What is in use is what the packets of the set prove.

    Not a violation: another spelling of the same algorithm (FP20); keys that do not open the set, where nothing is
    known (FP18); an algorithm that is not common at all, which is NEG-16's; entries passed over that the release does
    not have, or whose algorithms must not go together, which a UE had better not take (CRY-01, CRY-02, CRY-04). A list
    in which only some entries have a q leaves their order open: `probable` (R8), and so does a q that is none (NEG-21).
    The sentence of RFC 3329 is cited from memory.
    """
    used, common = event.used, common_pairs(event.offer, event.server)
    if used is None or used not in common:
        return None
    if used == common[0]:
        return PASS
    preferred = [pair for pair in common[: common.index(used)] if permitted(pair, profile)]
    if not preferred:
        return None
    entries = [entry for entry in event.server if usable(entry)]
    stated = ["q" in entry.params for entry in entries]
    readable = all(entry.q is not None for entry in entries if "q" in entry.params)
    return judged(
        sure=readable and (all(stated) or not any(stated)),
        traps=("R8",),
        cause=None if readable else "NEG-21",
        fault="not-the-preferred",
        message=f"the UE uses the {_ordinal(common.index(used) + 1)} common entry of Security-Server, not the first",
        actor=Actor.UE,
        expected=pairs_text(preferred[:1]),
        observed=pairs_text([used]),
        related=(event.challenge.at,),
        argument="the ICV of the UE's packets proves the algorithm; "
        + ("the order is that of q and appearance" if all(stated) else "the order is that of appearance"),
        tables=(entries_table("Security-Server", event.server), entries_table("Security-Client", event.offer)),
    )


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
