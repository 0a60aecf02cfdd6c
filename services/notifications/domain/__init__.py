"""The rules of notifications: what stands in the planning, who is told what and when, and what may be sent again."""
