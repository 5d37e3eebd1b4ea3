"""What can go wrong with a service of somebody else, whichever service it is."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class IntegrationError(FolkmootError):
    """The family of faults of services that are not ours. The field `service` names which."""

    code: ClassVar[str] = "integration"
    family: ClassVar[Family] = Family.UNAVAILABLE


class ServiceNotConfiguredError(IntegrationError):
    """Nothing says how to reach the service, or what does cannot be used."""

    code = "integration.not_configured"


class ServiceDownError(IntegrationError):
    """The service cannot be reached or is failing; it did nothing, or what it did may be asked for again."""

    code = "integration.down"


class ServiceRestingError(ServiceDownError):
    """The service failed too often and is left alone for a while. The field `retry_after` says how long, in seconds."""

    code = "integration.resting"


class ServiceLimitedError(IntegrationError):
    """The service wants fewer calls. The field `retry_after` says when it takes more, in seconds, if it told."""

    code = "integration.limited"
    family = Family.LIMITED


class ServiceUnauthorizedError(IntegrationError):
    """The service does not accept our key at all."""

    code = "integration.unauthorized"


class ServiceForbiddenError(IntegrationError):
    """The service knows our key, and this key may not do this one thing."""

    code = "integration.forbidden"
    family = Family.FORBIDDEN


class ServiceAnswerInvalidError(IntegrationError):
    """The service answered with something that is no answer of its API: broken JSON, a redirect, far too much."""

    code = "integration.answer_invalid"


class ServiceTooLargeError(IntegrationError):
    """The service has more to give than is read here."""

    code = "integration.too_large"
    family = Family.TOO_LARGE


class ServiceRefusedError(IntegrationError):
    """The service understood and said no: what it was given is wrong."""

    code = "integration.refused"
    family = Family.INVALID


class ServiceNotFoundError(ServiceRefusedError):
    """The service has nothing of that name, or shows it to nobody with this key."""

    code = "integration.not_found"
    family = Family.NOT_FOUND


class ServiceConflictError(ServiceRefusedError):
    """The service has one like it already."""

    code = "integration.conflict"
    family = Family.CONFLICT


class OutcomeUnknownError(IntegrationError):
    """The request was sent and its answer never came: it may have been done, and asking again may do it twice."""

    code = "integration.outcome_unknown"
