"""What the demo is called, and its accounts at providers that it plays itself; nobody else has them."""

from __future__ import annotations

SLUG = "demo"
TWILIO = "AC" + "de30" * 8
SENDER = "+12025550100"
PHONE = "+12025550143"  # of those that are given to nobody, so that no text can reach a stranger
SLACK = "C0DEM0DEM0"


def provider_urls(address: str) -> dict[str, str]:
    """For PULSE_PROVIDER_URLS: what goes to these two accounts stays on this machine."""
    return {f"twilio:{TWILIO}": f"{address}/demo/twilio", f"slack:{SLACK}": f"{address}/demo/slack"}
