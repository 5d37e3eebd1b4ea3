"""The model server for tests of what words leave unclear."""

from tests.stub_model import stub_model

__all__ = ["stub_model"]
