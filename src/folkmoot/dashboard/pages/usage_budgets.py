"""The budgets on the page of use: what is left of each; administrators make, change and lift them here."""

from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final

from folkmoot.dashboard.components import words
from folkmoot.dashboard.components.dialogs import close, dialog, foot, opener
from folkmoot.dashboard.components.dom import Fields, button, clear, field_of, form, heading, tag
from folkmoot.dashboard.components.fields import Form
from folkmoot.dashboard.components.marks import chip, meter
from folkmoot.dashboard.visit import Visit
from folkmoot.models.spending import Period, Standing, Subject
from folkmoot.models.spending.budget import WARN_AT, shown_usd
from folkmoot.models.spending.use import nano
from folkmoot.web.bounded import bounded

_SET: Final = "PUT /api/usage/budgets"
_LIFT: Final = "DELETE /api/usage/budgets/{budget_id}"
_SUBJECTS: Final = {"workplace": "The whole workplace", "user": "A user", "agent": "An agent", "model": "A model"}
_PERIODS: Final = {"day": "A day", "month": "A month", "total": "In total"}
_MOST_TOKENS: Final = 10**15
_MOST_USD: Final = 1_000_000


class Budgets:
    """The section; `whose` None shows everybody's."""

    def __init__(self, visit: Visit, whose: str | None) -> None:
        self._visit = visit
        self._whose = whose
        self._may_set = visit.may(_SET)
        self._names: dict[str, str] = {}
        with tag("section", css="section", aria_label="Budgets"):
            with tag("div", css="section-head row"):
                heading(2, "Budgets")
                if self._may_set:
                    button("Set a budget", sign="plus", js=opener("set-budget"))
            self._list = tag("div")
        self._form = Form("budget")
        if self._may_set:
            self._dialog()

    async def refresh(self) -> None:
        """Read them again."""
        found = await self._visit.parts.budgets.standings(user_id=self._whose)
        self._names = await user_names(self._visit)
        with clear(self._list):
            if not found:
                none = "No budget holds: models may use what they need."
                own = "You have no budget of your own. Those of agents and of the workplace hold for you too."
                tag("p", none if self._whose is None else own, css="muted").style("margin:0 0 16px")
            with tag("div", css="grid"):
                for one in sorted(found, key=lambda standing: -standing.share):
                    self._card(one)

    def _card(self, one: Standing) -> None:
        budget, spent = one.budget, one.spent
        share = one.share
        css = "full" if share >= 1 else "warm" if share >= WARN_AT else ""
        with tag("div", css="card tight stack"):
            with tag("div", css="row"):
                tag("strong", self._named(one), css="grow clip")
                chip("from the settings" if budget.from_settings else _PERIODS[budget.period].lower())
            meter(share, f"{words.percent(share)} of {budget.name} used", css=css)
            with tag("div", css="row faint small"):
                tag("span", f"{words.percent(share)} used", css="grow nums")
                tag("span", " · ".join(_amounts(one)), css="nums")
            resets = f"Full again {words.moment(one.resets_at)}" if one.resets_at else "Does not fill again"
            with tag("div", css="row faint small"):
                tag("span", resets, css="grow")
                if spent.held_tokens or spent.held_cost:
                    tag("span", "some of it is held")
                if self._may_set and not budget.from_settings:
                    button("Lift", partial(self._lift, budget.key), kind="quiet", aria_label=f"Lift {budget.name}")

    def _named(self, one: Standing) -> str:
        subject, key = one.budget.subject, one.budget.subject_id
        if subject is Subject.WORKPLACE:
            return "The whole workplace"
        name = self._names.get(key, key) if subject is Subject.USER else key
        return f"{words.plain(subject.value)} {name}"

    def _dialog(self) -> None:
        with dialog("set-budget", "Set a budget"), form(self._save, css="stack"):
            tag(
                "p",
                "A request that would exceed it is refused, with the reason. Days and months are those of UTC.",
                css="muted",
            )
            with tag("div", css="fields"):
                self._form.choice("subject", "For", _SUBJECTS, value="workplace")
                self._form.text(
                    "subject_id", "Which one", maxlength=200, hint="Nothing for the workplace", autocomplete="off"
                )
                self._form.choice("period", "How long", _PERIODS, value="day")
            with tag("div", css="fields"):
                self._form.text("usd", "USD", inputmode="decimal", hint="Empty: money is not bounded")
                self._form.text("tokens", "Tokens", inputmode="numeric", hint="Empty: tokens are not bounded")
            foot("set-budget", "Set it")

    async def _save(self, fields: Fields) -> None:
        subject, whose = field_of(fields, "subject"), field_of(fields, "subject_id")
        faults: dict[str, str] = {}
        money = _number(field_of(fields, "usd"), "usd", _MOST_USD, faults)
        tokens = _number(field_of(fields, "tokens"), "tokens", _MOST_TOKENS, faults)
        if not faults and money is None and tokens is None:
            faults["usd"] = "Bound money, tokens or both."
        if subject not in _SUBJECTS or (subject == "workplace") != (whose == ""):
            faults["subject_id"] = "The workplace is one: leave this empty." if whose else "Say which one."
        self._form.show(faults)
        if faults:
            return
        kind, period, parts = Subject(subject), Period(field_of(fields, "period")), self._visit.parts

        async def setting() -> None:
            await parts.budgets.set_budget(
                kind,
                await bounded(parts.users, kind, whose),
                period,
                tokens=None if tokens is None else int(tokens),
                cost=None if money is None else nano(money),
                user_id=self._visit.principal.user_id,
            )

        if await self._visit.act(setting, said="The budget holds from now on", needs=_SET):
            close("set-budget")
            await self.refresh()

    async def _lift(self, budget_id: str) -> None:
        lifting = partial(self._visit.parts.budgets.remove, budget_id)
        if await self._visit.act(lifting, said="The budget was lifted", needs=_LIFT):
            await self.refresh()


async def user_names(visit: Visit) -> dict[str, str]:
    """Names of the accounts by id: an administrator's sight; others know their own."""
    if not visit.principal.is_admin:
        return {visit.principal.user_id: visit.principal.name}
    accounts, _ = await visit.parts.users.list()
    return {one.user_id: one.name for one in accounts}


def _amounts(one: Standing) -> list[str]:
    said = []
    if one.budget.cost is not None:
        said.append(f"${shown_usd(one.spent.cost)} of ${shown_usd(one.budget.cost)}")
    if one.budget.tokens is not None:
        said.append(f"{one.spent.tokens:,} of {one.budget.tokens:,} tokens")
    return said


def _number(text: str, name: str, most: int, faults: dict[str, str]) -> Decimal | None:
    if not text:
        return None
    try:
        number = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= most:
        faults[name] = f"A number from 0 to {most:,}."
        return None
    return number
