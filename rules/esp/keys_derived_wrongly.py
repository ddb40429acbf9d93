"""ESP-14: the keys of ESP follow from CK and IK as TS 33.203 Annex I says."""

from analyzer.ims.events import KeysProven, WrongDerivation
from analyzer.rule import PASS, Actor, Severity, Verdict, judged, rule

WORDS = {
    "ck-ik-swapped": "with CK and IK exchanged",
    "k3-zero": "with zeros for the third part of the 3DES key, where its first part belongs",
    "salt-reversed": "with the four octets of the salt in reverse order",
}


@rule(
    "ESP-14",
    clause="TS 33.203 Annex I",
    source="33.203 Annex I [T]",
    actor="either",
    severity=Severity.MEDIUM,
    traps=("FP18",),
    evidence=("E8",),
)
def keys_derived_wrongly(event: KeysProven | WrongDerivation) -> Verdict | None:
    """The encryption and the integrity key of an association follow from CK and IK: none exchanged, none cut.

    Who derives them otherwise interoperates only with those who make the same error, and may have a weaker key.

    Not a violation: packets that nothing opens, since then the keys at hand are others (FP18); nor CK and IK that stand
    exchanged in a key file, which looks the same and makes it `probable`. A SHA-1 key without its 32 zeros is the same
    key to HMAC (R2).
    """
    if isinstance(event, KeysProven):
        return PASS if event.derived else None
    how = WORDS.get(event.mistake, event.mistake)
    actor = Actor(event.role.sender)
    return judged(
        sure=not (event.typed and event.mistake == "ck-ik-swapped"),
        traps=("FP18",),
        fault=event.mistake,
        message=f"the {actor} derived its keys for ESP {how}: it interoperates only with the same error",
        actor=actor,
        expected=f"keys of {event.alg} and {event.ealg} as Annex I derives them from CK and IK",
        observed=f"{event.role} of set {event.terms.generation}: keys derived {how}",
        related=tuple(frame for frame in (event.terms.sm6,) if frame is not None),
        argument="its packets fail with the right keys, and with these the ICV and the content are right",
    )
