"""Data beside artifacts: `S3()` and `IncludeFile`.

May import: the client (for `S3(run=…)`), the language, artifacts, the store, the ground. Start reading in `s3`.
"""

from __future__ import annotations

from flowc.public_names import loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.datatools.s3 import S3 as S3
    from flowc.datatools.s3_object import MetaflowS3AccessDenied as MetaflowS3AccessDenied
    from flowc.datatools.s3_object import MetaflowS3Exception as MetaflowS3Exception
    from flowc.datatools.s3_object import MetaflowS3InsufficientDiskSpace as MetaflowS3InsufficientDiskSpace
    from flowc.datatools.s3_object import MetaflowS3InvalidObject as MetaflowS3InvalidObject
    from flowc.datatools.s3_object import MetaflowS3InvalidRange as MetaflowS3InvalidRange
    from flowc.datatools.s3_object import MetaflowS3NotFound as MetaflowS3NotFound
    from flowc.datatools.s3_object import MetaflowS3URLException as MetaflowS3URLException
    from flowc.datatools.s3_object import RangeInfo as RangeInfo
    from flowc.datatools.s3_object import S3GetObject as S3GetObject
    from flowc.datatools.s3_object import S3Object as S3Object
    from flowc.datatools.s3_object import S3PutObject as S3PutObject

_S3 = """
    S3 S3Object S3GetObject S3PutObject RangeInfo MetaflowS3Exception MetaflowS3AccessDenied MetaflowS3InsufficientDiskSpace
    MetaflowS3InvalidObject MetaflowS3InvalidRange MetaflowS3NotFound MetaflowS3URLException
"""

if not TYPE_CHECKING:  # type checkers know the names from above, and that there are no others
    __getattr__ = loader(__name__, {"flowc.datatools.s3": _S3})
    __all__ = list(_S3.split())
