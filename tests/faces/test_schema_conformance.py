"""Every operation of the OpenAPI document, called with data that the document allows and with data that it does not.

schemathesis makes the requests and checks each answer: no fault of the server, no status, content type, header or body
that the document does not name, wrong data refused, right data taken, nothing open without a token.
"""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import CheckFunction, GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.serving import TOKEN, Served, serve
from tests.stub_speech import stub_speech

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
EXAMPLES = 30
PARTS = 6  # of each kind of data, so that several test processes share them


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for this alone: what is made here would be counted by others."""
    with stub_speech() as speech:  # without one, the routes of speech rightly answer 503 to everything
        served = serve(
            tmp_path_factory.mktemp("schema") / "home",
            MESSAGE_TIMEOUT="2",
            VOICE_BASE_URL=speech.url,
            VOICE_TRANSCRIBE_MODEL="whisper",
            VOICE_SPEAK_MODEL="kokoro",
        )
        with served.client() as client:
            client.post("/api/initialize", json={"team": "acme"}).raise_for_status()
        yield served
        assert served.stop() == 0
    assert "Traceback" not in served.log, served.log[-8000:]


@pytest.fixture(scope="module")
def document(tried: Served) -> OpenApiSchema:
    schema = schemathesis.openapi.from_url(f"{tried.url}/openapi.json")
    schema.config.update(headers={"Authorization": f"Bearer {TOKEN}"})
    # A list with more than its most entries may also be a body over the limit, which is refused before it is read.
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*(rejection.expected_statuses or []), "413"]
    return schema


# What fits the schema may still hold a name with control characters, an agent that is not there, an address of no
# e-mail, or a move that is not legal: such a refusal is right, and the tests of each route try that good data is taken.
EXCLUDED: list[CheckFunction] = [positive_data_acceptance]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_the_document_says(document: OpenApiSchema, mode: GenerationMode, part: int) -> None:
    faults: list[str] = []
    tried = 0
    for found in islice(document.get_all_operations(), part, None, PARTS):
        assert isinstance(found, Ok)
        operation = found.ok()
        try:
            call_often(operation, mode)
        except Unsatisfiable:
            continue  # nothing can be wrong with a request that has no data
        except (AssertionError, FailureGroup, Failure) as fault:
            faults.append(f"{operation.label}: {fault}")
        tried += 1
    assert not faults, "\n\n".join(faults)
    assert tried > 2


def call_often(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
    """Call it with generated data, and raise what is wrong with an answer.

    What was answered is asked for again without a token and with a wrong one, once: a wrong one is looked into for as
    long as a password, and what the data is makes no difference to it.
    """
    locked = False

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: schemathesis.Case[Any]) -> None:
        if "wait" in (case.query or {}):
            case.query["wait"] = 0  # up to five minutes are legal
        nonlocal locked
        answer = case.call(timeout=60)
        case.validate_response(answer, excluded_checks=[*EXCLUDED, ignored_auth] if locked else EXCLUDED)
        locked = locked or answer.status_code < HTTPStatus.BAD_REQUEST

    call()
