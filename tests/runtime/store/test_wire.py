"""Servers behind TLS: with a certificate that `AWS_CA_BUNDLE` names, without one, and through a proxy."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flowc.store.aws.requests import Bucket
from flowc.store.protocol import StoreError
from flowc.store.s3 import S3Store

from tests.stages.aws import NOWHERE
from tests.stages.s3_server import Reply, serve

KEYS = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **NOWHERE}


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of 127.0.0.1 that signs itself, and a server's use of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    bundle, private = tmp_path / "ca.pem", tmp_path / "key.pem"
    bundle.write_bytes(made.public_bytes(pem))
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, private)
    return bundle, context


def test_a_server_with_a_known_certificate_is_used(certificate: tuple[Path, ssl.SSLContext]) -> None:
    bundle, context = certificate
    with serve(lambda _: Reply(200, b"data"), context) as server:
        store = S3Store("s3://b", Bucket("b", {**KEYS, "AWS_ENDPOINT_URL": server.url, "AWS_CA_BUNDLE": str(bundle)}))
        assert store.get("k").data == store.get("k").data == b"data"


def test_a_server_with_an_unknown_certificate_is_not(certificate: tuple[Path, ssl.SSLContext]) -> None:
    pauses: list[float] = []
    with serve(lambda _: Reply(200, b"data"), certificate[1]) as server:
        bucket = Bucket("b", {**KEYS, "AWS_ENDPOINT_URL": server.url}, sleep=pauses.append)
        with pytest.raises(StoreError, match="certificate"):
            S3Store("s3://b", bucket).get("k")
    assert not pauses, "it will not be known in a second either"


def test_a_proxy_leads_to_the_server(certificate: tuple[Path, ssl.SSLContext]) -> None:
    bundle, context = certificate
    with serve(lambda _: Reply(200, b"data"), context) as server, _proxy() as (address, asked):
        secured = {
            **KEYS,
            "AWS_ENDPOINT_URL": server.url,
            "AWS_CA_BUNDLE": str(bundle),
            "HTTPS_PROXY": f"http://{address}",
        }
        assert S3Store("s3://b", Bucket("b", secured)).get("k").data == b"data"
        assert asked == [server.url.removeprefix("https://")]
        assert S3Store("s3://b", Bucket("b", {**secured, "NO_PROXY": "x.org, 127.0.0.1"})).get("k").data == b"data"
        assert len(asked) == 1


@contextmanager
def _proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy for TLS on a free port, and the hosts that it was asked for."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            target = self.rfile.readline().split()[1].decode()
            asked.append(target)
            while self.rfile.readline().strip():
                pass
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port))) as onward:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pump, args=(onward, self.connection))
                back.start()
                _pump(self.connection, onward)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
