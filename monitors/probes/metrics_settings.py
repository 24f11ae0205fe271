"""What a monitor of polled metrics can be told: the source, its keys, the queries, and what is too much."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from monitors.probes.metrics_queries import Derived, deriving, querying
from monitors.probes.settings import Setting, Settings, choose, number, refuse, secret, section, text
from monitors.probes.sources import SOURCES
from monitors.probes.sources.shape import Access, Query, Source, Window
from monitors.thresholds.model import Threshold
from monitors.thresholds.setting import thresholding
from pulse.fields import FieldError
from pulse.net.urls import parse_url

# Some values before the window are asked for: those of the last minutes may come late.
LATE_STEPS = 5
_STEPS_AT_MOST = 1500


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    source: str = "prometheus"
    username: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    application_key: str = field(default="", repr=False)
    access_key_id: str = ""
    account: str = ""
    datasource: str = ""
    region: str = ""
    ca: str = ""
    queries: tuple[Query, ...] = ()
    derived: tuple[Derived, ...] = ()
    step_seconds: int = 60
    no_data: str = "unknown"
    thresholds: tuple[Threshold, ...] = ()

    @property
    def asked(self) -> Source:
        return SOURCES[self.source]

    def window(self, now: float) -> Window:
        """The longest window of all thresholds, and some steps more; up to the last full step."""
        step = self.step_seconds
        longest = max((one.window_s for one in self.thresholds), default=0)
        end = int(now) // step * step
        return Window(end - (-(-longest // step) + LATE_STEPS) * step, end, step)

    def access(self, target: str, now: datetime) -> Access:
        url = parse_url(target)
        return Access(
            base=(url.origin + url.path.partition("?")[0]).rstrip("/"),
            host=url.origin.partition("://")[2],
            username=self.username,
            password=self.password,
            api_key=self.api_key,
            application_key=self.application_key,
            access_key_id=self.access_key_id,
            account=self.account,
            datasource=self.datasource,
            region=self.region,
            now=now,
        )


def read_account(value: str) -> str:
    if value and not (value.isascii() and value.isdigit()):
        raise FieldError("Write the account's number, as New Relic shows it.")
    return value


def _together(config: MetricsConfig) -> None:
    source = config.asked
    for name in source.needs:
        if not getattr(config, name):
            raise refuse(name, f"{source.title} needs this.")
    if not config.queries:
        raise refuse("queries", f"Write at least one query, like {source.example}")
    _check_queries(config, source)
    known = {query.name for query in config.queries}
    if len(known) < len(config.queries):
        raise refuse("queries", "Give every query a name of its own.")
    for place, one in enumerate(config.derived, 1):
        if unknown := sorted(one.expression.names - known):
            raise refuse("derived", f"Line {place}: nothing above is called {unknown[0]}.")
        if not one.expression.names:
            raise refuse("derived", f"Line {place}: name at least one number that it is worked out of.")
        if one.name in known:
            raise refuse("derived", f"Line {place}: use another name, {one.name} is taken.")
        known.add(one.name)
    _check_thresholds(config, known)
    if config.step_seconds % source.step_of:
        raise refuse("step_seconds", f"{source.title} knows only multiples of {source.step_of} s.")


def _check_queries(config: MetricsConfig, source: Source) -> None:
    if source.check_query is None:
        return
    for place, query in enumerate(config.queries, 1):
        try:
            source.check_query(query.text)
        except FieldError as error:
            raise refuse("queries", f"Line {place}: {error}") from None


def _check_thresholds(config: MetricsConfig, known: set[str]) -> None:
    for place, one in enumerate(config.thresholds, 1):
        if one.selector.name not in known:
            names = ", ".join(sorted(known))
            raise refuse("thresholds", f"Line {place}: there is no {one.selector.name}; there are {names}.")
        if one.window_s > _STEPS_AT_MOST * config.step_seconds:
            raise refuse("thresholds", f"Line {place}: shorten the window, or let the step be longer.")
        if one.window_s < 2 * config.step_seconds:
            words = f"use a window of two steps ({2 * config.step_seconds} s) or more: a shorter one can be empty."
            raise refuse("thresholds", f"Line {place}: {words}")


def _of_source(setting: Setting) -> Setting:
    """A setting that only some sources have a use for."""
    of = (name for name, source in SOURCES.items() if setting.name in (*source.needs, *source.takes))
    return replace(setting, only=("source", *of))


SETTINGS = Settings(
    MetricsConfig,
    section(
        "Source",
        choose("source", "Source", [(name, source.title) for name, source in SOURCES.items()]),
        _of_source(text("username", "User name", "Prometheus: for HTTP basic authentication, if it wants one.")),
        _of_source(secret("password", "Password", "Prometheus: belongs to the user name.", longest=500)),
        _of_source(secret("api_key", "API key or token",
               "Prometheus: a bearer token, if it wants one. Datadog: API key. Grafana: service account token. "
               "New Relic: user key. Pingdom: API token. CloudWatch: secret access key.", longest=4000)),
        _of_source(secret("application_key", "Application key", "Datadog only.", longest=500)),
        _of_source(text("access_key_id", "Access key ID", "CloudWatch only.")),
        _of_source(text("account", "Account ID", "New Relic only: a number.", longest=20, read=read_account)),
        _of_source(text("datasource", "Data source UID", "Grafana only: it stands in the address of the data source.")),
        _of_source(text("region", "Region", "CloudWatch only; empty: as the host says.")),
        text("ca", "Authority", "A CA certificate (PEM) that is trusted instead of the public ones.",
             longest=50_000, long=True),
    ),
    section(
        "Queries",
        querying(),
        deriving(),
        number("step_seconds", "Step", "Seconds between two values that are asked for.", 10, 3600, "seconds",
               default=60),
    ),
    section(
        "Thresholds",
        thresholding("avg(errors, 5m) > 0.5 warn, > 2 crit"),
        choose("no_data", "Without a value",
               [("unknown", "it is unknown how the monitor stands"), ("down", "the monitor is down")],
               "When a query brings nothing for a threshold. A source that fails is always unknown."),
    ),
    together=_together,
)  # fmt: skip
