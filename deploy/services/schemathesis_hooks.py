"""What schemathesis has to know of Antler's API beyond the document: how lines of JSON and archives are written.

Invariant: what it draws for a body is sent as it is drawn. It judges no answer.
"""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/x-tar")
def as_drawn(context, value):
    value = getattr(value, "data", value)
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return json.dumps(value).encode()
