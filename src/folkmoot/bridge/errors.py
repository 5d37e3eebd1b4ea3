"""What can go wrong with bridges."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class BridgeError(FolkmootError):
    """The family of faults of bridges."""

    code: ClassVar[str] = "bridge"
    family: ClassVar[Family] = Family.INVALID


class UnknownBridgeError(BridgeError):
    """There is no bridge of that name, or none at all."""

    code = "unknown_bridge"
    family = Family.NOT_FOUND


class BadOutgoingError(BridgeError):
    """What is to be sent outside cannot be sent as it is."""

    code = "bad_outgoing"


class OutboxFullError(BridgeError):
    """So much waits for the bridge already that nothing more is taken."""

    code = "bridge_outbox_full"
    family = Family.LIMITED


class BridgeLostError(BridgeError):
    """The connection is gone, or did not come about; the message says why."""

    code = "bridge_lost"
    family = Family.UNAVAILABLE
