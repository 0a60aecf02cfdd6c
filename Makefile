# Every command a person needs; `make help` lists them.
REGION ?= examples/amersfoort
ARGS ?=
PORTS ?=
VERSION ?= 0.1.0
DOCKER_ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
export SPEERPUNT_PORTS := $(PORTS)
.DEFAULT_GOAL := help

.PHONY: help demo up down load secrets backup restore image compose-demo test faults bench national strangers check lock clean

help: ## lists these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

demo: $(VENV)/ready ## plays a whole region end to end and prints the report (REGION=some/folder for another one)
	@$(PY) -m cli demo "$(REGION)" $(ARGS)

up: $(VENV)/ready ## starts everything, prints the addresses and leaves it running (PORTS=partners.http=8001,... fixes ports)
	@$(PY) -m deploy.embedded up

down: $(VENV)/ready ## stops what `make up` left running
	@$(PY) -m deploy.embedded down

load: $(VENV)/ready ## puts a region folder into what `make up` left running; again puts only what changed (REGION=...)
	@$(PY) -m cli.region "$(REGION)" $(ARGS)

secrets: $(VENV)/ready ## makes what docker-compose.yml keeps secret, in secrets/; what is there stays
	@$(PY) -m deploy.secrets

backup: $(VENV)/ready ## writes the databases of what `make up` left running into a new folder (TO=folder)
	@$(PY) -m deploy.backup make "$(or $(TO),build/backup-$$(date +%Y%m%d-%H%M%S))"

restore: $(VENV)/ready ## starts everything as `make up` does, with the databases of a backup, and verifies the books (FROM=folder)
	@test -f "$(FROM)/backup.json" || { echo "FROM names no backup: make restore FROM=build/backup-..."; exit 1; }
	@SPEERPUNT_RESTORE="$(abspath $(FROM))" $(PY) -m deploy.embedded up
	@$(PY) -m cli ledger verify

image: ## builds the one image of all services and writes down what is in it (build/sbom.cdx.json)
	docker build --file deploy/Dockerfile --build-arg REVISION=$$(git rev-parse HEAD) $(DOCKER_ARGS) \
		--tag speerpunt:$(VERSION) --target service .
	docker build --file deploy/Dockerfile $(DOCKER_ARGS) --target sbom --output build .

compose-demo: $(VENV)/ready secrets ## plays the story of `make demo` against docker compose; the books must be the same
	@test -f build/demo-report.json || $(PY) -m cli demo "$(REGION)"
	@$(PY) -m cli.compose "$(REGION)" --books build/demo-report.json; code=$$?; \
		docker compose --project-name speerpunt-demo down --volumes --timeout 20; exit $$code

test: $(VENV)/ready ## runs the tests, starting the servers they need (ARGS=tests/unit for some of them)
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)   # end to end and faults come first: both workers end together

bench: $(VENV)/ready strangers ## measures against named baselines, in turns (ONLY="P6 P7" for some rows)
	@$(PY) -m bench $(ONLY)

strangers: $(VENV)/ready
	@deploy/strangers.sh || echo "the baselines of other people could not be installed; P8 and P12 are left out"

national: $(VENV)/ready ## loads an invented country, reports it and balances its books (ARGS="--regions 3 --contributions 2000")
	@$(PY) -m bench.national $(ARGS)

faults: $(VENV)/ready ## brings faults over the real services and checks the invariants (SEED=7, SEEDS=20; BOUNDS=1, ROLLING=1)
	@$(PY) -m $(if $(ROLLING),tests.faults.rolling,$(if $(BOUNDS),tests.faults.bounds $(BOUNDS),tests.faults.run $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),3))))

check: $(VENV)/ready ## style, types, import contracts, protos, generated files
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy runtime services cli deploy proto bench examples tests
	$(VENV)/bin/lint-imports
	cd proto && ../$(VENV)/bin/buf lint
	cd proto && ../$(VENV)/bin/buf breaking --against image.binpb
	$(PY) proto/generate.py --check
	$(PY) -m examples.generate --check
	$(PY) -m deploy.kubernetes --check
	$(PY) -m deploy.retention --check

lock: $(VENV)/ready ## makes the lock files anew, after a change of requirements/*.in or deploy/embedded/jgo.toml
	cd requirements && for each in runtime dev bench sbom; do UV_PYTHON_DOWNLOADS=never ../$(VENV)/bin/uv pip compile --quiet --universal \
		--generate-hashes --no-annotate --no-header --python-version 3.11 $$each.in --output-file $$each.txt; done
	$(PY) -m deploy.embedded lock

clean: ## removes what was made here, but not .venv
	rm -rf build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(VENV)/ready: bootstrap.txt requirements/dev.txt deploy/venv.sh pyproject.toml
	@deploy/venv.sh
