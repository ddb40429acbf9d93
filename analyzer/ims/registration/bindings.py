"""What a REGISTER and its 2xx say of identities, bindings and the lifetime of sets (K7; TS 24.229 5.1.1.2.2)."""

from __future__ import annotations

from analyzer.frame import SECOND
from analyzer.ims.events import Deregistered
from analyzer.ims.losses import IDENTITIES
from analyzer.ims.register import instance_of
from analyzer.ims.registration import renewal
from analyzer.ims.registration.procedures import Procedure
from analyzer.ims.session import Session
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import SIDES, End, Sighting
from analyzer.sip.digest import credentials
from analyzer.sip.message import Message
from analyzer.sip.text import identifier

IMPUS = 32
"""Public identities listed for one subject."""
BINDINGS = 256
"""Registered identities remembered with their expiry for one subject; the one that ends first goes."""


def identify(context: Context, message: Message) -> None:
    """What a REGISTER says about who its sender is."""
    found = credentials(message)
    if context.impi is None and found is not None and found.username:
        context.impi = found.username
    for entry in message.contacts:
        uri = entry.uri
        if uri is not None:
            context.contact = uri.text
            break
    if context.instance is None:
        context.instance = instance_of(message)


def deregisters(message: Message) -> bool:
    """Expiry 0 for every contact that the REGISTER names."""
    contacts = message.contacts
    if not contacts:
        return False
    expires: int | None = -1
    for contact in contacts:
        value = contact.params.get("expires")
        if value is not None:
            if value.strip() != "0":
                return False
        else:
            if expires == -1:
                expires = message.expires
            if expires != 0:
                return False
    return True


def bind(
    session: Session, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction
) -> None:
    """A 2xx to a REGISTER: identities, the end of the binding, the life of the set; or the end of everything."""
    message, now = sighting.message, sighting.at.time
    target = transaction.request.message.to_uri
    impu = target.text if target else ""
    for value in message.values("p-associated-uri"):
        context.associated = True
        for part in value.split(","):
            _add(context.impus, part.strip().strip("<>").partition(">")[0])
    if impu:
        _add(context.impus, impu)
    if transaction.deregisters:
        context.bindings.pop(impu, None)
        context.renewal = None
        session.emit(
            Deregistered(at=sighting.at, subject=context.subject, response=sighting, register=transaction.request)
        )
        everything = any(contact.star for contact in transaction.request.message.contacts)
        if everything or not any(end > now for end in context.bindings.values()):
            newest = context.newest_established()
            for each in context.sets:
                for side in SIDES:
                    overdue(each, newest, side, now, session.profile)
                    each.end(side, End.DEREGISTERED, sighting.at)
        return
    expiry = _expiry(message, transaction.request.message)
    if expiry is None:
        return
    context.bindings[impu] = now + expiry * SECOND
    if len(context.bindings) > BINDINGS:
        del context.bindings[min(context.bindings, key=context.bindings.__getitem__)]
        session.losses.note(IDENTITIES)
    granted = procedure.set if transaction.kind == "SM7" else procedure.parent
    if granted is not None:
        before = max(procedure.parent.expires_at or 0, granted.expires_at or 0) if procedure.parent else 0
        deadline = now + expiry * SECOND + session.profile.lifetime_margin
        if deadline >= before:
            granted.expiry_from = sighting.at
        granted.expires_at = max(deadline, before, granted.expires_at or 0)
        if transaction.kind == "SM7":
            granted.granted_at, granted.granted_until = now, granted.expires_at
        elif granted.granted_until is not None and granted.expires_at > granted.granted_until:
            granted.refreshed = sighting.at
        renewal.granted(context, sighting.at, expiry)


def _expiry(response: Message, request: Message) -> int | None:
    """Seconds for which the registrar bound the contact of this REGISTER: Contact ``expires``, else Expires."""
    own = {contact.uri.text for contact in request.contacts if contact.uri is not None}
    found: list[int] = []
    for contact in response.contacts:
        value = contact.params.get("expires")
        if value is not None and value.strip().isdigit():
            seconds = min(int(value.strip()[:10]), 2**32)
            if contact.uri is not None and contact.uri.text in own:
                return seconds
            found.append(seconds)
    if found:
        return max(found)
    return response.expires


def _add(names: list[str], name: str) -> None:
    name = identifier(name)
    if name and name not in names and len(names) < IMPUS:
        names.append(name)
