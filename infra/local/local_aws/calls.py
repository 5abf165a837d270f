"""What a request to AWS asks for, told from its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

# `Credential=KEY/20261123/eu-west-1/SERVICE/aws4_request`
_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/aws4_request")
_S3 = {"PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject", "POST": "PostObject"}


@dataclass(frozen=True)
class Call:
    """A service as the name in credentials, an operation as the name in the API."""

    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"

    @classmethod
    def of(cls, environ: dict, body: bytes) -> Call:
        signed = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = signed.group(1) if signed else "unsigned"
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target:
            return cls(service, target.rsplit(".", 1)[-1])
        if service == "s3":
            return cls(service, _s3_operation(environ))
        action = parse_qs(body.decode("utf-8", "replace")).get("Action", ["unknown"])
        return cls(service, action[0])


def _s3_operation(environ: dict) -> str:
    method = environ["REQUEST_METHOD"]
    if method != "GET":
        return _S3.get(method, method)
    # `/bucket` is a listing, `/bucket/key` an object.
    return "GetObject" if environ["PATH_INFO"].strip("/").count("/") else "ListObjectsV2"
