from django.db import migrations, models

from pulse.rowsecurity import secure

# What is remembered of results (see monitors.remembering), and since when a recovery is counted.
# Unknown results were counted below zero in `successes`; they have bits of their own now.
# A decision is one row whenever a result changed something, or was counted and changed nothing.
FORWARD = """
ALTER TABLE telemetry_livestate ADD COLUMN memory bigint NOT NULL DEFAULT 0, ADD COLUMN calm_since timestamptz;
SELECT set_config('app.pipeline', 'on', true), set_config('app.tenant', '0', true);
UPDATE telemetry_livestate SET memory = (-successes)::bigint << 54 | 4294967297, successes = 0 WHERE successes < 0;
SELECT set_config('app.pipeline', 'off', true), set_config('app.tenant', '', true);

CREATE TABLE telemetry_decision (
    no bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    monitor_no bigint NOT NULL,
    at timestamptz NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    incident_id uuid,
    tenant_no integer NOT NULL,
    total_us integer,
    location smallint,
    kind smallint NOT NULL,
    rule smallint NOT NULL,
    verdict smallint,
    before smallint,
    after smallint,
    counted smallint,
    needed smallint,
    error smallint,
    words text NOT NULL DEFAULT '',
    PRIMARY KEY (no, at)
) PARTITION BY RANGE (at);
CREATE INDEX telemetry_decision_of ON telemetry_decision (monitor_no, at);
CREATE INDEX telemetry_decision_incident ON telemetry_decision (incident_id) WHERE incident_id IS NOT NULL;
""" + secure("telemetry_decision")
BACKWARD = """
DROP TABLE telemetry_decision;
ALTER TABLE telemetry_livestate DROP COLUMN memory, DROP COLUMN calm_since;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0005_reception")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            BACKWARD,
            state_operations=[
                migrations.AddField("LiveState", "memory", models.BigIntegerField(default=0)),
                migrations.AddField("LiveState", "calm_since", models.DateTimeField(null=True)),
                migrations.CreateModel(
                    name="Decision",
                    fields=[
                        ("no", models.BigAutoField(primary_key=True, serialize=False)),
                        ("monitor_no", models.BigIntegerField()),
                        ("at", models.DateTimeField()),
                        ("decided_at", models.DateTimeField()),
                        ("incident_id", models.UUIDField(null=True)),
                        ("tenant_no", models.IntegerField()),
                        ("total_us", models.IntegerField(null=True)),
                        ("location", models.SmallIntegerField(null=True)),
                        ("kind", models.SmallIntegerField()),
                        ("rule", models.SmallIntegerField()),
                        ("verdict", models.SmallIntegerField(null=True)),
                        ("before", models.SmallIntegerField(null=True)),
                        ("after", models.SmallIntegerField(null=True)),
                        ("counted", models.SmallIntegerField(null=True)),
                        ("needed", models.SmallIntegerField(null=True)),
                        ("error", models.SmallIntegerField(null=True)),
                        ("words", models.TextField(default="")),
                    ],
                    options={"managed": False},
                ),
            ],
        ),
    ]
