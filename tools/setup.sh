#!/bin/sh
# Prepares this machine and .venv for building and testing Sigil. Called by make; quick when nothing is missing.
#
#   tools/setup.sh          what building and testing need
#   tools/setup.sh ci       also what `make ci` needs
#   tools/setup.sh peers    also the libraries that `make bench-peers` compares with, as far as they can be had
#
# Missing Debian packages are installed as root, or through sudo where it asks no password; elsewhere one sentence names
# them. PYTHON chooses the interpreter (3.10 or later, with venv and headers); it need not be the system's.
set -eu
cd "$(dirname "$0")/.."
level=${1:-build}
venv=.venv
stamp=$venv/.stamp

say() { echo "setup: $*" >&2; }
die() { say "$*"; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- Debian packages -------------------------------------------------------------------------------------------------

may_install() {
    have apt-get || return 1
    [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

install() {
    say "installing $*"
    as_root apt-get -o DPkg::Lock::Timeout=300 -qq update >&2 || say "apt-get update failed; trying with the old lists"
    # Where sudo forgets the environment, env does not.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >/dev/null
}

# Runs whether a C program with this one line compiles: the only honest test for a header.
compiles() { echo "$1" | ${CC:-cc} -x c -fsyntax-only - >/dev/null 2>&1; }

# The peers are optional: the benchmark says what it leaves out. Their Rust crates need a recent cargo (rustup's; Debian's is
# too old for them), which fetches them itself.
if [ "$level" = peers ]; then
    level=build
    peers=""
    have g++ || peers="$peers g++"
    { have g++ && echo '#include <tbb/parallel_for.h>' | g++ -x c++ -fsyntax-only - 2>/dev/null; } || peers="$peers libtbb-dev"
    have clang || peers="$peers clang"
    { have clang && echo '#include <omp.h>' | clang -fopenmp -x c -fsyntax-only - 2>/dev/null; } || peers="$peers libomp-dev"
    # shellcheck disable=SC2086
    [ -z "$peers" ] || { may_install && install $peers; } || say "without$peers, the peers that need them are left out"
fi

missing=""
lacks() { missing="$missing $*"; }
have "${CC:-cc}" || lacks gcc
{ have "${CC:-cc}" && compiles '#include <stdlib.h>'; } || lacks libc6-dev
{ have ar && have ld && have objcopy; } || lacks binutils
have pkg-config || lacks pkg-config
{ have "${CC:-cc}" && compiles '#include <xxhash.h>'; } || lacks libxxhash-dev
if [ "$level" = ci ]; then
    have clang || lacks clang
    have clang-format || lacks clang-format
    have clang-tidy || lacks clang-tidy
    have spin || lacks spin
fi

# --- the interpreter -------------------------------------------------------------------------------------------------

# Prints what the interpreter $1 lacks, a word each; nothing when it will do. Debian's python3 without python3-venv has
# the module venv but not ensurepip.
python_lacks() {
    "$1" - 2>/dev/null <<'END' || echo python
import importlib.util, pathlib, sys, sysconfig
if sys.version_info < (3, 10):
    print("version")
else:
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        print("venv")
    if not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists():
        print("headers")
END
}

choose_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        have "$candidate" || continue
        [ -n "$(python_lacks "$candidate")" ] || { echo "$candidate"; return; }
    done
    echo /usr/bin/python3
}

wanted_stamp="$(cat tools/requirements.txt) ${PYTHON:-}"
[ "$level" = build ] || wanted_stamp="$wanted_stamp $(cat "tools/requirements-$level.txt")"
# What the stamp says of `ci` also holds for `build`.
is_ready() { [ -x $venv/bin/python ] && [ -e "$stamp-$level" ] && [ "$(cat "$stamp-$level")" = "$wanted_stamp" ]; }

python=""
if ! is_ready; then
    python=${PYTHON:-$(choose_python)}
    lack=$(python_lacks "$python")
    case "$python:$lack" in
    *:) ;;
    /usr/bin/python3:* | python3:*) [ -n "${PYTHON:-}" ] || lacks python3 python3-venv python3-dev ;;
    esac
fi

missing=${missing# }
if [ -n "$missing" ]; then
    may_install ||
        die "these Debian packages are missing and cannot be installed without root: $missing (sudo apt-get install $missing)"
    # Word splitting is wanted: one argument for each package.
    # shellcheck disable=SC2086
    install $missing || die "could not install: $missing. Install them by hand and run this again."
fi
if [ "$level" = ci ]; then
    # clang's own runtime libraries (fuzzer, sanitizers) are a package apart, named after its version.
    fuzzer=$(find "$(clang -print-resource-dir)/lib/" -name 'libclang_rt.fuzzer*.a' 2>/dev/null | head -n 1)
    package=libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev
    [ -n "$fuzzer" ] || { may_install && install "$package"; } || die "clang lacks its libraries for fuzzing: $package"
fi
# The page of `sigil build --timings` is loaded by a browser in one test, which is skipped where there is none.
if [ "$level" = ci ] && ! have chromium; then
    { may_install && install chromium; } || say "without chromium, the test that loads a page in it is skipped"
fi
# Everything works without tcc, so nothing fails for want of it; and it is asked for once, not every time.
if ! have tcc && [ ! -e "$venv/.no-tcc" ]; then
    { may_install && install tcc && have tcc; } ||
        say "without tcc, debug builds of Sigil programs use the slower \`cc\`; the Debian package tcc speeds them up"
fi

is_ready && exit 0
lack=$(python_lacks "$python" | tr '\n' ' ')
case $lack in
"") ;;
*python*) die "PYTHON=$python does not run; choose a Python 3.10 or later" ;;
*version*) die "$python is older than Python 3.10; choose another with PYTHON=…" ;;
*) die "$python lacks: $lack(on Debian, the packages python3-venv and python3-dev; or choose another with PYTHON=…)" ;;
esac

# --- the virtual environment -----------------------------------------------------------------------------------------

if [ ! -x $venv/bin/python ] || [ "$(cat $venv/.python 2>/dev/null)" != "${PYTHON:-}" ]; then
    say "making $venv with $python"
    rm -rf $venv
    "$python" -m venv $venv
    echo "${PYTHON:-}" >$venv/.python
fi
have tcc || touch $venv/.no-tcc # asked once, not every time
say "installing Python packages into $venv"
pip() { $venv/bin/python -m pip --disable-pip-version-check --quiet "$@" >&2; }
sorry="could not install the Python packages that tools/requirements*.txt name (is the package index reachable?)"
pip install --upgrade -r tools/requirements.txt || die "$sorry"
[ "$level" = build ] || pip install --upgrade -r "tools/requirements-$level.txt" || die "$sorry"
echo "$wanted_stamp" >"$stamp-$level"
