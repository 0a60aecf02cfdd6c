"""What of activities goes along in the archive of a region."""

from runtime.archive import Plan

PLAN = Plan("activities", also={"consortia": "consortium_id = $1"})
