from django.apps import AppConfig

from pulse.rowsecurity import Partitioned


class LedgerConfig(AppConfig):
    name = "notifications.ledger"
    label = "ledger"
    partitioned = (Partitioned("ledger_attempt", "day", 90),)
