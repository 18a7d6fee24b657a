"""Fixtures of the tests of faults."""

import logging

import pytest


@pytest.fixture(autouse=True)
def _quiet_loggers(monkeypatch):
    """MMEngine's loggers outlive the captured stderr of an earlier test."""
    monkeypatch.setattr(logging, 'raiseExceptions', False)
