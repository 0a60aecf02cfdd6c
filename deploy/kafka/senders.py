"""A sender on the cluster: the user of a company's system, which may use its own two topics and nothing else."""

import secrets
from dataclasses import dataclass, replace

from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login
from deploy.kafka.rules import of_sender, sender_user

SENT_BYTES_PER_SECOND = 256 * 1024
"""Some 600 records a second: more than any company brings in, and little enough for 500 senders to flood at once."""
READ_BYTES_PER_SECOND = 1024 * 1024
REQUEST_PERCENT = 20.0
"""Of one thread of the broker."""


class NoSuchSender(Exception):
    """This sender has no user on the cluster."""


@dataclass(frozen=True, slots=True)
class OnCluster:
    """A sender as the cluster knows it."""

    code: str
    sent_bytes_per_second: float
    read_bytes_per_second: float
    request_percent: float


async def admit(cluster: Cluster, code: str, sent_bytes_per_second: int = SENT_BYTES_PER_SECOND) -> Login | None:
    """Makes the user of a sender with its rules and limits; how it connects, or None when it had a user already.

    Of one that is there the rules and limits are put right. The password is kept nowhere.
    """
    user = sender_user(code, cluster.prefix)
    known = user in await cluster.users()
    wanted, held = of_sender(code, cluster.prefix), await cluster.rules(user)
    if held - wanted:
        await cluster.revoke(user)
    if held != wanted:
        await cluster.grant({user: wanted})
    limits: dict[str, float | None] = {
        "producer_byte_rate": float(sent_bytes_per_second),
        "consumer_byte_rate": float(READ_BYTES_PER_SECOND),
        "request_percentage": REQUEST_PERCENT,
    }
    await cluster.limit(user, limits)
    return None if known else await _with_new_password(cluster, user)


async def rotate(cluster: Cluster, code: str) -> Login:
    """Gives a sender another password; the old one opens no connection any more. Raises NoSuchSender."""
    user = sender_user(code, cluster.prefix)
    if user not in await cluster.users():
        raise NoSuchSender(f"There is no sender {code} on the cluster. Admit it first: sender add {code}.")
    return await _with_new_password(cluster, user)


async def dismiss(cluster: Cluster, code: str) -> bool:
    """Takes a sender's user, rules and limits away; its topics stay for as long as they keep. Whether it had a user."""
    user = sender_user(code, cluster.prefix)
    known = user in await cluster.users()
    await cluster.remove_user(user)
    return known


async def admitted(cluster: Cluster) -> list[OnCluster]:
    """Every sender that has a user, by code."""
    begin = sender_user("", cluster.prefix)
    found = []
    for user in sorted(await cluster.users()):
        if user.startswith(begin):
            limits = await cluster.limits(user)
            sent, read = limits.get("producer_byte_rate", 0.0), limits.get("consumer_byte_rate", 0.0)
            found.append(OnCluster(user.removeprefix(begin), sent, read, limits.get("request_percentage", 0.0)))
    return found


async def _with_new_password(cluster: Cluster, user: str) -> Login:
    password = secrets.token_urlsafe(24)
    await cluster.put_user(user, password)
    made = replace(cluster.login, user=user, password=password)
    await cluster.until_known(made)
    return made


def settings_of(code: str, login: Login, prefix: str = "") -> str:
    """What its developer needs, as `name=value` lines that clients read as they are."""
    lines = (
        f"bootstrap.servers={login.bootstrap}",
        f"security.protocol={login.protocol}",
        *(["ssl.ca.location=ca.pem"] if login.ca_file else []),
        "sasl.mechanism=SCRAM-SHA-512",
        f"sasl.username={login.user}",
        f"sasl.password={login.password}",
        f"group.id={sender_user(code, prefix)}",
        f"intake.topic={prefix}intake.contributions.{code}",
        f"receipts.topic={prefix}receipts.contributions.{code}",
    )
    return "\n".join(lines)
