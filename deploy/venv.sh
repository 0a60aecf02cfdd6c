#!/bin/sh
# Makes .venv from hash-pinned requirements, with the newest fitting Python that runs. Repeating it changes nothing.
# Whatever index, certificate or folder of wheels pip is set up with is handed to uv; nothing of it is written down.
set -eu
cd "$(dirname "$0")/.."
folder=.venv
first=${PYTHON:+$PYTHON }
candidates=${PYTHONS:-"python3.14 python3.13 python3.12 python3.11 python3 python $HOME/.pyenv/versions/*/bin/python3"}

stop() { printf '%s\n' "$*" >&2; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; }

choose() {
    found='' bare=''
    for candidate in $first$candidates; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        found="$found $candidate is $version;"
        fits "$candidate" || continue
        if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
            echo "$candidate"
            return
        fi
        bare="$candidate"
    done
    if [ -n "$bare" ]; then
        stop "$bare cannot make a virtual environment: its ensurepip is missing. Install it (Debian and Ubuntu:" \
            "apt-get install python3-venv), or name another Python: make PYTHON=/path/to/python3.12"
    fi
    stop "Speerpunt needs Python 3.11, 3.12, 3.13 or 3.14; here${found:- there is none;} none of them fits." \
        "Install one (Debian and Ubuntu: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3.12"
}

[ "$(uname -s)" = Linux ] || stop "The embedded servers run on Linux only. On another system use a Linux virtual machine or WSL 2."
space=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "$space" -gt "${LEAST_FREE_KB:-1500000}" ] || stop "There is too little disk space left in $(pwd). Free at least 1.5 GB and start again."

if [ -e "$folder" ] && ! fits "$folder/bin/python"; then
    stop "$folder does not run a Python this project fits. Remove it and start again: rm -rf $folder"
fi
if [ ! -e "$folder" ]; then
    python=$(choose)
    echo "making $folder with $($python --version) ($python)"
    "$python" -m venv "$folder.new" || { rm -rf "$folder.new"; stop "$python could not make $folder; what it said is above."; }
    rm -rf "$folder.new"
    "$python" -m venv "$folder"
fi
python=$folder/bin/python

# pip's own settings, from its environment variables, else from its configuration.
setting() {
    variable=PIP_$(printf %s "$1" | tr 'a-z-' 'A-Z_')
    eval "value=\${$variable:-}"
    [ -n "$value" ] || value=$("$python" -m pip config get "install.$1" 2>/dev/null) ||
        value=$("$python" -m pip config get "global.$1" 2>/dev/null) || value=
    printf %s "$value"
}

echo "installing from requirements/dev.txt"
pinned=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' bootstrap.txt)
if [ "$("$folder/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "$pinned" ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement bootstrap.txt ||
        stop "uv could not be installed; what pip said is above. Check the network, or pip's index and proxy settings."
fi
value=$(setting index-url);       [ -z "$value" ] || export UV_DEFAULT_INDEX="$value"
value=$(setting extra-index-url); [ -z "$value" ] || export UV_INDEX="$value"
value=$(setting find-links);      [ -z "$value" ] || export UV_FIND_LINKS="$value"
value=$(setting cert);            [ -z "$value" ] || export SSL_CERT_FILE="$value"
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
"$folder/bin/uv" pip sync --quiet --python "$python" --require-hashes --link-mode copy bootstrap.txt requirements/dev.txt ||
    stop "The requirements could not be installed; what uv said is above. Check the network and the disk, and start again."
"$python" - <<'END'
import sys
import sysconfig
import tomllib
from pathlib import Path

root = Path.cwd()
Path(sysconfig.get_path("purelib"), "speerpunt.pth").write_text(f"{root}\n{root / 'proto' / 'gen'}\n")
# The commands of pyproject.toml, without a build: started through sh, since a #! line takes no path with a space.
for name, entry in tomllib.loads(Path("pyproject.toml").read_text())["project"]["scripts"].items():
    module, _, function = entry.partition(":")
    script = Path(sysconfig.get_path("scripts"), name)
    script.write_text(
        f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''\n"
        f"import sys\nfrom {module} import {function}\n\nsys.exit({function}())\n"
    )
    script.chmod(0o755)
END
touch "$folder/ready"
