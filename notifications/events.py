"""All that Pulse can tell somebody: the names of messages, as webhooks send them."""

OPENED = "incident.opened"
RESOLVED = "incident.resolved"
ACKNOWLEDGED = "incident.acknowledged"
REMINDER = "incident.reminder"
DEGRADED = "monitor.degraded"
SETTLED = "monitor.settled"
FLAPPING = "monitor.flapping"
CERTIFICATE = "monitor.certificate"
DIGEST = "digest"
HANDOVER = "oncall.handover"
CHANNEL_FAILING = "channel.failing"
TEST = "channel.test"
CODE = "contact.code"

# Each with the word that tables and timelines use for it.
WORDS = {
    OPENED: "Opened",
    RESOLVED: "Over",
    ACKNOWLEDGED: "Taken care of",
    REMINDER: "Reminder",
    DEGRADED: "Degraded",
    SETTLED: "Works well again",
    FLAPPING: "Flapping",
    CERTIFICATE: "Runs out",
    DIGEST: "Several at once",
    HANDOVER: "Hand-over",
    CHANNEL_FAILING: "A channel fails",
    TEST: "Test",
    CODE: "Proof of a contact",
}
