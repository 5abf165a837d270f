"""CloudWatch's alarms: judged as CloudWatch does, by their definition in the template and the values that were emitted.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from typing import Any

from .cloudwatch import Metric, Metrics

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

_COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_STATISTICS = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


@dataclass(frozen=True)
class Series:
    """A metric with the statistic and the period (in seconds) by which it is looked at."""

    metric: Metric
    statistic: str
    period: int

    def point(self, metrics: Metrics, end: float) -> float | None:
        """The value of the period that ends then; `None` where nothing was emitted."""
        values = metrics.between(self.metric, end - self.period, end)
        return float(_STATISTICS[self.statistic](values)) if values else None


class Alarm:
    """An alarm by its properties in the template, with all functions evaluated."""

    def __init__(self, name: str, properties: dict[str, Any]) -> None:
        self.name = name
        self.properties = properties
        self.expression = "single"
        if "Metrics" in properties:
            self.series = {}
            for one in properties["Metrics"]:
                if "Expression" in one:
                    self.expression = one["Expression"]
                else:
                    self.series[one["Id"]] = _series(one["MetricStat"]["Metric"], one["MetricStat"])
        else:
            self.series = {"single": _series(properties, properties)}
        (self.period,) = {series.period for series in self.series.values()}

    def state(self, metrics: Metrics) -> str:
        """As CloudWatch would have it now, with the period that has just ended as the last one."""
        periods = self.properties["EvaluationPeriods"]
        wanted = self.properties.get("DatapointsToAlarm", periods)
        now = metrics.clock.now()
        points = [self.point(metrics, now - at * self.period) for at in range(periods)]
        treatment = self.properties["TreatMissingData"]
        if treatment not in ("breaching", "notBreaching"):
            raise NotImplementedError(f"{self.name}: TreatMissingData `{treatment}` is not known here: add it")
        breaching = [treatment == "breaching" if point is None else self._breaches(point) for point in points]
        return ALARM if sum(breaching) >= wanted else OK

    def point(self, metrics: Metrics, end: float) -> float | None:
        """The value that is compared, of the period that ends then; missing where a part of it is."""
        points = {name: series.point(metrics, end) for name, series in self.series.items()}
        if any(point is None for point in points.values()):
            return None
        try:
            return _evaluated(ast.parse(self.expression, mode="eval").body, points)
        except ZeroDivisionError:
            return None

    def never_emitted(self, metrics: Metrics) -> list[str]:
        """Metrics that it looks at and nothing has ever emitted, under these very dimensions."""
        absent = [series.metric for series in self.series.values() if not metrics.values.get(series.metric)]
        return [f"{m.namespace} {m.name} {dict(sorted(m.dimensions))}" for m in absent]

    def _breaches(self, point: float) -> bool:
        return _COMPARISONS[self.properties["ComparisonOperator"]](point, float(self.properties["Threshold"]))


def _series(metric: dict[str, Any], how: dict[str, Any]) -> Series:
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])}
    named = Metric.of(metric["Namespace"], metric["MetricName"], dimensions)
    return Series(named, how.get("Stat") or how["Statistic"], int(how["Period"]))


def _evaluated(node: ast.expr, points: dict[str, Any]) -> float:
    if isinstance(node, ast.Name):
        return points[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_evaluated(node.left, points), _evaluated(node.right, points))
    raise NotImplementedError(f"metric math is not known here: {ast.unparse(node)}")
