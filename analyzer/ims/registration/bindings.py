"""What a REGISTER and its 2xx say of identities, bindings and the lifetime of sets (K7; TS 24.229 5.1.1.2.2)."""

from __future__ import annotations

from sys import intern

from analyzer.frame import SECOND, FrameRef
from analyzer.ims.events import Deregistered
from analyzer.ims.losses import IDENTITIES
from analyzer.ims.register import instance_of
from analyzer.ims.registration import renewal
from analyzer.ims.registration.procedures import Procedure
from analyzer.ims.session import Session
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.sets.overdue import overdue
from analyzer.ims.subjects import Context
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import SIDES, End, Side, Sighting
from analyzer.sip.addresses import read_address, read_uri
from analyzer.sip.digest import credentials
from analyzer.sip.message import Message
from analyzer.sip.text import identifier, split

IMPUS = 32
"""Public identities listed for one subject."""
BINDINGS = 256
"""Registered identities remembered with their expiry for one subject; the one that ends first goes."""


def identify(context: Context, message: Message, leaves: bool) -> None:
    """What a REGISTER says about who its sender is; one that deregisters (`leaves`) may speak of another's contact."""
    found = credentials(message)
    if context.impi is None and found is not None and found.username:
        context.impi = intern(found.username)
    if leaves and context.contact is not None:
        return
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


def _own(context: Context, message: Message) -> bool:
    """Whether a REGISTER names the contact that was registered here, or all of them. A UE may also remove another
    contact of its identity, one that it left behind at an earlier address say, and is registered as before (FP9).
    """
    own = read_uri(context.contact) if context.contact is not None else None
    if own is None:
        return True
    return any(
        each.star or (each.uri is not None and (each.uri.host, each.uri.port) == (own.host, own.port))
        for each in message.contacts
    )


def bind(
    session: Session, context: Context, procedure: Procedure, sighting: Sighting, transaction: Transaction
) -> None:
    """A 2xx to a REGISTER: identities, the end of the binding, the life of the set; or the end of everything."""
    message, now = sighting.message, sighting.at.time
    target = transaction.request.message.to_uri
    impu = intern(target.text if target else "")
    listed = _associated(context, message)
    if impu:
        _add(context.impus, identifier(impu))
    if transaction.deregisters:
        _unbind(session, context, impu, sighting, transaction.request)
        return
    expiry = _expiry(message, transaction.request.message)
    if expiry is None:
        return
    if any(other != impu and identifier(other) not in listed for other in context.bindings):
        context.apart = True
    context.bindings[impu] = now + expiry * SECOND
    if len(context.bindings) > BINDINGS:
        del context.bindings[min(context.bindings, key=context.bindings.__getitem__)]
        session.losses.note(IDENTITIES)
    # What a refresh in clear extends, if the network takes it (AUTH-06), is the set that the UE has
    granted = procedure.set if transaction.kind == "SM7" else procedure.parent or context.in_use()
    if granted is not None:
        _grant(context, granted, procedure, sighting.at, now + expiry * SECOND + session.profile.lifetime_margin)
        if transaction.kind == "SM7":
            granted.granted_at, granted.granted_until = now, granted.expires_at
        elif procedure.parent is None:
            pass
        elif granted.granted_until is not None and (granted.expires_at or 0) > granted.granted_until:
            granted.refreshed = sighting.at
        renewal.granted(context, sighting.at, expiry)


def _associated(context: Context, message: Message) -> list[str]:
    """The identities that a 2xx lists as registered (P-Associated-URI), which the contact has from now on."""
    listed = []
    for value in message.values("p-associated-uri"):
        context.associated = True
        for part in split(value, ","):
            uri = read_address(part).uri
            if uri is not None:
                listed.append(intern(identifier(uri.text)))
                _add(context.impus, listed[-1])
    return listed


def _unbind(session: Session, context: Context, impu: str, sighting: Sighting, register: Sighting) -> None:
    """A 2xx to a deregistration of this identity; with the last one, or with all contacts, all sets end."""
    session.emit(Deregistered(at=sighting.at, subject=context.subject, response=sighting, register=register))
    if not _own(context, register.message):
        return
    now = sighting.at.time
    context.bindings.pop(impu, None)
    context.renewal = None
    everything = any(contact.star for contact in register.message.contacts) and not context.apart
    if everything or not any(end > now for end in context.bindings.values()):
        newest = context.newest_established()
        for each in context.sets:
            for side in SIDES:
                overdue(each, newest, side, now, session.profile)
                each.end(side, End.DEREGISTERED, sighting.at)


def _grant(context: Context, granted: SaSet, procedure: Procedure, at: FrameRef, deadline: int) -> None:
    """A 2xx gives a set this deadline, or that of the old set if it is later, be it that SM1 came in clear (7.4.1a)."""
    since: FrameRef | None = at
    for old in (granted, procedure.parent, *(each for each in context.sets if _until(each, at))):
        if old is not None and old.expires_at is not None and old.expires_at > deadline:
            deadline, since = old.expires_at, old.expiry_from
    granted.expires_at, granted.expiry_from = deadline, since


def _until(owner: SaSet, sm12: FrameRef) -> bool:
    """Whether a set was alive until this SM12 to an SM1 in clear."""
    ending = owner.ends.get(Side.PCSCF)
    return ending is not None and ending.end is End.CLEAR_START and ending.since == sm12


def _expiry(response: Message, request: Message) -> int | None:
    """Seconds for which the registrar bound the contact of this REGISTER: Contact ``expires``, else Expires."""
    own = {contact.uri.text for contact in request.contacts if contact.uri is not None}
    ends = {(contact.uri.host, contact.uri.port) for contact in request.contacts if contact.uri is not None}
    found: list[int] = []
    alike: list[int] = []  # of contacts that differ from it in their parameters alone: some registrars add to them
    for contact in response.contacts:
        value = contact.params.get("expires")
        if value is not None and value.strip().isdigit():
            seconds = min(int(value.strip()[:10]), 2**32)
            if contact.uri is not None and contact.uri.text in own:
                return seconds
            found.append(seconds)
            if contact.uri is not None and (contact.uri.host, contact.uri.port) in ends:
                alike.append(seconds)
    if alike or found:
        return max(alike or found)
    return response.expires


def _add(names: list[str], name: str) -> None:
    if name and name not in names and len(names) < IMPUS:
        names.append(name)
