"""What the services tell of themselves, as Prometheus gets it, and a Prometheus to ask.

`Told` takes metrics over OTLP as the collector of docker-compose.yml does, and serves them under the names that this
gives them (OpenTelemetry's own rules for Prometheus, with the attributes of the resource as labels).
"""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import grpc
import httpx2
import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc

from deploy.embedded.ports import Ports
from tests.support.containers import PROJECT, image_of, why_not

START_SECONDS = 60
UNITS = {"s": "seconds", "By": "bytes", "ms": "milliseconds"}
Labels = tuple[tuple[str, str], ...]


class Told(metrics_service_pb2_grpc.MetricsServiceServicer):
    """The last that every process told of each of its instruments."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, Labels], float] = {}
        self._lock = Lock()
        self._server = grpc.server(ThreadPoolExecutor(2))
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        self.otlp = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._pages = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.target = f"127.0.0.1:{self._pages.server_address[1]}"

    def __enter__(self) -> "Told":
        self._server.start()
        Thread(target=self._pages.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pages.shutdown()
        self._pages.server_close()
        self._server.stop(0).wait()

    def Export(self, request: Any, context: Any) -> Any:
        """OTLP's own method."""
        with self._lock:
            for resource in request.resource_metrics:
                common = _labels(resource.resource.attributes)
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        self._last.update(_samples(metric, common))
        return metrics_service_pb2.ExportMetricsServiceResponse()

    def page(self) -> str:
        """All of it, as Prometheus reads it."""
        with self._lock:
            lines = [f"{name}{_written(labels)} {value}" for (name, labels), value in sorted(self._last.items())]
        return "\n".join([*lines, ""])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        told = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(told.page().encode())

            def log_message(self, *_: object) -> None: ...

        return Page


def _labels(attributes: Any) -> dict[str, str]:
    kinds = ((each.key, each.value, each.value.WhichOneof("value")) for each in attributes)
    return {_named(key): str(getattr(value, kind)) for key, value, kind in kinds if kind}


def _named(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _written(labels: Labels) -> str:
    return "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels) + "}"


def _samples(metric: Any, common: dict[str, str]) -> Iterator[tuple[tuple[str, Labels], float]]:
    name, kind = _named(metric.name), metric.WhichOneof("data")
    unit = UNITS.get(metric.unit, "")
    if unit and not name.endswith(unit):
        name += f"_{unit}"
    if kind == "sum" and metric.sum.is_monotonic:
        name += "_total"
    for point in getattr(metric, kind).data_points:
        labels = {**common, **_labels(point.attributes)}

        def at(suffix: str, *more: tuple[str, str], of: dict[str, str] = labels) -> tuple[str, Labels]:
            return name + suffix, tuple(sorted([*of.items(), *more]))

        if kind != "histogram":
            yield at(""), point.as_double if point.WhichOneof("value") == "as_double" else point.as_int
            continue
        counted = 0
        for bound, count in zip([*point.explicit_bounds, "+Inf"], point.bucket_counts, strict=True):
            counted += count
            yield at("_bucket", ("le", str(bound))), counted
        yield at("_sum"), point.sum
        yield at("_count"), point.count


def expressions() -> dict[str, str]:
    """Every expression of the dashboards and the alarms, by where it stands.

    Of an alarm, what it compares: that it is quiet is no fault. Where a label is asked for a pattern (any region, a
    status of 5..), any value will do, so that what is asked is whether somebody tells this, with this label.
    """
    found = {}
    for path in sorted((PROJECT / "deploy" / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                found[f"{path.stem}: {panel['title']} {target['refId']}"] = target["expr"].replace("$region", ".+")
    rules = yaml.safe_load((PROJECT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    for rule in (each for group in rules["groups"] for each in group["rules"]):
        compared = re.sub(r"\s(>|<|==)\s[\d.]+\s*$", "", rule["expr"].strip())
        found[f"alarm {rule['alert']}"] = re.sub(r"absent\(([^()]*)\)", r"\1", compared)
    return {where: re.sub(r'=~"[^"]*"', '=~".+"', said) for where, said in found.items()}


def elsewhere(expression: str) -> bool:
    """Whether a played region need not answer: what the exporter of PostgreSQL tells is no part of the services, and
    alarms and refused records are told from the first one on."""
    return any(name in expression for name in ("pg_", "speerpunt_alarms", "speerpunt_refusals_total"))


@asynccontextmanager
async def prometheus(target: str, folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A Prometheus that asks this target every second: the machine's own program, else the image of docker-compose.yml.
    Skips the test where there is neither."""
    program, image = shutil.which("prometheus"), image_of("prometheus")
    if program is None and (reason := why_not(image)):
        pytest.skip(f"There is no program prometheus here. {reason}")
    address = f"127.0.0.1:{Ports({}).take('prometheus')}"
    folder.chmod(0o777)
    settings = folder / "prometheus.yml"
    jobs = [{"job_name": "services", "honor_labels": True, "static_configs": [{"targets": [target]}]}]
    settings.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
    settings.chmod(0o644)
    words = [f"--config.file={settings}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
    name = f"speerpunt-{folder.name}-{address.rpartition(':')[2]}"
    contained = ["docker", "run", "--rm", "--name", name, "--network=host", f"--volume={folder}:{folder}", image]
    with (folder / "prometheus.log").open("wb") as log:
        running = subprocess.Popen([program, *words] if program else [*contained, *words], stdout=log, stderr=log)
    try:
        async with httpx2.AsyncClient(base_url=f"http://{address}", timeout=10) as client:
            async with asyncio.timeout(START_SECONDS):
                while not await _has_scraped(client):
                    assert running.poll() is None, (folder / "prometheus.log").read_text()[-2_000:]
                    await asyncio.sleep(0.2)
            yield client
    finally:
        if program is None:
            subprocess.run(["docker", "rm", "--force", name], capture_output=True, timeout=60, check=False)
        running.terminate()
        running.wait(20)


async def answered(client: httpx2.AsyncClient, expression: str) -> int:
    """How many series an expression gives now. Fails when Prometheus does not understand it."""
    answer = (await client.get("/api/v1/query", params={"query": expression})).json()
    assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
    return len(answer["data"]["result"])


async def _has_scraped(client: httpx2.AsyncClient) -> bool:
    """Whether it has asked often enough for a rate."""
    try:
        return await answered(client, "count_over_time(up[1m]) >= 3") > 0
    except httpx2.HTTPError:
        return False
