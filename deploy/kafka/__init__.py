"""Who may do what on the Kafka cluster, embedded or not: users, rules and limits, derived from what topics declare."""
