#!/bin/sh
# Makes .venv-bench, in which the benchmarks' baselines of other people run, from requirements/bench.txt.
set -eu
cd "$(dirname "$0")/.."
folder=.venv-bench
[ "$folder/ready" -nt requirements/bench.txt ] && exit 0
echo "installing the benchmarks' baselines from requirements/bench.txt"
[ -e "$folder/bin/python" ] || .venv/bin/python -m venv "$folder"

# As in venv.sh: what pip is set up with is handed to uv; nothing of it is written down.
setting() {
    .venv/bin/python -m pip config get "install.$1" 2>/dev/null || .venv/bin/python -m pip config get "global.$1" 2>/dev/null || true
}
[ -n "${UV_DEFAULT_INDEX:-}" ] || { value=${PIP_INDEX_URL:-$(setting index-url)}; [ -z "$value" ] || export UV_DEFAULT_INDEX="$value"; }
[ -n "${SSL_CERT_FILE:-}" ] || { value=${PIP_CERT:-$(setting cert)}; [ -z "$value" ] || export SSL_CERT_FILE="$value"; }
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
.venv/bin/uv pip sync --quiet --python "$folder/bin/python" --require-hashes --link-mode copy requirements/bench.txt
touch "$folder/ready"
