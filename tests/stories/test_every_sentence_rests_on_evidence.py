"""What an offline agent says it can show; take the evidence away, and both its words and its bid change."""

from folkmoot.tasks.talk import Consultation
from tests.tasks.house import House

TEXTS = (
    "rotated the tls certificates on the mail gateway before they expired",
    "the certificates renew automatically now, certbot runs every night",
    "debugged a broken certificate chain for the customer portal",
)


async def consulted(house: House) -> dict[str, Consultation]:
    task = await house.shared_out("Renew the expired certificates on the gateway")
    return {one.agent: one for one in (await house.desk.report(task.task_id)).consultation}


async def test_every_reason_names_texts_that_exist(house: House) -> None:
    await house.join("dora", person="dora")
    await house.join("emil", person="emil")
    await house.learn("dora", *TEXTS)
    await house.learn("emil", "ordered new chairs for the office", "booked the train to the trade fair", "paid bills")

    answers = await consulted(house)

    dora = answers["dora"]
    assert dora.can_do
    known = {f"dora-{index}" for index in range(3)}
    assert known & {one for ground in dora.reasons for one in ground.evidence}
    for ground in (*dora.reasons, *dora.concerns):
        assert ground.evidence, ground
        assert all(one in known or one.startswith(("agent:dora/", "task_")) for one in ground.evidence), ground
    said = {ground.text for ground in (*dora.reasons, *dora.concerns)}
    rest = dora.message
    for sentence in sorted(said, key=len, reverse=True):
        rest = rest.replace(sentence, "")
    assert not rest.strip(), "the message holds nothing but those sentences"


async def test_without_the_evidence_words_and_bid_change(house: House) -> None:
    await house.join("dora", person="dora")
    await house.join("emil", person="emil")
    await house.learn("dora", *TEXTS)
    await house.learn("emil", "ordered new chairs for the office", "booked the train to the trade fair", "paid bills")
    before = (await consulted(house))["dora"]

    await house.estimates.forget("dora")
    after = (await consulted(house))["dora"]

    assert after.confidence < before.confidence
    assert after.message != before.message
    assert not {one for ground in after.reasons for one in ground.evidence if one.startswith("dora-")}
    assert not after.can_do
