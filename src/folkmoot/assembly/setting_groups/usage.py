"""Settings: what models may cost. What reads budgets is imported where there is one: see `tools.py`."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, field_validator


class UsageSettings(BaseModel):
    """Settings: what models may cost."""

    budget_workplace: str = Field(
        default="",
        description="What all use of models together may take: usd or tokens a day, a month or in total",
        examples=["5 usd a day, 100 usd a month"],
    )
    budget_per_user: str = Field(
        default="",
        description="The same for each user who has no budget of their own",
        examples=["1 usd a day, 500000 tokens a day"],
    )
    budget_per_agent: str = Field(
        default="", description="The same for each agent that has no budget of its own", examples=["2 usd a day"]
    )
    model_prices_file: Path | None = Field(
        default=None,
        description="Prices of models as YAML, USD for a million tokens; they go before the public list prices",
        examples=["prices.yaml"],
    )
    model_max_output_tokens: int = Field(
        default=8192,
        ge=64,
        le=1_000_000,
        description="Longest answer that is asked for, and held of the budget, where one holds",
        examples=["8192"],
    )
    usage_kept_days: int = Field(
        default=400, ge=32, le=36_500, description="Days for which the use of models stays on record", examples=["400"]
    )

    @field_validator("budget_workplace", "budget_per_user", "budget_per_agent")
    @classmethod
    def _budgets_readable(cls, value: str) -> str:
        if value.strip():
            from folkmoot.models.spending import Subject, read_budgets

            read_budgets(value, Subject.WORKPLACE)
        return value

    @property
    def default_budgets(self) -> list[Any]:
        """The budgets that the settings give, each a `folkmoot.models.spending.DefaultBudget`."""
        from folkmoot.models.spending import Subject, read_budgets

        return [
            *read_budgets(self.budget_workplace, Subject.WORKPLACE),
            *read_budgets(self.budget_per_user, Subject.USER),
            *read_budgets(self.budget_per_agent, Subject.AGENT),
        ]
