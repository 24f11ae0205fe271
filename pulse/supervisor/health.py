"""Ask a running Pulse whether it is ready, over a plain socket: an HTTP library would be half our memory."""

import json
import socket
from urllib.parse import urlsplit

_LONGEST_ANSWER = 64 * 1024


def ask(
    host: str, port: int, path: str, base_url: str, *, seconds: float = 5.0
) -> tuple[int, dict[str, object]]:
    """(HTTP status, JSON body) of a GET; (0, {}) when nothing answers. `base_url` gives the Host header."""
    request = f"GET {path} HTTP/1.0\r\nHost: {urlsplit(base_url).netloc}\r\nAccept: application/json\r\n\r\n"
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.sendall(request.encode())
            answer = b""
            while len(answer) < _LONGEST_ANSWER and (part := connection.recv(16384)):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
    except (OSError, ValueError, IndexError):
        return 0, {}
    try:
        decoded = json.loads(body)
    except ValueError:
        decoded = {}
    return status, decoded if isinstance(decoded, dict) else {}
