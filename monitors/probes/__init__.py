"""The kinds of checks: one module each, listed here."""

from monitors.probes import (
    dns,
    domain,
    grpc_health,
    http,
    icmp,
    imap,
    metrics,
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

# In the order in which people choose.
PROBES: dict[str, Probe] = {
    "http": http.PROBE,
    "icmp": icmp.PROBE,
    "tcp": tcp.PROBE,
    "dns": dns.PROBE,
    "tls": tls.PROBE,
    "domain": domain.PROBE,
    "websocket": websocket.PROBE,
    "grpc_health": grpc_health.PROBE,
    "smtp": smtp.PROBE,
    "imap": imap.PROBE,
    "pop3": pop3.PROBE,
    "postgresql": postgresql.PROBE,
    "mysql": mysql.PROBE,
    "redis": redis.PROBE,
    "mqtt": mqtt.PROBE,
    "ssh": ssh.PROBE,
    "udp": udp.PROBE,
    "snmp": snmp.PROBE,
    "metrics": metrics.PROBE,
}
