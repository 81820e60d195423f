"""What of Klaviyo is asked: paths, rate limits and scopes, as the description of the pinned revision has them."""

from dataclasses import dataclass

from orchestration.activation.connections import Connection

REVISION = "2026-07-15"
# Of the answers that come in pages.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing to ask, as Klaviyo's description of the revision has it.

    `{id}` in the path is filled in; `burst` and `steady` are requests in a second and in a minute; `scopes` are what
    the key must have; `success` is the one status that means it was done; `kind` is what is answered.
    """

    method: str
    path: str
    burst: int
    steady: int
    success: int
    scopes: tuple[str, ...]
    kind: str = ""

    def rates(self) -> Connection:
        """How fast it may be asked, as a connection says it."""
        rates = [{"requests": self.burst, "seconds": 1}, {"requests": self.steady, "seconds": 60}]
        return Connection.model_validate({"type": "klaviyo", "rate": rates})


_READ, _WRITE = ("lists:read", "profiles:read"), ("lists:write", "profiles:write")
_IMPORTS, _SUPPRESS = "/api/profile-bulk-import-jobs", "/api/profile-suppression-bulk-create-jobs"
_LIFT, _LISTS = "/api/profile-suppression-bulk-delete-jobs", "/api/lists"
_IMPORT, _SUPPRESSING, _LIFTING = (path[len("/api/") : -1] for path in (_IMPORTS, _SUPPRESS, _LIFT))

START_IMPORT = Endpoint("POST", _IMPORTS, 10, 150, 202, _WRITE, _IMPORT)
SEE_IMPORT = Endpoint("GET", f"{_IMPORTS}/{{id}}", 10, 150, 200, _READ, _IMPORT)
SEE_IMPORT_ERRORS = Endpoint(
    "GET", f"{_IMPORTS}/{{id}}/import-errors", 10, 150, 200, ("profiles:read",), "import-error"
)
FIND_PROFILES = Endpoint("GET", "/api/profiles", 75, 750, 200, ("profiles:read",), "profile")
FIND_LISTS = Endpoint("GET", _LISTS, 75, 750, 200, ("lists:read",), "list")
SEE_LIST = Endpoint("GET", f"{_LISTS}/{{id}}", 75, 750, 200, ("lists:read",), "list")
MAKE_LIST = Endpoint("POST", _LISTS, 10, 150, 201, ("lists:write",), "list")
FIND_MEMBERS = Endpoint("GET", f"{_LISTS}/{{id}}/profiles", 75, 750, 200, _READ, "profile")
REMOVE_MEMBERS = Endpoint("DELETE", f"{_LISTS}/{{id}}/relationships/profiles", 10, 150, 204, _WRITE)
SUPPRESS = Endpoint("POST", _SUPPRESS, 75, 750, 202, ("profiles:write", "subscriptions:write"), _SUPPRESSING)
SEE_SUPPRESSING = Endpoint("GET", f"{_SUPPRESS}/{{id}}", 75, 750, 200, ("subscriptions:read",), _SUPPRESSING)
LIFT = Endpoint("POST", _LIFT, 75, 750, 202, ("subscriptions:write",), _LIFTING)
SEE_LIFTING = Endpoint("GET", f"{_LIFT}/{{id}}", 75, 750, 200, ("subscriptions:read",), _LIFTING)
RECORD_EVENT = Endpoint("POST", "/api/events", 350, 3500, 202, ("events:write",))
DELETE_PERSON = Endpoint("POST", "/api/data-privacy-deletion-jobs", 3, 60, 202, ("data-privacy:write",))
