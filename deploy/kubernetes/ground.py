"""What services stand on: their databases, their certificates, and a network that lets nobody through unasked."""

from typing import Any

from deploy.kafka.rules import SERVICES
from deploy.kubernetes.catalogue import CLUSTER, NAMESPACE, Manifest, named

CALLS = {
    "partners": (),
    "funding": ("partners",),
    "activities": ("funding", "partners"),
    "notifications": ("partners",),
    "dashboard": ("partners", "funding", "activities", "notifications", "dashboard"),
}
"""Whom each service asks over gRPC."""
POSTGRES = "ghcr.io/cloudnative-pg/postgresql:18.1-standard-bookworm"
OURS = {"app.kubernetes.io/part-of": "speerpunt"}


def databases() -> list[Manifest]:
    """A cluster for each service: one that is busy or full stops no other."""
    return [_database(service) for service in SERVICES]


def _database(service: str) -> Manifest:
    app, owner = f"{service}_app", f"{service}_owner"
    spec: dict[str, Any] = {
        "instances": 1,
        "imageName": POSTGRES,
        "bootstrap": {
            "initdb": {
                "database": service,
                "owner": owner,
                "encoding": "UTF8",
                "localeProvider": "builtin",
                "builtinLocale": "C.UTF-8",
                "localeCollate": "C",
                "localeCType": "C",
                "dataChecksums": True,
                "postInitApplicationSQL": [
                    f'CREATE ROLE "{app}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
                    f'REVOKE ALL ON DATABASE "{service}" FROM PUBLIC',
                    f'GRANT CONNECT ON DATABASE "{service}" TO "{app}"',
                ],
            }
        },
        "managed": {
            "roles": [{"name": app, "ensure": "present", "login": True, "passwordSecret": {"name": f"{service}-app"}}]
        },
        "postgresql": {"parameters": {"max_connections": "300", "timezone": "UTC", "shared_buffers": "256MB"}},
        "storage": {"size": "40Gi" if service == "funding" else "10Gi"},
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
        "affinity": {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "preferred",
            "topologyKey": "kubernetes.io/hostname",
        },
    }
    return named("Cluster", "postgresql.cnpg.io/v1", f"{service}-db", spec, "data", {"app.kubernetes.io/name": service})


def certificates() -> list[Manifest]:
    """An authority of this installation, and a certificate in the name of each service."""
    found = [
        named("Issuer", "cert-manager.io/v1", "nobody", {"selfSigned": {}}, "data"),
        named(
            "Certificate",
            "cert-manager.io/v1",
            "authority",
            {
                "isCA": True,
                "commonName": "Speerpunt",
                "secretName": "authority-tls",
                "duration": "87600h",
                "privateKey": {"algorithm": "ECDSA", "size": 256},
                "issuerRef": {"name": "nobody", "kind": "Issuer"},
            },
            "data",
        ),
        named("Issuer", "cert-manager.io/v1", "authority", {"ca": {"secretName": "authority-tls"}}, "data"),
    ]
    for service in SERVICES:
        spec = {
            "secretName": f"{service}-tls",
            "commonName": service,
            "dnsNames": [service, f"{service}.{NAMESPACE}", f"{service}.{NAMESPACE}.svc"],
            "usages": ["server auth", "client auth"],
            "duration": "2160h",
            "renewBefore": "720h",
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"name": "authority", "kind": "Issuer"},
        }
        found.append(named("Certificate", "cert-manager.io/v1", service, spec, "data"))
    return found


def networks() -> list[Manifest]:
    """Nobody may anything, but: names are looked up, services reach what is theirs, callers those whom they call."""
    found = [
        _policy("default-deny", {}, "Ingress", "Egress"),
        _policy("names", {}, "Egress", egress=[_to(None, (53, "UDP"), (53, "TCP"))]),
        _policy(
            "kafka",
            {"strimzi.io/cluster": CLUSTER},
            "Egress",
            egress=[{"to": [_pods({"strimzi.io/cluster": CLUSTER})]}, _to(None, (443, "TCP"), (6443, "TCP"))],
        ),
    ]
    for service in SERVICES:
        found += _of(service)
    return found


def _of(service: str) -> list[Manifest]:
    mine, database = {"app.kubernetes.io/name": service}, {"cnpg.io/cluster": f"{service}-db"}
    web = {**mine, "app.kubernetes.io/component": "web"}
    callers = [each for each in SERVICES if service in CALLS[each]]
    out = [
        _to([_pods(database)], (5432, "TCP")),
        _to([_pods({"strimzi.io/cluster": CLUSTER})], (9093, "TCP")),
        _to(None, (443, "TCP")),
        _to([_space("monitoring")], (4317, "TCP")),
    ]
    out += [_to([_pods({"app.kubernetes.io/name": each, **OURS})], (9000, "TCP")) for each in CALLS[service]]
    if service == "notifications":
        out.append(_to(None, (587, "TCP")))
    came = [{"from": [_space("ingress")], "ports": _ports((8000, "TCP"))}]
    if callers:
        sources = [_pods({"app.kubernetes.io/name": each, **OURS}) for each in callers]
        came.append({"from": sources, "ports": _ports((9000, "TCP"))})
    return [
        _policy(service, {**mine, **OURS}, "Egress", egress=out),
        _policy(f"{service}-web", {**web, **OURS}, "Ingress", ingress=came),
        _policy(
            f"{service}-db",
            database,
            "Ingress",
            "Egress",
            ingress=[
                {"from": [_pods({**mine, **OURS}), _pods(database)], "ports": _ports((5432, "TCP"), (8000, "TCP"))},
                {"from": [_space("cnpg-system")], "ports": _ports((5432, "TCP"), (8000, "TCP"))},
            ],
            egress=[
                _to([_pods(database)], (5432, "TCP"), (8000, "TCP")),
                _to(None, (443, "TCP"), (6443, "TCP")),
            ],
        ),
    ]


def _policy(name: str, pods: dict[str, str], *kinds: str, **rules: list[Manifest]) -> Manifest:
    spec = {"podSelector": {"matchLabels": pods} if pods else {}, "policyTypes": list(kinds), **rules}
    return named("NetworkPolicy", "networking.k8s.io/v1", name, spec, "data")


def _pods(labels: dict[str, str]) -> Manifest:
    return {"podSelector": {"matchLabels": labels}}


def _space(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _to(targets: list[Manifest] | None, *ports: tuple[int, str]) -> Manifest:
    return {**({"to": targets} if targets else {}), "ports": _ports(*ports)}


def _ports(*ports: tuple[int, str]) -> list[Manifest]:
    return [{"port": port, "protocol": protocol} for port, protocol in ports]
