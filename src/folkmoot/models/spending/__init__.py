"""What asking models costs, and what may be spent: use, prices, budgets.

`ledger.py` is the one place through which every request to a model goes: it reserves what a request may need from the
budgets that hold for it, and counts what it used. `budget.py` and `use.py` hold the nouns, `prices.py` what a token
costs, `desk.py` what people read and set.
"""

from folkmoot.models.spending.budget import Budget, DefaultBudget, Period, Subject, read_budgets
from folkmoot.models.spending.desk import BudgetDesk, Standing
from folkmoot.models.spending.ledger import UsageLedger
from folkmoot.models.spending.prices import Prices, read_prices
from folkmoot.models.spending.use import Group, Grouped, Use

__all__ = [
    "Budget",
    "BudgetDesk",
    "DefaultBudget",
    "Group",
    "Grouped",
    "Period",
    "Prices",
    "Standing",
    "Subject",
    "UsageLedger",
    "Use",
    "read_budgets",
    "read_prices",
]
