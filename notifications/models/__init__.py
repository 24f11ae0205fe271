"""Where messages go, which outages send them, and who has the pager. Lives in the organisation's schema."""

from notifications.models.channels import NotificationChannel
from notifications.models.oncall import Override, Schedule
from notifications.models.policies import EscalationPolicy
from notifications.models.rules import Event, Rule, Severity

__all__ = ["EscalationPolicy", "Event", "NotificationChannel", "Override", "Rule", "Schedule", "Severity"]
