"""Metrics."""

from mmuldor.evaluation.froc_metric import FROCMetric

__all__ = ['FROCMetric']
