"""The kinds of checks: one module each, listed here."""

from monitors.probes import (
    dns,
    domain,
    grpc_health,
    http,
    icmp,
    imap,
    mqtt,
    mysql,
    pop3,
    postgresql,
    redis,
    smtp,
    snmp,
    ssh,
    tcp,
    tls,
    udp,
    websocket,
)
from monitors.probes.probe import Probe

PROBES: dict[str, Probe] = {
    "dns": dns.PROBE,
    "domain": domain.PROBE,
    "grpc_health": grpc_health.PROBE,
    "http": http.PROBE,
    "icmp": icmp.PROBE,
    "imap": imap.PROBE,
    "mqtt": mqtt.PROBE,
    "mysql": mysql.PROBE,
    "pop3": pop3.PROBE,
    "postgresql": postgresql.PROBE,
    "redis": redis.PROBE,
    "smtp": smtp.PROBE,
    "snmp": snmp.PROBE,
    "ssh": ssh.PROBE,
    "tcp": tcp.PROBE,
    "tls": tls.PROBE,
    "udp": udp.PROBE,
    "websocket": websocket.PROBE,
}
