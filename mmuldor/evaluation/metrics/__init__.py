"""Metrics of MMEngine's registry."""

from mmuldor.evaluation.metrics.froc_metric import FROCMetric

__all__ = ['FROCMetric']
