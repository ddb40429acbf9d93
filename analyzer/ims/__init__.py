"""The session model: what UE and P-CSCF do, followed message by message; it leaves as events.

    tracker.py      the front door: every packet and every SIP message comes in here
    packets/        ESP packets: sequence numbers, ports, padding, replays
    messages/       SIP on and beside the sets: which set it uses, what it may say, the connections that carry it
    registration/   REGISTER and its answers: procedures, agreement, authentication, bindings, re-registration
    silence.py      requests that nobody answers
    session.py      what the four above share, and the database of associations that `ipsec/` reads
    subjects.py     who talks to whom, and all that is known of each
    exchange.py     what is remembered of the authentications of a contact
    register.py     what a message says of the registration that it belongs to
    knowledge.py    what an endpoint could know, and how sure that is; `quality.py` what the capture itself can bear out
    sets/           a set of four security associations, and each association of it
    transactions/   SIP transactions, alive and over
    events/         what leaves, in the words of `vocabulary.py`; `receipts.py` which events need only be counted

At the bottom are small tools: `deadlines.py` for what is looked at once a time has come, `losses.py` for what was
forgotten too early, `rare.py` and `oldest.py` for attributes and tables that take no room while they are not needed.

Imports point down this list. Adding a fact to an event means: find who sees it happen (the upper half), where it has to
be remembered until then (the lower half), and which event tells it (`events/`).
"""
