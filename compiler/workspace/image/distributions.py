"""Which distribution brings a module, where its name says something else, and which modules come with Python."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping

DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "attr": ("attrs",),
    "bs4": ("beautifulsoup4",),
    "Bio": ("biopython",),
    "catboost": ("catboost",),
    "cairo": ("pycairo",),
    "community": ("python-louvain",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless", "opencv", "py-opencv"),
    "Crypto": ("pycryptodome", "pycrypto"),
    "Cryptodome": ("pycryptodomex",),
    "dateutil": ("python-dateutil",),
    "decouple": ("python-decouple",),
    "discord": ("discord-py",),
    "docx": ("python-docx",),
    "dotenv": ("python-dotenv",),
    "faiss": ("faiss-cpu", "faiss-gpu", "faiss"),
    "fitz": ("pymupdf",),
    "flask_cors": ("flask-cors",),
    "git": ("gitpython",),
    "github": ("pygithub",),
    "gi": ("pygobject",),
    "grpc": ("grpcio",),
    "hydra": ("hydra-core",),
    "IPython": ("ipython",),
    "jose": ("python-jose",),
    "jwt": ("pyjwt",),
    "kafka": ("kafka-python", "kafka-python-ng"),
    "kneed": ("kneed",),
    "ldap": ("python-ldap",),
    "Levenshtein": ("levenshtein", "python-levenshtein"),
    "lightning_fabric": ("lightning-fabric", "lightning"),
    "magic": ("python-magic", "python-magic-bin"),
    "markdown": ("markdown",),
    "memcache": ("python-memcached",),
    "MySQLdb": ("mysqlclient",),
    "mpl_toolkits": ("matplotlib",),
    "mysql": ("mysql-connector-python",),
    "nacl": ("pynacl",),
    "neptune": ("neptune", "neptune-client"),
    "numpy": ("numpy",),
    "OpenSSL": ("pyopenssl",),
    "osgeo": ("gdal",),
    "paho": ("paho-mqtt",),
    "past": ("future",),
    "PIL": ("pillow",),
    "pkg_resources": ("setuptools",),
    "prefect": ("prefect",),
    "pptx": ("python-pptx",),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "pylab": ("matplotlib",),
    "pythonjsonlogger": ("python-json-logger",),
    "pytorch_lightning": ("pytorch-lightning", "lightning"),
    "rest_framework": ("djangorestframework",),
    "ruamel": ("ruamel-yaml",),
    "sentence_transformers": ("sentence-transformers",),
    "serial": ("pyserial",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "skopt": ("scikit-optimize",),
    "sksurv": ("scikit-survival",),
    "slugify": ("python-slugify",),
    "snowflake": ("snowflake-connector-python", "snowflake-snowpark-python", "snowflake-sqlalchemy"),
    "socks": ("pysocks",),
    "speech_recognition": ("speechrecognition",),
    "tables": ("tables", "pytables"),
    "telegram": ("python-telegram-bot",),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos"),
    "torch": ("torch", "pytorch", "pytorch-cpu", "pytorch-gpu"),
    "umap": ("umap-learn",),
    "usb": ("pyusb",),
    "websocket": ("websocket-client",),
    "win32api": ("pywin32",),
    "wx": ("wxpython",),
    "xgboost": ("xgboost", "xgboost-cpu", "py-xgboost"),
    "xlsxwriter": ("xlsxwriter",),
    "yaml": ("pyyaml", "ruamel-yaml-conda"),
    "zmq": ("pyzmq",),
    "googleapiclient": ("google-api-python-client",),
    "google": ("google-cloud", "protobuf", "googleapis-common-protos", "google-generativeai"),
}  # fmt: skip
"""By the name of a module: the distributions that bring it, the usual one first, as `normal` writes them."""

_SHARED = frozenset(
    {
        "azure",
        "google",
        "opentelemetry",
        "airflow",
        "backports",
        "jaraco",
        "sphinxcontrib",
        "zope",
        "snowflake",
        "mysql",
    }
)
"""Modules whose parts many distributions bring, each called after its part."""

_GONE = frozenset({
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils", "imghdr", "imp", "lib2to3", "mailcap",
    "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
})  # fmt: skip
"""Modules of Python's own that only some of its versions have: which one runs the steps is the image's."""


def is_standard(module: str) -> bool:
    """Whether some Python has the module itself."""
    return module in sys.stdlib_module_names or module in _GONE


def normal(distribution: str) -> str:
    """The name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", distribution).strip("-").lower()


def is_named(parts: tuple[str, ...], named: Collection[str]) -> bool:
    """Whether one of the distributions, each as `normal` writes it, brings the module of these dotted parts, as far as names tell."""
    top = parts[0]
    if top in DISTRIBUTIONS:
        known: tuple[str, ...] = DISTRIBUTIONS[top]
    else:
        name = normal(top)
        known = (name, f"python-{name}", f"{name}-python", f"py{name}", f"py-{name}", f"{name}-py", f"{name}-binary")
    if not set(known).isdisjoint(named):
        return True
    return top in _SHARED and any(each.startswith(f"{top}-") for each in named)


def wanted(parts: tuple[str, ...]) -> str:
    """The distribution that usually brings a module."""
    top = parts[0]
    if top == "google" and parts[1:2] == ("protobuf",):
        return "protobuf"
    if top in _SHARED and len(parts) > 1:
        return normal("-".join(parts[:3]))
    return DISTRIBUTIONS.get(top, (normal(top),))[0]
