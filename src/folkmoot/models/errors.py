"""What can go wrong with a language model."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class ModelsError(FolkmootError):
    """The family of model faults."""

    code: ClassVar[str] = "models"
    family: ClassVar[Family] = Family.UNAVAILABLE


class UnknownModelError(ModelsError):
    """The name means no provider that we have, or no model that the provider has."""

    code = "models.unknown"
    family = Family.INVALID


class ModelNotConfiguredError(ModelsError):
    """The provider is known but lacks its key or address."""

    code = "models.not_configured"
    family = Family.INVALID


class ModelUnavailableError(ModelsError):
    """The model cannot be reached, or its server is failing."""

    code = "models.unavailable"


class ModelTimeoutError(ModelUnavailableError):
    """The model did not answer in time."""

    code = "models.timeout"
    family = Family.TIMEOUT


class ModelLimitedError(ModelUnavailableError):
    """The provider asks us to slow down, or its quota is used up."""

    code = "models.limited"
    family = Family.LIMITED


class ModelRestingError(ModelUnavailableError):
    """The model failed too often, or asked for a pause, and is left alone until `retry_after_seconds` have passed."""

    code = "models.resting"


class ModelRefusedError(ModelsError):
    """The provider refused: the key, the request or its content. Asking again would change nothing."""

    code = "models.refused"
    passing = False


class ModelAnswerInvalidError(ModelsError):
    """The model answered, but not with what was asked for, also when asked again."""

    code = "models.answer_invalid"


class ModelBudgetExceededError(ModelsError):
    """A budget has no room for the request, or the agent's limits of tokens, cost or turns ended the run.

    `retry_after_seconds` says when the budget is full again, None if it never is by itself.
    """

    code = "models.budget_exceeded"
    family = Family.LIMITED
    passing = False


class ModelPriceUnknownError(ModelBudgetExceededError):
    """A budget bounds money, and nobody knows what the model costs: it cannot be kept to."""

    code = "models.price_unknown"


class BudgetInvalidError(ModelsError):
    """A budget that bounds nothing, or nobody."""

    code = "models.budget_invalid"
    family = Family.INVALID


class UnknownBudgetError(ModelsError):
    """There is no such budget."""

    code = "models.budget_unknown"
    family = Family.NOT_FOUND


class OfflineModelError(ModelsError):
    """The offline model makes no decisions: ask the estimators."""

    code = "models.offline"


class AttachmentInvalidError(ModelsError):
    """A file that no model is given: neither image nor text, empty, or not what it says it is."""

    code = "models.attachment_invalid"
    family = Family.INVALID


class AttachmentTooLargeError(ModelsError):
    """A file that is larger than models take."""

    code = "models.attachment_too_large"
    family = Family.TOO_LARGE
