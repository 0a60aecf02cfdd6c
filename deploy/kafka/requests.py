"""The requests of Kafka's protocol that administer users, rules and limits, and that aiokafka does not send itself.

Each is the one version that Kafka 4 speaks, as its message definitions have it (docs/decisions/0110).
"""

# mypy: disable-error-code="misc"
# The classes of aiokafka.protocol are untyped to us.

from typing import Any

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Float64,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

NO_TAGS: dict[int, bytes] = {}


class CreateAcls(Request[CreateAclsRequest_v1]):
    """Makes rules: (resource type, name, pattern type, principal, host, operation, permission) each."""

    API_KEY = 30

    def __init__(self, rules: list[tuple[Any, ...]]) -> None:
        self._rules = rules

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class(self._rules)


class DeleteAcls(Request[DeleteAclsRequest_v1]):
    """Removes the rules that match: the same fields as when they are made, None and `any` for all."""

    API_KEY = 31

    def __init__(self, filters: list[tuple[Any, ...]]) -> None:
        self._filters = filters

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        return request_struct_class(self._filters)


class AlterClientQuotasAnswer(Response):
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
            ),
        ),
    )


class AlterClientQuotasStruct(RequestStruct):
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = AlterClientQuotasAnswer
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class AlterClientQuotas(Request[AlterClientQuotasStruct]):
    """Sets or removes limits of a user: (limit, value, whether to remove it) each."""

    API_KEY = 49

    def __init__(self, user: str, limits: list[tuple[str, float, bool]]) -> None:
        self._user, self._limits = user, limits

    def build(self, request_struct_class: type[AlterClientQuotasStruct]) -> AlterClientQuotasStruct:
        return request_struct_class([([("user", self._user)], self._limits)], False)


class DescribeUserScramCredentialsAnswer(Response):
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", CompactString("utf-8")),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("credential_infos", CompactArray(("mechanism", Int8), ("iterations", Int32), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class DescribeUserScramCredentialsStruct(RequestStruct):
    API_KEY = 50
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = DescribeUserScramCredentialsAnswer
    SCHEMA = Schema(
        ("users", CompactArray(("name", CompactString("utf-8")), ("tags", TaggedFields))), ("tags", TaggedFields)
    )


class DescribeUsers(Request[DescribeUserScramCredentialsStruct]):
    """Asks which users there are, not their passwords: nobody has those."""

    API_KEY = 50

    def build(
        self, request_struct_class: type[DescribeUserScramCredentialsStruct]
    ) -> DescribeUserScramCredentialsStruct:
        return request_struct_class(None, NO_TAGS)


class AlterUserScramCredentialsAnswer(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUserScramCredentialsStruct(RequestStruct):
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = AlterUserScramCredentialsAnswer
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterUsers(Request[AlterUserScramCredentialsStruct]):
    """Removes users (name, mechanism) and makes users (name, mechanism, iterations, salt, salted password)."""

    API_KEY = 51

    def __init__(self, gone: list[tuple[str, int]], made: list[tuple[str, int, int, bytes, bytes]]) -> None:
        self._gone, self._made = gone, made

    def build(self, request_struct_class: type[AlterUserScramCredentialsStruct]) -> AlterUserScramCredentialsStruct:
        gone = [(*each, NO_TAGS) for each in self._gone]
        return request_struct_class(gone, [(*each, NO_TAGS) for each in self._made], NO_TAGS)
