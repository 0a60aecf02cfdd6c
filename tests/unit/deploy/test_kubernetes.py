"""deploy/kubernetes as it stands. Where `kubectl` or `kustomize` is, both overlays are rendered and judged as well."""

import copy
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.rules import SERVICES, of_service
from deploy.kubernetes.__main__ import wanted
from deploy.kubernetes.catalogue import GROUPS
from deploy.kubernetes.ground import CALLS
from deploy.kubernetes.workloads import loops, roles
from runtime.lifespan import ROLES
from tests.unit.deploy.kubernetes_files import FOLDER, OVERLAYS, PROJECT, faults, manifests, name, rendered, renderer

BASE = manifests(FOLDER / "base")
EVERY = {name(each): each for overlay in OVERLAYS for each in manifests(FOLDER / "overlays" / overlay)}

needs_renderer = pytest.mark.skipif(renderer() is None, reason="neither kubectl nor kustomize is on this machine")


def of_kind(kind: str, among: list[dict[str, Any]] = BASE) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in among if each["kind"] == kind}


@pytest.mark.parametrize("named", sorted(EVERY))
def test_every_manifest_is_valid_bounded_and_has_no_right_it_does_not_need(named: str) -> None:
    assert faults(EVERY[named]) == []


@needs_renderer
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_renders_to_valid_manifests_and_every_part_is_there(overlay: str) -> None:
    found = rendered(overlay)
    assert {name(each): wrong for each in found if (wrong := faults(each))} == {}
    assert {name(each) for each in found} == {name(each) for each in manifests(FOLDER / "overlays" / overlay)}
    images = {
        container["image"]
        for each in found
        if each["kind"] in ("Deployment", "Job")
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert len(images) == 1
    assert "/" in images.pop(), "an overlay names the registry"


@needs_renderer
def test_in_production_data_is_held_thrice_and_who_is_scaled_has_no_fixed_number() -> None:
    found = rendered("production")
    counted = {name(each): each["spec"] for each in found if each["kind"] in ("Cluster", "KafkaNodePool", "KafkaTopic")}
    assert {spec.get("instances", spec.get("replicas")) for spec in counted.values()} == {3}
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in found if "scaleTargetRef" in each.get("spec", {})}
    fixed = {each["metadata"]["name"] for each in found if each["kind"] == "Deployment" and "replicas" in each["spec"]}
    assert scaled == {f"{service}-{role}" for service in SERVICES for role in ("web", "consumer")}
    assert fixed == {f"{service}-loops" for service in SERVICES}


def changed(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Sets a place in a manifest, written as `spec.template.spec.containers.0.image`; None takes it away."""

    def change(manifest: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = manifest
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return change


POD, CONTAINER = "spec.template.spec", "spec.template.spec.containers.0"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(changed(f"{CONTAINER}.image", "speerpunt:latest"), "pinned", id="latest"),
        pytest.param(changed(f"{CONTAINER}.image", "speerpunt"), "pinned", id="no-version"),
        pytest.param(changed(f"{POD}.securityContext.runAsNonRoot", False), "root", id="root"),
        pytest.param(changed(f"{POD}.securityContext.runAsUser", 0), "root", id="root-by-number"),
        pytest.param(changed(f"{POD}.securityContext.seccompProfile", None), "system call", id="seccomp"),
        pytest.param(changed(f"{CONTAINER}.securityContext.readOnlyRootFilesystem", False), "writable", id="writable"),
        pytest.param(
            changed(f"{CONTAINER}.securityContext.capabilities", {"add": ["SYS_ADMIN"]}), "rights", id="admin"
        ),
        pytest.param(changed(f"{CONTAINER}.readinessProbe", None), "health", id="no-probe"),
        pytest.param(changed(f"{CONTAINER}.resources", {}), "bounded", id="unbounded"),
        pytest.param(changed(f"{CONTAINER}.resorces", {}), "does not take", id="misspelt"),
        pytest.param(changed(f"{POD}.hostNetwork", True), "hostNetwork", id="host-network"),
        pytest.param(changed(f"{POD}.automountServiceAccountToken", True), "token", id="token"),
        pytest.param(changed(f"{POD}.terminationGracePeriodSeconds", 30), "killed", id="no-grace"),
        pytest.param(changed("spec.strategy", {"type": "Recreate"}), "fewer", id="recreate"),
        pytest.param(changed("metadata.namespace", "default"), "namespace", id="elsewhere"),
        pytest.param(changed("metadata.labels", {}), "labels", id="no-labels"),
        pytest.param(changed(f"{CONTAINER}.env", [{"name": "PGPASSWORD", "value": "x"}]), "secret", id="password"),
        pytest.param(
            changed(f"{CONTAINER}.env", [{"name": "DB", "value": "postgresql://a:b@c/d"}]), "address", id="address"
        ),
        pytest.param(changed("kind", "Secret"), "secret", id="secret"),
    ],
)
def test_what_is_wrong_is_found(change: Callable[[dict[str, Any]], None], says: str) -> None:
    planted = copy.deepcopy(of_kind("Deployment")["funding-web"])
    change(planted)
    assert any(says in each for each in faults(planted)), faults(planted)


def test_generated_files_are_what_the_services_declare() -> None:
    assert [str(path) for path, text in wanted().items() if path.read_text(encoding="utf-8") != text] == []


def test_every_topic_is_there_as_it_is_declared() -> None:
    declared = [each for service in SERVICES for each in importlib.import_module(f"services.{service}.topics").TOPICS]
    found = {each["spec"]["topicName"]: each["spec"] for each in of_kind("KafkaTopic").values()}
    assert {each.name: (each.partitions, each.config()) for each in declared} == {
        topic: (spec["partitions"], spec["config"]) for topic, spec in found.items()
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_user_may_what_its_topics_declare_and_nothing_else(service: str) -> None:
    acls = of_kind("KafkaUser")[service]["spec"]["authorization"]["acls"]
    given = {
        (
            acl["resource"]["type"],
            acl["resource"]["name"],
            operation.lower(),
            acl["resource"]["patternType"] == "prefix",
        )
        for acl in acls
        for operation in acl["operations"]
    }
    assert given == {(rule.kind, rule.name, rule.operation, rule.prefixed) for rule in of_service(service)}


@pytest.mark.parametrize("service", SERVICES)
def test_every_role_of_a_service_runs_somewhere_and_its_schema_comes_first(service: str) -> None:
    deployed = [each for each in of_kind("Deployment").values() if each["metadata"]["name"].startswith(f"{service}-")]
    words = [each["spec"]["template"]["spec"]["containers"][0]["args"] for each in deployed]
    assert {word for each in words for word in each[2].split(",")} == {*ROLES, *loops(service)}
    assert {each[0] for each in words} == {f"services.{service}"}
    jobs = [each for each in of_kind("Job").values() if each["metadata"]["name"].startswith(f"{service}-migrate-")]
    assert [each["metadata"]["labels"]["speerpunt.example/step"] for each in jobs] == ["migrate"]
    assert jobs[0]["spec"]["template"]["spec"]["containers"][0]["args"] == [f"services.{service}", "migrate"]
    assert all(f"{service}-db-app" not in str(each) for each in deployed), "only the migration is the schema's owner"
    assert of_kind("PodDisruptionBudget").keys() >= {f"{service}-{role}" for role in roles(service)}


def test_groups_that_processes_are_added_for_are_those_that_services_are_in() -> None:
    said = {}
    for service in GROUPS:
        texts = [path.read_text(encoding="utf-8") for path in (PROJECT / "services" / service).rglob("*.py")]
        said[service] = {match for text in texts for match in re.findall(rf'"({service}\.[a-z]+)"', text)} & {
            group for text in texts for group in re.findall(r'(?:Subscription\(\s*|CONSUMER = )"([a-z.]+)"', text)
        }
    assert said == {service: set(groups) for service, groups in GROUPS.items()}


def test_a_service_reaches_those_whom_its_code_calls_and_no_other_service() -> None:
    for service in SERVICES:
        texts = [path.read_text(encoding="utf-8") for path in (PROJECT / "services" / service).rglob("*.py")]
        asked = {other for text in texts for other in re.findall(r"settings\.([a-z]+)_grpc\b", text)}
        if any('getattr(settings, f"{name}_grpc")' in text for text in texts):
            asked = set(SERVICES)
        assert asked == set(CALLS[service]), service
        policy = of_kind("NetworkPolicy")[service]["spec"]
        reached = {
            target["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
            for rule in policy["egress"]
            for target in rule.get("to", ())
            if "app.kubernetes.io/name" in target.get("podSelector", {}).get("matchLabels", {})
        }
        assert reached == set(CALLS[service])


def test_whoever_has_no_policy_reaches_nobody_and_is_reached_by_nobody() -> None:
    deny = of_kind("NetworkPolicy")["default-deny"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for service in SERVICES:
        spec = of_kind("NetworkPolicy")[f"{service}-db"]["spec"]
        clients = [
            peer.get("podSelector", {}).get("matchLabels", {}) for rule in spec["ingress"] for peer in rule["from"]
        ]
        named = {labels["app.kubernetes.io/name"] for labels in clients if "app.kubernetes.io/name" in labels}
        assert named == {service}, "a database is its own service's"


def test_every_secret_that_is_mounted_is_made_by_an_operator_or_named_in_the_guide() -> None:
    made = {"speerpunt-cluster-ca-cert", *of_kind("KafkaUser")}
    made |= {each["spec"]["secretName"] for each in of_kind("Certificate").values()}
    made |= {f"{cluster}-{kind}" for cluster in of_kind("Cluster") for kind in ("app", "ca")}
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?:secretKeyRef|secret|passwordSecret)': \{'name': '([a-z0-9-]+)'", str(BASE)))
    assert len(asked) > 4 * len(SERVICES)
    by_hand = {
        each.replace(service, "SERVICE") for each in asked - made for service in SERVICES if each.startswith(service)
    }
    assert by_hand == {"SERVICE-app", "SERVICE-secrets"}
    assert all(each.replace("SERVICE", "$service") in guide for each in by_hand)


def test_the_guide_and_the_files_name_each_other(tmp_path: Path) -> None:
    listed = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.yaml")}
    used = set()
    for path in FOLDER.rglob("kustomization.yaml"):
        used.add(path.relative_to(FOLDER).as_posix())
        for word in re.findall(r"[\w./-]+\.yaml", path.read_text(encoding="utf-8")):
            used.add((path.parent / word).resolve().relative_to(FOLDER).as_posix())
    assert listed == used, "a file that no kustomization names is applied by nobody"
