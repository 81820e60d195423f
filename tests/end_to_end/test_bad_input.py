"""Whole cycles on bad files: the run ends green for the rest, and everything is counted somewhere."""

from pathlib import Path

from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.end_to_end.company import published, run

CONTACTS = "contact_id,first_name,email,phone,country,birth_date,updated_at,order,Select\n"
GOOD = "good,Zoë,zoe@mail.example,030 901820,DE,1990-02-03,2026-03-06T10:00:00Z,1,2\n"
UGLY_ROWS = [
    "twice,Old,old@mail.example,,,,2026-03-06T10:00:00Z,,\n",
    "twice,New,new@mail.example,,,,2026-03-07T10:00:00+02:00,,\n",
    ",NoKey,nokey@mail.example,,,,2026-03-06T10:00:00Z,,\n",
    "feb30,Ida,ida@mail.example,,,2026-02-30,2026-03-06T10:00:00Z,,\n",
    "alphabets,Ελένη Анна 山田 ليلى,élan@mail.example,٠٣٠ ٩٠١٨٢٠,DE,,2026-03-06T10:00:00Z,,\n",
    'quotes,"O\'Neil ""the"" one; drop table",x\'--@mail.example,,,,2026-03-06T10:00:00Z,,\n',
    "short,row\n",
]
ORDERS = (
    "order_id,total,currency,ordered_at\n"
    "1,12.50,EUR,2026-03-06T10:00:00Z\n"
    "2,1e400,EUR,2026-03-06T10:00:00Z\n"
    "3,a lot,EUR,2026-03-06T10:00:00Z\n"
    "4,12345678901234567890123456789012345678901234567890,EUR,2026-03-06T10:00:00Z\n"
    "5,9.99,QQQ,9999-12-31T00:00:00Z\n"
)
CONSENT = "consent_id,id_type,id_value,purpose,status\n1,e-mail,zoe@mail.example,marketing,denied\n"
EVENTS = (
    '{"message_id": "1", "type": "track", "anonymous_id": "a", "timestamp": "2026-03-06T10:00:00Z"}\n'
    "{broken\n"
    '{"message_id": "2", "type": "track", "anonymous_id": "a", "timestamp": "2999-01-01T00:00:00Z"}\n'
    '{"message_id": "3", "type": "identify", "user_id": "u", "anonymous_id": "a", "timestamp": "2026-03-06T10:00:00Z",'
    ' "traits": {"email": "zoe@mail.example"}}\n'
    "[]\n"
)


def write_ugly_files(landing: Path) -> None:
    """Every kind of trouble in a file of its own, beside good rows."""
    files: dict[str, bytes] = {
        "crm/contacts/good.csv": (CONTACTS + GOOD).encode(),
        "crm/contacts/ugly.csv": (CONTACTS + "".join(UGLY_ROWS)).encode(),
        "crm/contacts/latin.csv": (CONTACTS + "latin,Jürgen,j@mail.example,,,,2026-03-06T10:00:00Z,,\n").encode(
            "latin-1"
        ),
        "crm/contacts/empty.csv": b"",
        "crm/accounts/header.csv": b"account_id,name\n",
        "commerce/orders/orders.csv": ORDERS.encode(),
        "events/events/events.jsonl": EVENTS.encode(),
        "dmp/cookies/broken.parquet": b"PAR1 this is no Parquet",
        "consent/records/unknown.csv": CONSENT.encode(),
        "nowhere/table/file.csv": b"a\n1\n",
        "crm/contacts/half.csv.part": b"contact_id\nhalf",
    }
    for name, content in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_ugly_files(engine_settings: Settings) -> None:
    """Good rows arrive, the others are counted with their reason, and the run ends green."""
    write_ugly_files(engine_settings.landing_dir)
    said = run(engine_settings, "run").stdout

    assert "broken.parquet" in said, "a file that can't be read is named"
    assert "events.jsonl, line 2" in said, "a line that can't be read is named"
    with open_warehouse(engine_settings) as warehouse:
        staged = dict(warehouse.rows("select crm_contact_id, first_name from work_staging.stg_crm__contacts"))
        reasons = {
            (row[0], row[1]): row[2]
            for row in warehouse.rows("select table_name, row_key, reason from work_staging.quarantine")
        }
        unread = warehouse.rows(
            "select identifier_type from work_pii.identifier_forms where rejected_reason = 'unknown_type'"
        )
        lines = warehouse.rows("select count(*) from raw_onefolk.rejected_lines")[0][0]
    assert staged["good"] == "Zoë"
    assert staged["latin"] == "Jürgen"
    assert staged["twice"] == "New"
    assert staged["alphabets"] == "Ελένη Анна 山田 ليلى"
    assert "feb30" not in staged
    assert "2026-02-30" in reasons[("contacts", "feb30")]
    assert {key for table, key in reasons if table == "orders"} == {"2", "3", "4", "5"}
    assert ("events", "2") in reasons
    assert int(lines) == 3, "a short CSV row, a broken JSON line, and one that is no object"
    assert [row[0] for row in unread] == ["e-mail"]

    tables = published(engine_settings)
    assert len(tables["profiles.orders"]) == 1
    people = {row[1] for row in tables["identity.identifiers"]}
    assert len(people) == len(tables["profiles.profiles"])
