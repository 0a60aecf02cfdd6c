"""What of funding goes along in the archive of a region.

The chain of the books comes along as it was sealed, under the name of the region it was first taken of, and goes on
under that name: so one verification covers all of it. Documents that are kept in a folder are not in it.
"""

from runtime.archive import Plan

OF_REGION = "consortium_id = $1"

PLAN = Plan(
    "funding",
    also={
        "allocations_to_come": OF_REGION,
        "commitments_to_expire": OF_REGION,
        "consortia": OF_REGION,
        "mandates": OF_REGION,
        "seal_keys": "key_id IN (SELECT key_id FROM ledger_seals WHERE consortium_id = $1)",
        "senders": "code IN (SELECT sender FROM mandates WHERE consortium_id = $1)",
        "statements_to_remind": OF_REGION,
    },
    left_out={
        "contribution_drafts": "a company's own until it is declared; nobody else is shown it, nor the office",
        "fingerprints": "of all regions; what the region claimed is added again out of its own claims",
        "position_months": "added up again from the contributions, as they are loaded",
        "position_moves": "as position_months",
        "position_news": "as position_months",
        "position_totals": "as position_months",
        "reporting_news": "announced again by the rules and grants, as they are loaded",
        "unsealed_entries": "filled again by the journal, and emptied of what is sealed",
    },
    order={"journal_entries": "entry_no", "receipts": "receipt_no"},
    later={"period_closings": "journal_entries"},
    by_itself=frozenset({("receipts", "written_in")}),
    after=(
        "DELETE FROM unsealed_entries AS waiting USING sealed_entries AS sealed WHERE waiting.consortium_id = $1"
        " AND sealed.consortium_id = $1 AND sealed.entry_id = waiting.entry_id",
        "SELECT add_fingerprints(array_agg(fingerprint), array_agg(place)) FROM fingerprint_claims"
        " WHERE consortium_id = $1",
    ),
)
