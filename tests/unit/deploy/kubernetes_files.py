"""The manifests as they stand, and what would be wrong with one."""

import json
import re
import shutil
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

PROJECT = Path(__file__).resolve().parents[3]
FOLDER = PROJECT / "deploy" / "kubernetes"
OVERLAYS = ("trial", "production")
SCHEMAS = "v1.34.0"
OF_KUBERNETES = re.compile(r"^(v1|apps/v1|batch/v1|policy/v1|autoscaling/v2|networking\.k8s\.io/v1)$")
PINNED = re.compile(r"^([a-z0-9.-]+/)*[a-z0-9-]+:\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?$")
SECRET = re.compile(r"pass(word)?$|secret|token$|api_?key", re.IGNORECASE)
STEPS = {"data", "migrate", "serve"}
DRAIN_SECONDS = 10.0
"""What a role has to finish, as the settings say."""

Manifest = dict[str, Any]


def manifests(path: Path) -> list[Manifest]:
    """All that a file, or a folder with a kustomization, consists of, before any patch."""
    if path.is_dir():
        listed = yaml.safe_load((path / "kustomization.yaml").read_text(encoding="utf-8"))
        parts = [*listed.get("resources", ()), *listed.get("components", ())]
        return [each for part in parts for each in manifests((path / part).resolve())]
    return [each for each in _documents(path.read_text(encoding="utf-8")) if each]


def _documents(text: str) -> list[Manifest]:
    return list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def renderer() -> list[str] | None:
    """What renders a kustomization on this machine, if anything does."""
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    return ["kustomize", "build"] if shutil.which("kustomize") else None


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """An overlay as a cluster would be given it."""
    command = renderer()
    assert command is not None
    made = subprocess.run([*command, str(FOLDER / "overlays" / overlay)], check=True, capture_output=True, text=True)
    return tuple(each for each in _documents(made.stdout) if each)


def name(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def faults(manifest: Manifest) -> list[str]:
    """What is wrong with one manifest."""
    wrong = []
    if OF_KUBERNETES.match(manifest["apiVersion"]):
        wrong += _schema_faults(manifest)
    labels = manifest["metadata"].get("labels", {})
    if manifest["kind"] != "Namespace" and manifest["metadata"].get("namespace") != "speerpunt":
        wrong.append("it is in no namespace of ours")
    if labels.get("speerpunt.example/step") not in STEPS or labels.get("app.kubernetes.io/part-of") != "speerpunt":
        wrong.append("its labels do not say what it is part of and when it is applied")
    if manifest["kind"] == "Secret":
        wrong.append("a secret is in the files")
    if re.search(r"://[^/\s:\"]+:[^/\s@\"]+@", json.dumps(manifest)):
        wrong.append("an address holds a password")
    if manifest["kind"] == "ConfigMap":
        wrong += [f"{key} is a secret" for key in manifest["data"] if SECRET.search(key)]
    if pod := manifest.get("spec", {}).get("template", {}).get("spec"):
        wrong += _pod_faults(pod, serves=manifest["kind"] == "Deployment")
    if manifest["kind"] == "Deployment" and manifest["spec"].get("strategy", {}).get("rollingUpdate") != {
        "maxSurge": 1,
        "maxUnavailable": 0,
    }:
        wrong.append("while it is replaced there are fewer than before")
    return wrong


def _schema_faults(manifest: Manifest) -> list[str]:
    api = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", manifest["apiVersion"])
    try:
        errors = _validator(f"{manifest['kind'].lower()}-{api}").iter_errors(manifest)
    except FileNotFoundError:
        return [f"{SCHEMAS} has no {manifest['kind']} in {manifest['apiVersion']}"]
    return [f"{SCHEMAS} does not take it: {error.message}" for error in errors]


@cache
def _validator(kind: str) -> Draft202012Validator:
    """That of the package kubernetes-validate, which reads its 2 MB of definitions anew for each manifest."""
    schema = json.loads((_schemas() / f"{kind}.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, registry=Resource.from_contents(schema) @ _definitions())


@cache
def _definitions() -> Registry[Any]:
    contents = json.loads((_schemas() / "_definitions.json").read_text(encoding="utf-8"))
    return Resource.from_contents(contents) @ Registry()


def _schemas() -> Path:
    return Path(str(files("kubernetes_validate"))) / "kubernetes-json-schema" / f"{SCHEMAS}-local-strict"


def _pod_faults(pod: Manifest, *, serves: bool) -> list[str]:
    wrong = [f"it uses the machine's {each}" for each in ("hostNetwork", "hostPID", "hostIPC") if pod.get(each)]
    if any("hostPath" in volume for volume in pod.get("volumes", ())):
        wrong.append("it uses the machine's files")
    if pod.get("automountServiceAccountToken") is not False:
        wrong.append("it is given a token of the cluster")
    who = pod.get("securityContext", {})
    if who.get("runAsNonRoot") is not True or not who.get("runAsUser"):
        wrong.append("it may run as root")
    if who.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        wrong.append("it may make any system call")
    for container in pod["containers"]:
        wrong += _container_faults(container)
        notice = [float(each["value"]) for each in container.get("env", ()) if each["name"].endswith("_NOTICE_SECONDS")]
        if serves and not {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys():
            wrong.append("nobody asks for its health")
        if serves and pod.get("terminationGracePeriodSeconds", 30) < sum(notice) + 5 * DRAIN_SECONDS:
            wrong.append("it is killed before it can have ended")
    return wrong


def _container_faults(container: Manifest) -> list[str]:
    wrong = []
    if not PINNED.match(container["image"]):
        wrong.append("its image is not pinned to a version")
    rights = container.get("securityContext", {})
    if rights.get("readOnlyRootFilesystem") is not True:
        wrong.append("its file system is writable")
    if rights.get("allowPrivilegeEscalation") is not False or rights.get("capabilities") != {"drop": ["ALL"]}:
        wrong.append("it keeps rights that it does not need")
    resources = container.get("resources", {})
    if not {"cpu", "memory"} <= resources.get("requests", {}).keys() or "memory" not in resources.get("limits", {}):
        wrong.append("it says not what it needs, or is not bounded")
    wrong += [
        f"{each['name']} is a secret in the file"
        for each in container.get("env", ())
        if SECRET.search(each["name"]) and "value" in each and not each["name"].endswith(("_FILE", "_URL"))
    ]
    return wrong
