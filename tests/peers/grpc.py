"""A gRPC server with the standard health service, with and without TLS."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.certificates import Authority


@dataclass(frozen=True)
class GrpcPeer:
    plain: str
    tls: str
    bare: str  # without a health service


class _Private(grpc.ServerInterceptor):  # type: ignore[misc]
    """Calls to a service named "private" need a token."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        metadata = dict(details.invocation_metadata)
        if metadata.get("x-wants-token") and metadata.get("authorization") != "Bearer sesame":
            return grpc.unary_unary_rpc_method_handler(
                lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "no töken")
            )
        return continuation(details)


@contextmanager
def grpc_server(authority: Authority) -> Iterator[GrpcPeer]:
    authority.server_context("127.0.0.1")  # writes key and certificate into one file
    pem = (authority.ca_file.parent / "127.0.0.110.pem").read_bytes()
    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads, interceptors=[_Private()])
        service = health.HealthServicer()
        for name, status in (("", "SERVING"), ("shop", "SERVING"), ("till", "NOT_SERVING")):
            service.set(name, health_pb2.HealthCheckResponse.ServingStatus.Value(status))
        health_pb2_grpc.add_HealthServicer_to_server(service, server)
        bare = grpc.server(threads)
        plain_port = server.add_insecure_port("127.0.0.1:0")
        credentials = grpc.ssl_server_credentials([(pem, pem)])
        tls_port = server.add_secure_port("127.0.0.1:0", credentials)
        bare_port = bare.add_insecure_port("127.0.0.1:0")
        server.start()
        bare.start()
        yield GrpcPeer(*(f"127.0.0.1:{port}" for port in (plain_port, tls_port, bare_port)))
        server.stop(None).wait()
        bare.stop(None).wait()
