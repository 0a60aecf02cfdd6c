"""The guide for a company's developer says what the services do: its examples are read, its codes are all there are."""

import json
import re
from pathlib import Path

from deploy.kafka.login import Login
from deploy.kafka.rules import sender_user
from deploy.kafka.senders import SENT_BYTES_PER_SECOND, settings_of
from services.funding.domain.intake import Record, parse
from services.funding.events import ContributionReceipt

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = (PROJECT / "docs" / "guide-for-company-systems.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]


def test_the_record_of_the_guide_is_one_the_intake_reads() -> None:
    assert isinstance(parse(EXAMPLES[0]), Record)


def test_the_settings_of_the_guide_are_those_that_a_sender_is_given() -> None:
    [shown] = re.findall(r"```properties\n(.*?)```", GUIDE, re.DOTALL)
    login = Login("kafka.region.example:9093", sender_user("acme"), "...", "SASL_SSL", Path("ca.pem"))
    assert shown.strip() == settings_of("acme", login)
    assert f"{SENT_BYTES_PER_SECOND // 1024} KB a second" in GUIDE


def test_the_guide_names_every_field_of_a_record_and_no_other() -> None:
    fields = {field.alias or name for name, field in Record.model_fields.items()}
    table = GUIDE[GUIDE.index("| field |") : GUIDE.index("Send no rate")]
    first_columns = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([a-zA-Z]+)`", first_columns))
    assert named == fields


def test_the_receipt_of_the_guide_is_one_we_send() -> None:
    assert ContributionReceipt.model_validate(EXAMPLES[1]).outcome == "refused"


def test_the_guide_explains_every_code_that_a_record_can_be_refused_with() -> None:
    table = GUIDE[GUIDE.index("| code |") : GUIDE.index("## 4.")]
    explained = set(re.findall(r"`([a-z]+(?:-[a-z]+)+|malformed)`", table))
    source = "".join(
        path.read_text(encoding="utf-8") for path in sorted((PROJECT / "services" / "funding").rglob("*.py"))
    )
    assert len(explained) == 26
    missing = {code for code in explained if f'"{code}"' not in source}
    assert not missing, f"the guide explains codes that nothing sends: {sorted(missing)}"
