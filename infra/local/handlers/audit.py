"""A function with the audit lines as the documents have them, for the test of the runtimes."""

import json
import logging
from datetime import UTC, datetime

OWNERS = {"veh-1": "5f0c1b7e-ann", "veh-2": "83d2a9c4-bob"}


def audit(event, request, **fields):
    context = request["requestContext"]
    line = {
        "timestamp": datetime.now(UTC).isoformat(),
        "event": event,
        "request_id": context["requestId"],
        "source_ip": context["identity"]["sourceIp"],
        "user_agent": context["identity"]["userAgent"],
        "sub": context.get("authorizer", {}).get("claims", {}).get("sub"),
    }
    print(json.dumps(line | fields))


def handler(request, _):
    caller = request["requestContext"]["authorizer"]["claims"]["sub"]
    vehicle = {"id": request["pathParameters"]["id"], "owner_sub": OWNERS[request["pathParameters"]["id"]]}

    audit(
        "vehicle.read",
        request,
        resource_type="vehicle",
        resource_id=vehicle["id"],
        owner_sub=vehicle["owner_sub"],
        decision="allow" if vehicle["owner_sub"] == caller else "deny",
    )

    return {"statusCode": 200 if vehicle["owner_sub"] == caller else 403}


# What else an application may do.
def line(request):
    context = request["requestContext"]
    return {
        "event": "vehicle.read",
        "request_id": context["requestId"],
        "resource_id": request["pathParameters"]["id"],
        "decision": "deny",
    }


def logged(request, _):
    logging.info(json.dumps(line(request)))


def warning(request, _):
    logging.getLogger("fleet.vehicles").warning(json.dumps(line(request)))


def object(request, _):
    logging.info(line(request))


def extra(request, _):
    logging.info("vehicle read", extra=line(request))


def caught(request, _):
    logging.error("stored after all: %s", KeyError("reset"))
