"""The score: fitted on labelled leads, measured on others, explained by its factors."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from folkmoot.leads import LeadAnalysis, LeadData, Offer, Priority
from folkmoot.leads.advise import advise
from folkmoot.leads.factors import budget_value, read_lead
from folkmoot.leads.fit import EVERY, fit, labelled, measure, split
from folkmoot.leads.score import NAMES, chance, score_of, weights
from tests.leads.office import STRONG, WEAK, agency_offers

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def offers() -> list[Offer]:
    return agency_offers()


def analysed(data: LeadData, offers: list[Offer]) -> LeadAnalysis:
    return advise(data, read_lead(data, offers, today=NOW.date()), at=NOW)


def changed(data: LeadData, **fields: object) -> LeadData:
    return LeadData.model_validate(data.model_dump() | fields)


def test_the_kept_weights_are_those_of_the_labelled_leads(offers: list[Offer]) -> None:
    found, kept = fit(split(labelled())[0], offers), weights()
    assert found.constant == pytest.approx(kept.constant, abs=0.02)
    assert found.factors == pytest.approx(kept.factors, abs=0.02)
    assert found.flags == pytest.approx(kept.flags, abs=0.02)


def test_leads_that_were_left_out_of_the_fit_are_told_apart_and_the_score_means_what_it_says(
    offers: list[Offer],
) -> None:
    everybody = labelled()
    fitted_on, left_out = split(everybody)
    assert len(everybody) >= 150
    assert len(left_out) >= len(everybody) // (EVERY + 1)
    assert not {id(one) for one in fitted_on} & {id(one) for one in left_out}
    figures = measure(left_out, offers)
    assert figures.auc >= 0.93, figures
    assert figures.brier <= 0.09, figures
    assert figures.calibration_error <= 0.12, figures
    # What it is worth: always saying the share of serious ones would have a Brier score of a quarter.
    flat = replace(weights(), factors=dict.fromkeys(NAMES, 0.0), flags=dict.fromkeys(weights().flags, 0.0))
    assert measure(left_out, offers, flat).brier > 2 * figures.brier


def test_the_strong_lead_scores_above_the_weak_one_and_says_why(offers: list[Offer]) -> None:
    strong, weak = analysed(STRONG, offers), analysed(WEAK, offers)
    assert strong.lead_score.score > 80
    assert weak.lead_score.score < 20
    assert (strong.lead_score.priority, weak.lead_score.priority) == (Priority.HIGH, Priority.LOW)
    assert strong.lead_score.confidence > weak.lead_score.confidence
    assert [one.name for one in strong.lead_score.factors] == list(NAMES)
    assert all(one.explanation for one in strong.lead_score.factors)
    assert set(strong.recommended_services) >= {"web_development", "ecommerce_solutions"}
    assert strong.estimated_value is not None
    assert (strong.estimated_value.low, strong.estimated_value.high) == (50_000, 80_000)
    assert strong.suggested_actions
    assert strong.key_insights


def test_the_factors_add_up_to_the_score(offers: list[Offer]) -> None:
    for data in (STRONG, WEAK, changed(STRONG, budget_range=None, timeline="")):
        reading = read_lead(data, offers, today=NOW.date())
        score = score_of(reading)
        total = weights().constant + sum(one.points for one in score.factors)
        total += weights().flags["unwanted"] if reading.unwanted else 0.0
        assert chance(total) == pytest.approx(score.score, abs=0.2)
        assert score.interval[0] <= score.score <= score.interval[1]


def test_a_larger_budget_never_lowers_a_score(offers: list[Offer]) -> None:
    for data in (STRONG, WEAK):
        scores = [
            analysed(changed(data, budget_range=str(amount)), offers).lead_score.score
            for amount in (0, 200, 700, 1500, 4000, 9000, 20_000, 55_000, 90_000, 400_000, 10**9)
        ]
        assert all(later >= earlier for earlier, later in pairwise(scores)), scores
        assert scores[-1] > scores[0]
    assert budget_value(-5.0) == 0.0


def test_what_offers_or_applies_is_never_urgent(offers: list[Offer]) -> None:
    seller = changed(STRONG, message="We can increase your traffic. 500 backlinks, special price for you.")
    found = analysed(seller, offers)
    assert found.lead_score.priority is Priority.LOW
    assert found.recommended_services == ()
    assert found.estimated_value is None
    assert "Close it" in found.suggested_actions[0]


def test_services_are_found_by_id_by_name_and_by_what_is_said(offers: list[Offer]) -> None:
    def recommended(**fields: object) -> tuple[str, ...]:
        return analysed(changed(WEAK, **fields), offers).recommended_services

    assert recommended(services_interested=["web_development"])[0] == "web_development"
    assert recommended(services_interested=["Web Development"])[0] == "web_development"
    assert recommended(services_interested=["E-Commerce"])[0] == "ecommerce_solutions"
    assert recommended(message="Our logo and packaging look old, we need a new brand.")[0] == "brand_design"
    unknown = analysed(changed(WEAK, services_interested=["pizza delivery"]), offers)
    assert any("pizza delivery" in one for one in unknown.key_insights)


def test_without_a_budget_the_usual_price_says_what_it_may_be_worth(offers: list[Offer]) -> None:
    value = analysed(
        changed(STRONG, budget_range=None, services_interested=["web_development"]), offers
    ).estimated_value
    assert value is not None
    assert value.low > 0
    assert "usual price" in value.basis


def test_a_team_without_services_still_gets_a_score() -> None:
    found = advise(STRONG, read_lead(STRONG, [], today=date(2026, 1, 15)), at=NOW)
    assert 0 < found.lead_score.score < 100
    assert found.recommended_services == ()
