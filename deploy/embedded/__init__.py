"""Real PostgreSQL and Apache Kafka with nothing but Python: how demo, tests and developers run the system.

`from deploy.embedded.supervisor import Stack` is the way in.
"""
