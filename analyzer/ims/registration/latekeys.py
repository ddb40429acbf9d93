"""Keys that come when the set that they belong to is there already: a test core writes them as it goes."""

from __future__ import annotations

from analyzer.ims.registration.choice import algorithms
from analyzer.ims.registration.procedures import Procedure
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context
from analyzer.sip.digest import challenges


def more_keys(session: Session, context: Context, made: SaSet) -> None:
    """Enter candidates for a set that no key has opened, from what the keyring has by now."""
    if made.keyed or made.challenge is None:
        return
    asked = challenges(made.challenge.message)
    procedure = next((known for each in asked if (known := context.challenges.get(each.nonce or ""))), None)
    if not isinstance(procedure, Procedure):
        return
    rands = dict.fromkeys(each.rand for each in asked if each.rand is not None)
    procedure.vectors = tuple([each for rand in rands for each in session.keyring.vectors(context.impi, rand)])
    session.enter_more(made, algorithms(procedure.offer, procedure.server), procedure.vectors)
