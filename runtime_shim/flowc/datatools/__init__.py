"""Data beside artifacts: `S3()` and `IncludeFile`.

May import: the client (for `S3(run=…)`), the language, artifacts, the store, the ground. Start reading in `s3`.
"""

from __future__ import annotations

from flowc.public_names import loader

_S3 = """
    S3 S3Object S3GetObject S3PutObject RangeInfo MetaflowS3Exception MetaflowS3AccessDenied MetaflowS3InsufficientDiskSpace
    MetaflowS3InvalidObject MetaflowS3InvalidRange MetaflowS3NotFound MetaflowS3URLException
"""
__getattr__ = loader(__name__, {"flowc.datatools.s3": _S3})
__all__ = list(_S3.split())  # pyright: ignore[reportUnsupportedDunderAll]  # the table says it once
