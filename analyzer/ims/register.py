"""What a message says of the registration that it belongs to: who sent it, from which device, its offer; an emergency.

RFC 5626 4.1 (instances), TS 24.229 5.1.1.2 and 5.1.6 (emergency), RFC 3329 2.2 (Security-Client and its like).
"""

from __future__ import annotations

from analyzer.sip.message import Message
from analyzer.sip.secagree import Mechanism, mechanisms
from analyzer.sip.text import identifier


def straight_from_ue(message: Message) -> bool:
    """Whether a REGISTER comes from a UE itself: no server has added a Via or a Path."""
    return message.is_request and message.method == "REGISTER" and message.via_count == 1 and not message.first("path")


def instance_of(message: Message) -> tuple[str, str | None] | None:
    """``+sip.instance`` and ``reg-id`` of the first contact that has them."""
    for contact in message.contacts:
        instance = contact.params.get("+sip.instance")
        if instance:
            reg_id = contact.params.get("reg-id")
            return identifier(instance.strip('"')), None if reg_id is None else identifier(reg_id)
    return None


def is_emergency(message: Message) -> bool:
    """An emergency registration or call: ``sos`` in a Contact, or a service URN as target (FP10)."""
    if b"sos" not in message.raw.lower():
        return False
    if message.uri is not None and "urn:service:sos" in message.uri.lower():
        return True
    return any(contact.uri is not None and "sos" in contact.uri.params for contact in message.contacts)


def emergency_call(message: Message) -> bool:
    """Whether a message belongs to an emergency call (FP10)."""
    if b"urn:service:sos" not in message.raw.lower():
        return False
    ends = (message.from_uri, message.to_uri)
    return any(uri is not None and "urn:service:sos" in uri.text.lower() for uri in ends) or (
        message.uri is not None and "urn:service:sos" in message.uri.lower()
    )


def offered(register: Message) -> tuple[Mechanism, ...]:
    """The entries of Security-Client."""
    return register.once("offer", lambda message: entries_of(message, "security-client"))


def entries_of(message: Message, name: str) -> tuple[Mechanism, ...]:
    """The entries of a Security-* header."""
    return tuple(mechanisms(message.values(name)))
