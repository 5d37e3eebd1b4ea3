"""Putting these faces on the application."""

from fastapi import FastAPI

from folkmoot.interop.openai import OpenAIErrors, router


def mount_interop(app: FastAPI) -> None:
    """Add the routes, and around everything what gives errors below `/v1` the form that OpenAI's clients read."""
    app.include_router(router)
    app.add_middleware(OpenAIErrors)
