"""The checks of one account at Pingdom, as its interface lists and describes them."""

from __future__ import annotations

from typing import Any

CHECKS = [
    {"id": 1, "name": "Shop", "type": "http", "hostname": "shop.example.com", "status": "up", "resolution": 1,
     "tags": [{"name": "eu", "type": "u", "count": 2}]},
    {"id": 2, "name": "Database", "type": "tcp", "hostname": "db.example.com", "status": "paused", "resolution": 5,
     "tags": []},
    {"id": 3, "name": "Router", "type": "ping", "hostname": "9.9.9.9", "status": "down", "resolution": 15},
    {"id": 4, "name": "Name", "type": "dns", "hostname": "www.example.com", "status": "up", "resolution": 60},
    {"id": 5, "name": "Sign in", "type": "transaction", "hostname": "shop.example.com", "status": "up",
     "resolution": 10},
    {"id": 6, "name": "Mail", "type": "smtp", "hostname": "mail.example.com", "status": "up", "resolution": 5},
]  # fmt: skip


DETAILS: dict[int, dict[str, Any]] = {
    1: {**CHECKS[0], "type": {"http": {"url": "/cart?x=1", "encryption": True, "port": 8443, "shouldcontain": "Buy",
        "requestheaders": {"User-Agent": "Pingdom.com_bot_version_1.4", "X-Shop": "1"}, "username": "joe",
        "password": "hidden", "verify_certificate": False}}},
    2: {**CHECKS[1], "type": {"tcp": {"port": 5432, "stringtosend": "", "stringtoexpect": ""}}},
    3: {**CHECKS[2], "type": {"ping": {}}},
    4: {**CHECKS[3], "type": {"dns": {"expectedip": "192.0.2.7", "nameserver": "8.8.8.8"}}},
    6: {**CHECKS[5], "type": {"smtp": {"port": 587, "encryption": True}}},
}  # fmt: skip
