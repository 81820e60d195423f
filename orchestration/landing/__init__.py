"""Landing: files become raw tables, each file exactly once, whatever the files hold and whenever it is killed."""

from orchestration.landing.contract import ContractError, RawTable, ensure_tables, load_contract, load_own_tables
from orchestration.landing.discovery import LandingFile
from orchestration.landing.land import land, pending_files
from orchestration.landing.report import LandingReport, TableReport
from orchestration.landing.salt import ensure_salt

__all__ = [
    "ContractError",
    "LandingFile",
    "LandingReport",
    "RawTable",
    "TableReport",
    "ensure_salt",
    "ensure_tables",
    "land",
    "load_contract",
    "load_own_tables",
    "pending_files",
]
