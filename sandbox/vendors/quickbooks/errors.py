"""Intuit's error bodies."""

from __future__ import annotations

from sandbox.engine.world import Answer, Call, World

TID = "1-6740b3aa-00000000000000000000cafe"


def refuse(world: World, call: Call, status: int) -> Answer:
    """Intuit's body for an error status: that of the token endpoint, of the gateway (401, 403), or of the
    service."""
    if call.path.startswith("/oauth2/"):
        return Answer(status, {"error": "invalid_client" if status == 401 else "temporarily_unavailable"})
    if status == 401:
        return _gateway(
            401, "3200", "AuthenticationFailed", "Token expired or is malformed", "AUTHENTICATION"
        )
    if status == 403:
        return _gateway(
            403,
            "3100",
            "ApplicationAuthorizationFailed",
            "The app is not connected to this company",
            "AUTHORIZATION",
        )
    if status == 429:
        return fault(
            429,
            "3001",
            "message=ThrottleExceeded; errorCode=003001; statusCode=429",
            "The request limit was reached.",
            "SERVICE",
        )
    if status == 404:
        return Answer(404, b"<html><body>404 Not Found</body></html>", content_type="text/html")
    return fault(
        status,
        "10000",
        "An application error has occurred while processing your request",
        "System Failure Error",
        "SystemFault",
    )


def _gateway(status: int, code: str, name: str, detail: str, kind: str) -> Answer:
    error = {
        "message": f"message={name}; errorCode=00{code}; statusCode={status}",
        "detail": detail,
        "code": code,
        "element": None,
    }
    return Answer(
        status,
        {
            **{
                "warnings": None,
                "intuitObject": None,
                "fault": {"error": [error], "type": kind},
                "report": None,
                "queryResponse": None,
            },
            **{
                "batchItemResponse": [],
                "attachableResponse": [],
                "syncErrorResponse": None,
                "requestId": None,
            },
            **{"time": 1794389401000, "status": None, "cdcresponse": []},
        },
        {"intuit_tid": TID},
    )


def fault(status: int, code: str, message: str, detail: str, kind: str = "ValidationFault") -> Answer:
    error = {"Message": message, "Detail": detail, "code": code}
    return Answer(
        status,
        {"Fault": {"Error": [error], "type": kind}, "time": "2026-11-20T05:20:00.125-08:00"},
        {"intuit_tid": TID},
    )


class Refused(Exception):
    """An answer other than success, raised from wherever it is noticed."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def invalid(detail: str, code: str = "4001") -> Refused:
    return Refused(fault(400, code, "Invalid query" if code == "4001" else "Error parsing query", detail))
