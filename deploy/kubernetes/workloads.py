"""What runs of each service: its schema's Job, a Deployment per role, and how others find and spare them."""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.kafka.rules import SERVICES
from deploy.kubernetes.catalogue import AUTOSCALER, CLUSTER, GROUPS, Manifest, named

PROJECT = Path(__file__).resolve().parents[2]
VERSION = "0.1.0"
IMAGE = f"speerpunt:{VERSION}"
USER = 10001
NOTICE_SECONDS = 10
"""Longer than it takes until every node has heard that a process is not ready any more."""
GRACE_SECONDS = 90
INTAKE_REPLICAS = 12
"""A topic of facts has twelve partitions: a thirteenth member would get none."""
LAG_PER_REPLICA = 2_000


@dataclass(frozen=True, slots=True)
class Size:
    """What one process asks for and may have."""

    cpu: str
    memory: str
    most_memory: str


SIZES = {"funding": Size("500m", "512Mi", "1Gi")}
SIZE = Size("200m", "256Mi", "512Mi")
"""Measured on a whole country: funding held 406 MiB at most, every other service 154 (docs/operations.md)."""


def loops(service: str) -> tuple[str, ...]:
    """The loops of a service, as its `__main__` names them."""
    tree = ast.parse((PROJECT / "services" / service / "__main__.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "loops":
            return tuple(ast.literal_eval(node.value))
    return ()


def roles(service: str) -> dict[str, str]:
    """What each Deployment of a service does. `http` is everywhere, because it says whether the process is well."""
    return {
        "web": "http,grpc",
        "consumer": "http,consumer",
        "loops": ",".join(("http", "relay", "housekeeper", *loops(service))),
    }


def of_service(service: str) -> list[Manifest]:
    """All manifests of a service but its network, its data and its certificate."""
    found = [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _meta(service, "migrate"),
            "automountServiceAccountToken": False,
        },
        _migration(service),
        {
            **named(
                "Service",
                "v1",
                service,
                {
                    "selector": _labels(service, "web"),
                    "ports": [
                        {"name": "http", "port": 8000, "targetPort": "http"},
                        {"name": "grpc", "port": 9000, "targetPort": "grpc"},
                    ],
                },
                "serve",
                {"app.kubernetes.io/name": service},
            )
        },
    ]
    for role, words in roles(service).items():
        found += [_deployment(service, role, words), _budget(service, role)]
    return found


def _meta(service: str, step: str) -> Manifest:
    return dict(named("", "", service, None, step, {"app.kubernetes.io/name": service})["metadata"])


def _labels(service: str, role: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": service, "app.kubernetes.io/component": role}


def _migration(service: str) -> Manifest:
    """Named after the version: a Job cannot be changed, and each version has its own."""
    address = f"postgresql://{service}_owner@{service}-db-rw:5432/{service}"
    environment = [
        {"name": "SPEERPUNT_APP_ROLE", "value": f"{service}_app"},
        {"name": "SPEERPUNT_OWNER_DATABASE_URL", "value": address},
        *_postgres(f"{service}-db-app"),
    ]
    container = _container(["services." + service, "migrate"], environment, Size("100m", "128Mi", "256Mi"))
    labels = _labels(service, "migrate")
    spec = {
        "backoffLimit": 6,
        "ttlSecondsAfterFinished": 7 * 24 * 3600,
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/part-of": "speerpunt", **labels}},
            "spec": {
                **_pod(service, [container], [{"secret": _only(f"{service}-db-ca", {"ca.crt": "postgres-ca.crt"})}]),
                "restartPolicy": "Never",
            },
        },
    }
    return named("Job", "batch/v1", f"{service}-migrate-{VERSION.replace('.', '-')}", spec, "migrate", labels)


def _deployment(service: str, role: str, words: str) -> Manifest:
    labels = _labels(service, role)
    address = f"postgresql://{service}_app@{service}-db-rw:5432/{service}"
    settings = {
        "SPEERPUNT_APP_ROLE": f"{service}_app",
        "SPEERPUNT_CLIENT_ID": service,
        "SPEERPUNT_KAFKA_USERNAME": service,
        "SPEERPUNT_DATABASE_URL": address,
        "SPEERPUNT_DRAIN_NOTICE_SECONDS": str(NOTICE_SECONDS if role == "web" else 0),
    }
    if service == "funding":
        settings["SPEERPUNT_SEAL_KEY_FILE"] = "/run/secrets/seal-key.pem"
    environment = [{"name": name, "value": value} for name, value in settings.items()]
    container = {
        **_container(
            [f"services.{service}", "--roles", words], environment + _postgres(f"{service}-app"), _size(service)
        ),
        "envFrom": [{"configMapRef": {"name": "settings"}}],
        "ports": [{"name": "http", "containerPort": 8000}]
        + ([{"name": "grpc", "containerPort": 9000}] if role == "web" else []),
        "startupProbe": {**_get("/livez"), "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {**_get("/livez"), "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
        "readinessProbe": {**_get("/readyz"), "periodSeconds": 2, "timeoutSeconds": 4, "failureThreshold": 1},
    }
    mounted = [
        {"secret": _only(f"{CLUSTER}-cluster-ca-cert", {"ca.crt": "kafka-ca.crt"})},
        {"secret": _only(service, {"password": "SPEERPUNT_KAFKA_PASSWORD"})},
        {"secret": _only(f"{service}-db-ca", {"ca.crt": "postgres-ca.crt"})},
        {"secret": _only(f"{service}-tls", {"ca.crt": "ca.crt", "tls.crt": "tls.crt", "tls.key": "tls.key"})},
        {"secret": {"name": f"{service}-secrets"}},
    ]
    spec = {
        "replicas": 2,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/part-of": "speerpunt", **labels}},
            "spec": {
                **_pod(service, [container], mounted),
                "terminationGracePeriodSeconds": GRACE_SECONDS,
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": labels},
                    }
                ],
            },
        },
    }
    scaled = {} if role == "loops" else {"speerpunt.example/scaled": "true"}
    return named("Deployment", "apps/v1", f"{service}-{role}", spec, "serve", {**labels, **scaled})


def _pod(service: str, containers: list[Manifest], mounted: list[Manifest]) -> Manifest:
    return {
        "serviceAccountName": service,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": containers,
        "volumes": [
            {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": mounted}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }


def _container(words: list[str], environment: list[Manifest], size: Size) -> Manifest:
    return {
        "name": "service",
        "image": IMAGE,
        "args": words,
        "env": environment,
        "resources": {
            "requests": {"cpu": size.cpu, "memory": size.memory},
            "limits": {"cpu": "2", "memory": size.most_memory},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "secrets", "mountPath": "/run/secrets", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }


def _size(service: str) -> Size:
    return SIZES.get(service, SIZE)


def _postgres(secret: str) -> list[Manifest]:
    """What PostgreSQL's clients read from their environment: whose password, and whose certificate is believed."""
    return [
        {"name": "PGPASSWORD", "valueFrom": {"secretKeyRef": {"name": secret, "key": "password"}}},
        {"name": "PGSSLMODE", "value": "verify-full"},
        {"name": "PGSSLROOTCERT", "value": "/run/secrets/postgres-ca.crt"},
    ]


def _only(name: str, items: dict[str, str]) -> Manifest:
    return {"name": name, "items": [{"key": key, "path": path} for key, path in items.items()]}


def _get(path: str) -> Manifest:
    return {"httpGet": {"path": path, "port": "http"}}


def _budget(service: str, role: str) -> Manifest:
    labels = _labels(service, role)
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    return named("PodDisruptionBudget", "policy/v1", f"{service}-{role}", spec, "serve", labels)


def scaling() -> list[Manifest]:
    """Consumers by what waits for them, doors by their work."""
    found = [_trigger_login()]
    for service in SERVICES:
        found.append(_by_work(service, "web"))
        found.append(_by_lag(service) if service in GROUPS else _by_work(service, "consumer"))
    return found


def _trigger_login() -> Manifest:
    spec = {
        "configMapTargetRef": [{"parameter": "username", "name": "settings", "key": "AUTOSCALER_KAFKA_USERNAME"}],
        "secretTargetRef": [
            {"parameter": "password", "name": AUTOSCALER, "key": "password"},
            {"parameter": "ca", "name": f"{CLUSTER}-cluster-ca-cert", "key": "ca.crt"},
        ],
    }
    return named("TriggerAuthentication", "keda.sh/v1alpha1", AUTOSCALER, spec, "serve")


def _by_lag(service: str) -> Manifest:
    triggers: list[Any] = [
        {
            "type": "kafka",
            "authenticationRef": {"name": AUTOSCALER},
            "metadata": {
                "bootstrapServers": f"{CLUSTER}-kafka-bootstrap:9093",
                "sasl": "scram_sha512",
                "tls": "enable",
                "consumerGroup": group,
                "lagThreshold": str(LAG_PER_REPLICA),
                "offsetResetPolicy": "earliest",
            },
        }
        for group in GROUPS[service]
    ]
    spec = {
        "scaleTargetRef": {"name": f"{service}-consumer"},
        "minReplicaCount": 2,
        "maxReplicaCount": INTAKE_REPLICAS,
        "cooldownPeriod": 300,
        "triggers": triggers,
    }
    return named("ScaledObject", "keda.sh/v1alpha1", f"{service}-consumer", spec, "serve")


def _by_work(service: str, role: str) -> Manifest:
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{service}-{role}"},
        "minReplicas": 2,
        "maxReplicas": 6,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            }
        ],
    }
    return named("HorizontalPodAutoscaler", "autoscaling/v2", f"{service}-{role}", spec, "serve")
