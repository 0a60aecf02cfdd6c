"""What of notifications goes along in the archive of a region."""

from runtime.archive import Plan

PLAN = Plan("notifications", also={"consortia": "consortium_id = $1"})
