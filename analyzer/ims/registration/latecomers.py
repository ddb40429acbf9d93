"""Sets whose negotiation is not in the capture: SM7 repeats all eight values, so it is enough (section 9.3).

Such a set is taken up only from an SM7 that came on the very ports and with the very SPI that it announces itself. What
came before it stays unknown: whether SM1 was protected, and what SM6 said, so nothing that needs them is judged.
"""

from __future__ import annotations

from analyzer.ims.register import entries_of, offered
from analyzer.ims.registration.agreement import terms
from analyzer.ims.registration.choice import agree, algorithms
from analyzer.ims.registration.procedures import Procedure
from analyzer.ims.session import Session
from analyzer.ims.sets.association import Binding
from analyzer.ims.sets.associations import SaSet
from analyzer.ims.subjects import Context, Pair
from analyzer.ims.transactions.transaction import Transaction
from analyzer.ims.vocabulary import Role, Sighting
from analyzer.ipsec.esp import SecurityAssociation
from analyzer.sip.digest import credentials


def adopt(session: Session, pair: Pair, association: SecurityAssociation | None, sighting: Sighting) -> Binding | None:
    """The binding of a REGISTER that an association without a set has opened, if it is an SM7 on its own new set."""
    message = sighting.message
    offer, server = offered(message), entries_of(message, "security-verify")
    agreed, found = agree(offer, server), credentials(message)
    if association is None or agreed is None or found is None or not found.response:
        return None
    if any(context.sets for context in pair.contexts):
        return None  # which set protected SM1 is not to be seen, and the ones that are known would be judged by it
    mine, theirs = agreed
    if (sighting.sport, sighting.dport, association.spi) != (mine.port_c, theirs.port_s, theirs.spi_s):
        return None
    context = pair.place_register(message, offer)
    made = SaSet(context, terms(context, mine, theirs), None)
    made.alg, made.ealg, made.sm7 = association.alg, association.ealg, sighting.at
    vectors = session.keyring.vectors(context.impi or found.username, found.rand) if found.rand is not None else []
    session.add_set(context, made, algorithms(offer, server), vectors)
    binding = Binding(made, Role.UC_PS)
    binding.association, association.owner = association, binding
    made.bind(binding)
    session.database.add(association)
    return binding


def procedure_of(context: Context, made: SaSet, sm7: Sighting, transaction: Transaction) -> Procedure:
    """The procedure of an adopted set, from SM7 on."""
    procedure = Procedure(sm7, transaction, None)
    procedure.set, procedure.sm7, procedure.adopted = made, sm7, True
    found = credentials(sm7.message)
    procedure.nonce = (found.nonce or "") if found is not None else ""
    transaction.kind, transaction.procedure, transaction.context = "SM7", procedure, context
    context.current = context.newest = procedure
    context.challenges[procedure.nonce] = procedure
    return procedure
