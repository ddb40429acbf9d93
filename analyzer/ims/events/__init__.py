"""What rules are told: facts of the session model, each a frozen record that carries all that its rules need.

Facts are named as TS 33.203 and TS 24.229 name them (SM1, SM6, SM7, SM12; sets TMP, NEW, USE, OLD). Where a fact
depends on what an endpoint could know, the event says so with a `Knowledge`. What could not be read stands beside
them as `KeyMissing` and `Notice`.

The words that they use (`Side`, `Role`, `SetTerms`, `Sighting` ...) stand in `vocabulary.py`; rules find them here.
"""

from __future__ import annotations

from analyzer.ims.events.algorithms import AlgorithmsInUse as AlgorithmsInUse
from analyzer.ims.events.algorithms import AssociationKeyed as AssociationKeyed
from analyzer.ims.events.algorithms import KeyReused as KeyReused
from analyzer.ims.events.algorithms import StrongerBefore as StrongerBefore
from analyzer.ims.events.authentication import AuthenticationAbandoned as AuthenticationAbandoned
from analyzer.ims.events.authentication import AuthenticationConcluded as AuthenticationConcluded
from analyzer.ims.events.authentication import ChallengeRejected as ChallengeRejected
from analyzer.ims.events.authentication import CredentialsRepeated as CredentialsRepeated
from analyzer.ims.events.authentication import ForgedChallengeAnswered as ForgedChallengeAnswered
from analyzer.ims.events.authentication import RandSeen as RandSeen
from analyzer.ims.events.base import Event as Event
from analyzer.ims.events.endpoints import AddressChanged as AddressChanged
from analyzer.ims.events.endpoints import AddressLeft as AddressLeft
from analyzer.ims.events.endpoints import ForeignIdentity as ForeignIdentity
from analyzer.ims.events.endpoints import HandshakeEnded as HandshakeEnded
from analyzer.ims.events.messages import AnsweredAfterLoss as AnsweredAfterLoss
from analyzer.ims.events.messages import AuthenticationOnly as AuthenticationOnly
from analyzer.ims.events.messages import CallOpened as CallOpened
from analyzer.ims.events.messages import CallOpenedRight as CallOpenedRight
from analyzer.ims.events.messages import ClearMessageSent as ClearMessageSent
from analyzer.ims.events.messages import ClearRequestForwarded as ClearRequestForwarded
from analyzer.ims.events.messages import ContactRight as ContactRight
from analyzer.ims.events.messages import EarlyUse as EarlyUse
from analyzer.ims.events.messages import LargeRequest as LargeRequest
from analyzer.ims.events.messages import MessageDuringRegistration as MessageDuringRegistration
from analyzer.ims.events.messages import RequestRepeated as RequestRepeated
from analyzer.ims.events.messages import RequestSent as RequestSent
from analyzer.ims.events.messages import ResponseSent as ResponseSent
from analyzer.ims.events.messages import RouteRight as RouteRight
from analyzer.ims.events.packets import AssociationExamined as AssociationExamined
from analyzer.ims.events.packets import AuthenticationHeaderSeen as AuthenticationHeaderSeen
from analyzer.ims.events.packets import BadIvSeen as BadIvSeen
from analyzer.ims.events.packets import ClearOnProtectedPort as ClearOnProtectedPort
from analyzer.ims.events.packets import ConnectionClosing as ConnectionClosing
from analyzer.ims.events.packets import ConnectionOpening as ConnectionOpening
from analyzer.ims.events.packets import ForeignPayload as ForeignPayload
from analyzer.ims.events.packets import ForeignSpi as ForeignSpi
from analyzer.ims.events.packets import IntegrityFailed as IntegrityFailed
from analyzer.ims.events.packets import IntegrityUnchecked as IntegrityUnchecked
from analyzer.ims.events.packets import KeysProven as KeysProven
from analyzer.ims.events.packets import PacketRead as PacketRead
from analyzer.ims.events.packets import PacketUnread as PacketUnread
from analyzer.ims.events.packets import PacketVerified as PacketVerified
from analyzer.ims.events.packets import ReplayWatched as ReplayWatched
from analyzer.ims.events.packets import ReservedSpi as ReservedSpi
from analyzer.ims.events.packets import SequenceRepeated as SequenceRepeated
from analyzer.ims.events.packets import TrailerMalformed as TrailerMalformed
from analyzer.ims.events.packets import WrongDerivation as WrongDerivation
from analyzer.ims.events.packets import WrongEncapsulation as WrongEncapsulation
from analyzer.ims.events.packets import WrongMode as WrongMode
from analyzer.ims.events.registration import ChallengeAnswered as ChallengeAnswered
from analyzer.ims.events.registration import ChallengeBefore as ChallengeBefore
from analyzer.ims.events.registration import ChallengeSent as ChallengeSent
from analyzer.ims.events.registration import CoreRegisterSent as CoreRegisterSent
from analyzer.ims.events.registration import Deregistered as Deregistered
from analyzer.ims.events.registration import Mirrored as Mirrored
from analyzer.ims.events.registration import RegistrationOverlapped as RegistrationOverlapped
from analyzer.ims.events.registration import RegistrationRefreshed as RegistrationRefreshed
from analyzer.ims.events.registration import RegistrationRefused as RegistrationRefused
from analyzer.ims.events.registration import RegistrationStarted as RegistrationStarted
from analyzer.ims.events.registration import RegistrationSucceeded as RegistrationSucceeded
from analyzer.ims.events.registration import Shared as Shared
from analyzer.ims.events.sets import DeadSetAnswered as DeadSetAnswered
from analyzer.ims.events.sets import DeadSetUsed as DeadSetUsed
from analyzer.ims.events.sets import FreshRequest as FreshRequest
from analyzer.ims.events.sets import SetRetired as SetRetired
from analyzer.ims.events.sets import SetsAtOnce as SetsAtOnce
from analyzer.ims.events.silence import ClearRestart as ClearRestart
from analyzer.ims.events.silence import ExtendedSetDropped as ExtendedSetDropped
from analyzer.ims.events.silence import ExtendedSetServed as ExtendedSetServed
from analyzer.ims.events.silence import OldSetNeglected as OldSetNeglected
from analyzer.ims.events.silence import OldSetServed as OldSetServed
from analyzer.ims.events.silence import RenewalSeen as RenewalSeen
from analyzer.ims.events.silence import SilenceIgnored as SilenceIgnored
from analyzer.ims.events.unread import KeyMissing as KeyMissing
from analyzer.ims.events.unread import Notice as Notice
from analyzer.ims.vocabulary import CONTACT_UNUSED as CONTACT_UNUSED
from analyzer.ims.vocabulary import NOT_PRELOADED as NOT_PRELOADED
from analyzer.ims.vocabulary import End as End
from analyzer.ims.vocabulary import Knowledge as Knowledge
from analyzer.ims.vocabulary import Protection as Protection
from analyzer.ims.vocabulary import Role as Role
from analyzer.ims.vocabulary import SetTerms as SetTerms
from analyzer.ims.vocabulary import Side as Side
from analyzer.ims.vocabulary import Sighting as Sighting
from analyzer.ims.vocabulary import State as State
from analyzer.ims.vocabulary import Subject as Subject
from analyzer.sip.digest import Credentials as Credentials
from analyzer.sip.digest import challenges as challenges
from analyzer.sip.digest import credentials as credentials
from analyzer.sip.digest import meant as meant
from analyzer.sip.message import Message as Message
from analyzer.sip.secagree import Comparison as Comparison
from analyzer.sip.secagree import Mechanism as Mechanism
