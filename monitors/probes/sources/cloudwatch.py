"""Amazon CloudWatch: GetMetricData by its JSON protocol, signed with an access key.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from monitors.probes.outcome import ErrorClass
from monitors.probes.sources.aws_signing import Signer
from monitors.probes.sources.refusals import USUAL_WAIT_S, limited
from monitors.probes.sources.shape import (
    Access,
    Answer,
    Ask,
    Query,
    Series,
    Source,
    SourceError,
    Window,
    bad_query,
    labels_of,
    objects,
    odd,
    quoted,
    series_of,
)
from pulse.fields import FieldError

_HOST = re.compile(r"monitoring(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)")
_USUAL_REGION = "us-east-1"
_EXPRESSION = re.compile(r"\s*(?:SELECT\s|[A-Za-z_]+\()", re.IGNORECASE)
_DIMENSIONS_AT_MOST = 30
_REFUSED = (
    "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch", "AccessDenied",
    "AccessDeniedException", "ExpiredTokenException", "InvalidClientTokenId", "MissingAuthenticationToken",
    "IncompleteSignature", "OptInRequired",
)  # fmt: skip
_LIMITED = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException")


def ask(access: Access, queries: Sequence[Query], window: Window) -> list[Ask]:
    """One request for all queries."""
    asked = {
        "StartTime": window.start,
        "EndTime": window.end,
        "ScanBy": "TimestampAscending",
        "MetricDataQueries": [
            {"Id": f"q{place}", **_asked(query.text, window.step)} for place, query in enumerate(queries)
        ],
    }
    body = json.dumps(asked).encode()
    url = f"{access.base}/"
    stamp = access.now.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData",
        "X-Amz-Date": stamp,
    }
    region = _HOST.fullmatch(access.host)
    signer = Signer(
        access.access_key_id,
        access.api_key,
        access.region or (region[1] if region else _USUAL_REGION),
        "monitoring",
    )
    authorization = signer.authorization("POST", url, {"Host": access.host, **headers}, body, access.now)
    return [Ask("POST", url, (*headers.items(), ("Authorization", authorization)), body)]


def check_query(text: str) -> None:
    if not _EXPRESSION.match(text):
        _metric(text)


def read(queries: Sequence[Query], answers: Sequence[Answer]) -> list[Series]:
    answer = answers[0]
    document = answer.json()
    if not isinstance(document, dict):
        raise odd("it is no object")
    if answer.status != 200:
        raise refusal(document, answer.status)
    results = objects(document.get("MetricDataResults"), "it has no MetricDataResults")
    counts = Counter(str(one.get("Id")) for one in results)
    return [series for one in results for series in _series(queries, one, counts)]


def refusal(document: dict[str, Any], status: int) -> SourceError:
    kind = str(document.get("__type", "")).rpartition("#")[2]
    words = document.get("message") or document.get("Message") or kind or f"HTTP {status}"
    if kind in _LIMITED:
        return limited(USUAL_WAIT_S)
    if kind in _REFUSED:
        return SourceError(ErrorClass.SOURCE_REFUSED, f"the source refused the key: {quoted(words)}")
    return bad_query("the queries", words)


def _asked(text: str, step: int) -> dict[str, Any]:
    """An expression (metric maths, SEARCH, Metrics Insights), or one metric in words."""
    if _EXPRESSION.match(text):
        return {"Expression": text, "Period": step, "ReturnData": True}
    namespace, name, statistic, dimensions = _metric(text)
    metric = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
    }
    return {"MetricStat": {"Metric": metric, "Period": step, "Stat": statistic}, "ReturnData": True}


def _metric(text: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    """`AWS/EC2 CPUUtilization Average InstanceId=i-0123`; raises FieldError."""
    try:
        parts = shlex.split(text)
    except ValueError:
        raise FieldError("Close the quotation mark.") from None
    if len(parts) < 3 or "=" in "".join(parts[:3]):
        raise FieldError(
            "Write namespace, metric, statistic and dimensions, like AWS/EC2 CPUUtilization Average "
            'InstanceId=i-0123, or an expression, like SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId).'
        )
    pairs = [part.partition("=") for part in parts[3:]]
    if len(pairs) > _DIMENSIONS_AT_MOST or not all(name and value for name, _, value in pairs):
        raise FieldError(f"Write at most {_DIMENSIONS_AT_MOST} dimensions, each as Name=value.")
    return parts[0], parts[1], parts[2], [(name, value) for name, _, value in pairs]


def _series(queries: Sequence[Query], one: dict[str, Any], counts: Counter[str]) -> Iterator[Series]:
    identity, times, values = str(one.get("Id")), one.get("Timestamps"), one.get("Values")
    if not re.fullmatch(r"q[0-9]{1,2}", identity) or int(identity[1:]) >= len(queries):
        raise odd("a result that was not asked for")
    if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
        raise odd("a result without times or values")
    query = queries[int(identity[1:])]
    if one.get("StatusCode") in ("InternalError", "Forbidden"):
        if one["StatusCode"] == "Forbidden":
            raise SourceError(ErrorClass.SOURCE_REFUSED, f"the key may not read {query.name}")
        raise SourceError(ErrorClass.SOURCE_UNREACHABLE, f"the source itself failed for {query.name}")
    labels = labels_of({"label": one.get("Label", "")}) if counts[identity] > 1 else ()
    yield series_of(query.name, list(zip(times, values, strict=True)), labels)


SOURCE = Source(
    title="CloudWatch",
    placeholder="https://monitoring.eu-central-1.amazonaws.com",
    example="cpu [%] = AWS/EC2 CPUUtilization Average InstanceId=i-0123456789abcdef0",
    ask=ask,
    read=read,
    needs=("access_key_id", "api_key"),
    takes=("region",),
    check_query=check_query,
    step_of=60,
)
