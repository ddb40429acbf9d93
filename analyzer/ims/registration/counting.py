"""How many sets of one contact a P-CSCF has at once (TS 33.203 7.1 rule 3: six associations in each direction)."""

from __future__ import annotations

from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.subjects import Context
from analyzer.ims.vocabulary import Side
from analyzer.profile import Profile


def living(context: Context, now: int, profile: Profile) -> list[SaSet]:
    """The sets that the P-CSCF has not had to delete by now, oldest first."""
    newest = context.newest_established()
    for each in context.sets:
        overdue(each, newest, Side.PCSCF, now, profile)
    return [each for each in context.sets if each.alive(Side.PCSCF)]


def at_once(context: Context, used: SaSet, now: int, profile: Profile) -> list[SaSet]:
    """Living sets, the dead one that it is using now, and others that it has misused since the newest was announced."""
    alive = living(context, now, profile)
    announced = max((each.terms.sm6.time for each in alive if each.terms.sm6 is not None), default=now)
    found = []
    for each in context.sets:
        ending, last = each.ends.get(Side.PCSCF), each.last_from(Side.PCSCF)
        misused = ending is not None and (Side.PCSCF, ending.end) in each.misused
        kept = misused and last is not None and last.time >= announced
        if each is used or each in alive or kept:
            found.append(each)
    return found
