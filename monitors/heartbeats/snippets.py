"""Ready lines that report for a job, with its own address in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """`id` is the element's that holds it."""

    id: str
    title: str
    text: str


def of(url: str) -> list[Snippet]:
    return [
        Snippet("snippet-curl", "Shell", f"curl -fsS -m 10 --retry 5 -o /dev/null {url}"),
        Snippet(
            "snippet-cron",
            "Crontab",
            f"0 3 * * * /usr/local/bin/backup.sh; curl -fsS -m 10 --retry 5 -o /dev/null {url}/$?",
        ),
        Snippet("snippet-systemd", "systemd unit", SYSTEMD.format(url=url)),
        Snippet("snippet-script", "Script with start, output and exit status", SCRIPT.format(url=url)),
        Snippet("snippet-powershell", "PowerShell", POWERSHELL.format(url=url)),
        Snippet("snippet-python", "Python", PYTHON.format(url=url)),
    ]


SYSTEMD = """[Service]
Type=oneshot
ExecStartPre=-/usr/bin/curl -fsS -m 10 --retry 5 -o /dev/null {url}/start
ExecStart=/usr/local/bin/backup.sh
ExecStopPost=-/bin/sh -c 'case $$EXIT_STATUS in [0-9]*) how=$$EXIT_STATUS;; *) how=fail;; esac; \
    curl -fsS -m 10 --retry 5 -o /dev/null {url}/$$how'"""
SCRIPT = """rid=$(cat /proc/sys/kernel/random/uuid)
curl -fsS -m 10 --retry 5 -o /dev/null "{url}/start?rid=$rid"
output=$(/usr/local/bin/backup.sh 2>&1)
status=$?
printf '%s' "$output" | curl -fsS -m 10 --retry 5 -o /dev/null --data-binary @- "{url}/$status?rid=$rid\""""
POWERSHELL = "Invoke-RestMethod -Uri {url} -TimeoutSec 10 | Out-Null"
PYTHON = """import urllib.request
urllib.request.urlopen("{url}", timeout=10)"""
