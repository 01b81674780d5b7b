"""Files that hold keys and passwords by custom: they stay out of the archive of the code, which others read."""

from __future__ import annotations

import os
import re

from compiler.reading import read_head, remembered

_NAMES = r"""(?xi)\.env(?:\..+)? | \.envrc | .+\.env
    | id_(?:rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk) | .+\.(?:pem|key|p12|pfx|ppk|jks|keystore|kdbx|p8)
    | [._]netrc | \.pypirc | \.npmrc | \.git-credentials | \.pgpass | \.my\.cnf | \.boto | \.s3cfg | \.htpasswd | \.dockercfg
    | kubeconfig | \.databrickscfg | \.vault-token | .+\.tfstate(?:\.backup)?
    | credentials\.json | client_secrets?.*\.json | application_default_credentials\.json | service[-_]?account.*\.json"""
_FOLDERS = frozenset((".aws", ".azure", ".docker", ".gcloud", ".gnupg", ".kube", ".oci", ".ssh"))
_SAMPLES = r"(?i)\.env\.(?:example|sample|template|dist|defaults?)|.*\.(?:example|sample|template)\.env"

_PUBLIC = rb"-----BEGIN (?:TRUSTED )?(?:X509 )?(?:CERTIFICATE|PUBLIC KEY|X509 CRL)-----"
_PRIVATE = rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"
_ACCOUNT = rb'"type"\s{0,40}:\s{0,40}"(?:service_account|authorized_user|external_account)"|"private_key"\s{0,40}:\s{0,40}"-----BEGIN'
_HEAD = 1 << 16


def is_secret(path: str, *, is_folder: bool) -> bool:
    """Whether a file or a folder is left out for its name, or, where its name leaves that open, for what its head says."""
    name = os.path.basename(path)
    if is_folder:
        return name in _FOLDERS
    if name.endswith(".json") and not re.fullmatch(_NAMES, name):
        return bool(re.search(_ACCOUNT, _head(path)))
    if not re.fullmatch(_NAMES, name) or re.fullmatch(_SAMPLES, name):
        return False
    if name.endswith((".pem", ".key")):
        head = _head(path)
        return not re.search(_PUBLIC, head) or bool(re.search(_PRIVATE, head))
    return True


def _head(path: str) -> bytes:
    remembered(path)
    try:
        return read_head(path, _HEAD)
    except OSError:
        return b""  # whoever packs it says so
