#!/bin/sh
# Prepares this machine: $VENV with the project in it (and what pip calls $1), RabbitMQ and the
# libraries that mongod needs. Installs with apt what is missing, and nothing else.
set -eu

PYTHON=${PYTHON:-python3}
VENV=${VENV:-.venv}
PYTHON_MINIMUM='(3, 11)'

say() { printf '%s\n' "$*"; }

fail() {
    say "$*" >&2
    exit 1
}

# apt_install REASON PACKAGE...
apt_install() {
    reason=$1
    shift
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
    fi
    if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
        fail "$reason. Install it, then run make again; on Debian or Ubuntu, as root:
    apt-get install $*"
    fi
    say "$reason: installing $*"
    $as_root apt-get update -qq ||
        say 'apt-get update failed; trying with the package lists that are there.' >&2
    # The broker of the distribution need not run: a node starts one of its own. Debian's way to say
    # so is a policy-rc.d, which is removed again unless it was there before.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        # shellcheck disable=SC2064
        trap "$as_root rm -f $policy" EXIT
        printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
        $as_root chmod +x $policy
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends "$@" >/dev/null ||
        fail "apt-get could not install $*. Its message is above."
}

python_version() { "$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

make_environment() {
    if [ -x "$VENV/bin/python" ]; then
        return
    fi
    command -v "$PYTHON" >/dev/null ||
        apt_install 'There is no Python on this machine' python3 python3-venv
    "$PYTHON" -c "import sys; sys.exit(sys.version_info[:2] < $PYTHON_MINIMUM)" ||
        fail "Hinterland needs Python 3.11 or later; $PYTHON is $(python_version).
If a later one is installed, name it: make PYTHON=python3.12 run"
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
        apt_install "$PYTHON has no venv module" "python$(python_version)-venv"
    say "Making the environment in $VENV"
    "$PYTHON" -m venv "$VENV"
}

install_project() {
    say "Installing the Python packages of '$1' (a minute or two at the first time)"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$1"
}

require_rabbitmq() {
    if [ -n "${HINTERLAND_AMQP_URI:-}" ]; then
        return
    fi
    "$VENV/bin/python" -m hinterland.ground rabbitmq >/dev/null 2>&1 ||
        apt_install 'There is no RabbitMQ on this machine' rabbitmq-server
}

require_mongod() {
    if [ -n "${HINTERLAND_MONGO_URI:-}" ]; then
        return
    fi
    mongod=$("$VENV/bin/python" -m hinterland.ground mongod) || exit 1
    # The mongod of the Python package expects this library of the system's.
    if ldd "$mongod" | grep -q 'libcurl.so.4 => not found'; then
        apt_install "$mongod needs libcurl" libcurl4
    fi
}

# The page for writing queries in a browser. A node works without it.
make_graphiql() {
    command -v npm >/dev/null || [ -x "$VENV/bin/npm" ] || install_project '.[node]'
    "$VENV/bin/python" -m gateway.graphiql ||
        say "GraphiQL could not be made. To try again: $VENV/bin/python -m gateway.graphiql" >&2
}

# Which place a report names. Without it a node works, and every report waits for a person.
make_gazetteer() {
    "$VENV/bin/python" -m services.map.gazetteer ||
        say "To try again: $VENV/bin/python -m services.map.gazetteer" >&2
}

make_environment
install_project "$1"
require_rabbitmq
require_mongod
make_graphiql
make_gazetteer
