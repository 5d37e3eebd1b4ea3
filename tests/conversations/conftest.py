"""A model server that says what a test wrote before."""

from tests.stub_model import stub_model

__all__ = ["stub_model"]
