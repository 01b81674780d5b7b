"""S3 by the standard library alone: credentials, signatures, requests on kept-alive connections, objects of any size.

May import: the ground and `flowc.store.protocol`. Start reading in `objects`, then `requests`; who one is begins in `credentials`.
"""
