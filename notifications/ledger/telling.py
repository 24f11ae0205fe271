"""The SQL of receipts, fallbacks, reminders, digests and escalations, as their migration makes it."""

from pulse.rowsecurity import secure

COLUMNS = """
ALTER TABLE ledger_delivery
    ADD COLUMN turn integer NOT NULL DEFAULT 0,
    ADD COLUMN purpose text NOT NULL DEFAULT 'rule',
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN rule_id uuid,
    ADD COLUMN escalation_no bigint,
    ADD COLUMN person_id uuid,
    ADD COLUMN provider_id text NOT NULL DEFAULT '',
    ADD COLUMN receipt text NOT NULL DEFAULT '',
    ADD COLUMN receipt_at timestamptz,
    ADD COLUMN fallback_at timestamptz,
    ADD COLUMN repeat_at timestamptz,
    ADD COLUMN folded_into bigint,
    ADD COLUMN acknowledged_at timestamptz;
ALTER TABLE ledger_delivery DROP CONSTRAINT ledger_delivery_fact_no_channel_id_recipient_key;
CREATE UNIQUE INDEX ledger_delivery_once ON ledger_delivery (fact_no, channel_id, recipient, turn);
CREATE INDEX ledger_delivery_provider ON ledger_delivery (provider_id) WHERE provider_id <> '';
CREATE INDEX ledger_delivery_held ON ledger_delivery (retry_at) WHERE state = 'held';
CREATE INDEX ledger_delivery_fallback ON ledger_delivery (fallback_at) WHERE fallback_at IS NOT NULL;
CREATE INDEX ledger_delivery_repeat ON ledger_delivery (repeat_at) WHERE repeat_at IS NOT NULL;
CREATE INDEX ledger_delivery_monitor ON ledger_delivery (monitor_no, created_at DESC) WHERE monitor_no IS NOT NULL;
-- Whoever replies is known by the number alone; dead letters are few among many that were sent.
CREATE INDEX ledger_delivery_phone ON ledger_delivery (recipient, no DESC) WHERE transport IN ('sms', 'voice');
CREATE INDEX ledger_delivery_dead ON ledger_delivery (tenant_no, no DESC) WHERE state IN ('dead', 'unknown');
CREATE INDEX ledger_delivery_person ON ledger_delivery (person_id, no DESC) WHERE person_id IS NOT NULL;
ALTER TABLE ledger_attempt ADD COLUMN request text NOT NULL DEFAULT '';
"""
ESCALATION = """
CREATE TABLE ledger_escalation (
    no bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    fact_no bigint NOT NULL,
    tenant_no integer NOT NULL,
    step integer NOT NULL DEFAULT 0,
    cycle integer NOT NULL DEFAULT 0,
    run integer NOT NULL DEFAULT 0,
    incident_id uuid NOT NULL,
    policy_id uuid NOT NULL,
    rule_id uuid,
    policy_name text NOT NULL,
    reason text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'running',
    payload jsonb NOT NULL,
    due_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    UNIQUE (fact_no, policy_id)
) WITH (fillfactor = 80);
CREATE INDEX ledger_escalation_due ON ledger_escalation (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ledger_escalation_incident ON ledger_escalation (incident_id);
CREATE INDEX ledger_escalation_policy ON ledger_escalation (policy_id, no DESC);
"""
FORWARD = COLUMNS + ESCALATION + secure("ledger_escalation")
BACKWARD = """
DROP TABLE ledger_escalation;
ALTER TABLE ledger_attempt DROP COLUMN request;
DROP INDEX ledger_delivery_once;
ALTER TABLE ledger_delivery ADD UNIQUE (fact_no, channel_id, recipient);
ALTER TABLE ledger_delivery DROP COLUMN turn, DROP COLUMN purpose, DROP COLUMN reason, DROP COLUMN rule_id,
    DROP COLUMN escalation_no, DROP COLUMN person_id, DROP COLUMN provider_id, DROP COLUMN receipt,
    DROP COLUMN receipt_at, DROP COLUMN fallback_at, DROP COLUMN repeat_at, DROP COLUMN folded_into,
    DROP COLUMN acknowledged_at;
"""
