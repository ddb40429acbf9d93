"""AUTH-11: every challenge is fresh."""

from analyzer.ims.events import ChallengeSent, RandSeen, challenges
from analyzer.rule import PASS, Actor, Severity, Table, Verdict, judged, rule


@rule(
    "AUTH-11",
    clause="TS 33.203 6.1; RFC 3310 5",
    source="33.203 6.1 (AV used once), RFC 3310 5",
    actor="network",
    severity=Severity.HIGH,
    traps=("FP1", "FP5", "FP13", "fixed-RAND", "R11"),
    evidence=("E3",),
    plaintext=False,
    by_headers=(ChallengeSent,),
)
def challenge_repeated(event: ChallengeSent) -> Verdict | None:
    """A subscriber is never challenged with the same RAND twice.

    From the same RAND follow the same CK and IK: associations whose counters begin at 1 again have keys that were used
    before, and whoever has the old answer has the new one.

    Not a violation: a 401 that is sent again, or captured twice, which has Call-ID and CSeq of the first (FP1, FP5);
    nor a forked copy of it. The same vector between other addresses may be the same registration on both sides of a
    border controller (FP13): `probable`. A RAND that is the same while AUTN is another is that of a home network that
    was given a fixed RAND, as laboratories do (`fixed-RAND`): `probable`, and CRY-07 says what it does to the keys. The
    SPIs of a second SM7 may be the same with new keys, which is no repetition (R11). The last 65,536 challenges of a
    capture are compared, those of one IMPI with each other.
    """
    before = event.rand_before
    if before is None:
        found = challenges(event.challenge.message)
        return PASS if any(each.is_aka and each.rand is not None for each in found) else None
    traps = (*(() if before.same_pair else ("FP13",)), *(() if before.same_autn else ("fixed-RAND",)))
    what = "vector" if before.same_autn else "RAND"
    return judged(
        sure=not traps,
        traps=traps,
        fault="vector" if before.same_autn else "rand",
        message=f"the network challenged the UE with a {what} that it had used before",
        actor=Actor.NETWORK,
        expected="a RAND that is new for this subscriber",
        observed=f"the {what} of frame {before.at.number}",
        related=(before.at,),
        tables=(_table(event, before),),
        argument="the two 401s answer different REGISTERs, by Call-ID and CSeq",
    )


def _table(event: ChallengeSent, before: RandSeen) -> Table:
    """RAND and AUTN of both challenges."""
    made = next(each for each in challenges(event.challenge.message) if each.rand is not None and each.autn is not None)
    assert made.rand is not None and made.autn is not None
    rows = (("RAND", made.rand.hex(), made.rand.hex()), ("AUTN", before.autn.hex(), made.autn.hex()))
    return Table("The two challenges", ("part", f"frame {before.at.number}", f"frame {event.at.number}"), rows)
