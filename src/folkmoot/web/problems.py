"""Errors as `application/problem+json` (RFC 9457): one table from fault to HTTP status, for every route.

A fault's `type` is `/problems/<code>`; `errors` names each wrong field of an invalid body or query.
"""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from folkmoot.kernel import Family, FolkmootError
from folkmoot.telemetry import get_logger
from folkmoot.web.headers import protect

STATUS: Final[Mapping[Family, HTTPStatus]] = {
    Family.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Family.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Family.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Family.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Family.CONFLICT: HTTPStatus.CONFLICT,
    Family.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Family.LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Family.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Family.TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    Family.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
RETRY_AFTER_SECONDS: Final = "5"
_SHOWN_INPUT: Final = 200


class FieldProblem(BaseModel):
    """One wrong field: where it stands (`body.tasks.0.title`) and what is wrong with it."""

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong, for people (`title`, `detail`) and programs (`type`, `status`, `errors`)."""

    type: str = Field(examples=["/problems/unknown_task"])
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = Field(default_factory=list)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldProblem] | None = None,
    fields: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """A problem as a response; further `fields` stand beside the standard ones, which they cannot replace."""
    body = Problem(
        type=f"/problems/{code}", title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors or []
    )
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = RETRY_AFTER_SECONDS
    return JSONResponse(
        {**(fields or {}), **body.model_dump()},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def of_error(error: FolkmootError) -> JSONResponse:
    """The response for one of our own errors; `retry_after_seconds` among its fields is said in the header too."""
    response = problem(STATUS[error.family], error.code, error.message, fields=error.fields)
    wait = error.fields.get("retry_after_seconds")
    if isinstance(wait, int | float) and "retry-after" in response.headers:
        response.headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return response


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides success, for the OpenAPI document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem."""

    @app.exception_handler(FolkmootError)
    async def _ours(request: Request, error: FolkmootError) -> Response:
        if error.family is Family.INTERNAL:
            get_logger("folkmoot.web").error("request failed", path=request.url.path, code=error.code, exc_info=error)
        return of_error(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = [_field_problem(one) for one in error.errors()]
        detail = "; ".join(f"{one.field}: {one.message}" for one in errors[:5])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=errors)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        detail = str(error.detail)
        if error.status_code == HTTPStatus.BAD_REQUEST:
            # The framework's word for a body that is no JSON text or no form at all: the same fault as a wrong field.
            unread = FieldProblem(field="body", message=f"{detail}; send the content type that the document names")
            detail = f"{unread.field}: {unread.message}"
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=[unread])
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = f"there is nothing at {request.url.path}; /docs lists what there is"
        response = problem(error.status_code, HTTPStatus(error.status_code).name.lower(), detail)
        response.headers.update(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (ways := _allowed(app, request.url.path)):
            response.headers["Allow"] = ", ".join(ways)
        return response

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        get_logger("folkmoot.web").error("request failed unexpectedly", path=request.url.path, exc_info=error)
        response = problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "this is a fault of the server; its log has the details"
        )
        protect(response.headers)  # this answer is made above the walls that would do so
        return response


def _allowed(app: FastAPI, path: str) -> list[str]:
    """Every method of a path: each is a route of its own, and the framework names those of the first."""
    paths = app.openapi()["paths"]
    fits = (known for known in paths if re.fullmatch(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(known)), path))
    return sorted({method.upper() for known in fits for method in paths[known]})


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    field = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    if isinstance(given, str | int | float | bool) and error.get("type") != "missing":
        message += f" (got {str(given)[:_SHOWN_INPUT]!r})"
    return FieldProblem(field=field, message=message)
