"""Fixtures of the tests of faults."""

import logging
import socket

import pytest


@pytest.fixture(autouse=True)
def _quiet_loggers(monkeypatch):
    """MMEngine's loggers outlive the captured stderr of an earlier test."""
    monkeypatch.setattr(logging, 'raiseExceptions', False)


@pytest.fixture
def free_port():
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
