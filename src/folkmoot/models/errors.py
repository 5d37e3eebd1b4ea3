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


class ModelRefusedError(ModelsError):
    """The provider refused: the key, the request or its content."""

    code = "models.refused"


class ModelAnswerInvalidError(ModelsError):
    """The model answered, but not with what was asked for, also when asked again."""

    code = "models.answer_invalid"


class ModelBudgetExceededError(ModelsError):
    """The agent's limits of tokens, cost or turns ended the run."""

    code = "models.budget_exceeded"
    family = Family.LIMITED


class OfflineModelError(ModelsError):
    """The offline model makes no decisions: ask the estimators."""

    code = "models.offline"
