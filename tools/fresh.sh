#!/bin/sh
# Proves that `make run` and `make test` set up everything by themselves: a bare Debian made with debootstrap, this tree's
# tracked files, `apt-get install make`, then the two commands. Needs root and a Debian host, whose apt and pip settings
# (mirror, proxy, certificates) are taken over. The bare system is kept in build/fresh/ for the next time.
# SUITE=trixie, MIRROR=… and TARGETS="test ci" choose otherwise.
set -eu
cd "$(dirname "$0")/.."
die() { echo "fresh: $*" >&2; exit 2; }

[ "$(id -u)" = 0 ] || die "needs root (debootstrap and chroot): sudo make fresh"
if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || die "needs debootstrap (Debian package debootstrap)"
    apt-get -o DPkg::Lock::Timeout=300 -qq update >&2
    apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends debootstrap >&2
fi

# The release and the mirror: what the host's apt uses for its own release, else Debian's usual ones.
suite=${SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")}
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' 2>/dev/null |
    awk -v suite="$suite" '$2 == suite && $3 == "main" { print $1; exit }')}
mirror=${mirror:-http://deb.debian.org/debian}

targets=${TARGETS:-run test run test} # the second time shows that it is quick
work=build/fresh
base=$PWD/$work/$suite.tar
mkdir -p "$work"
root=$(mktemp -d /var/tmp/sigil-fresh.XXXXXX)
# Everything is mounted in a mount namespace of its own (below), so that nothing is left mounted when this ends.
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM

if [ ! -e "$base" ]; then
    echo "fresh: making a bare $suite from $mirror" >&2
    debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
        { tail -20 "$work/debootstrap.log" >&2; die "debootstrap failed ($work/debootstrap.log)"; }
    tar -C "$root" -cf "$base.new" .
    mv "$base.new" "$base"
else
    tar -C "$root" -xf "$base"
fi

chmod 755 "$root" # apt downloads as a user of its own

# What lets apt and pip reach their servers from here: proxies, certificates, name resolution.
echo "deb $mirror $suite main" >"$root/etc/apt/sources.list"
apt-config dump 2>/dev/null | grep -E '^Acquire::(https?|ftp|Check|Retries)' >"$root/etc/apt/apt.conf.d/90host" || true
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf; do
    [ ! -e "$file" ] || cp -L "$file" "$root$file"
done
settings=$(env | grep -iE '^(https?_proxy|no_proxy|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT))=' || true)
# Under another name: the package ca-certificates, which comes in with Python, writes its own.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -e "$bundle" ]; then
    cp -L "$bundle" "$root/etc/host-certificates.crt"
    settings="$settings
PIP_CERT=/etc/host-certificates.crt"
fi

mkdir "$root/sigil"
git ls-files -z | xargs -0 sh -c 'for file; do [ ! -e "$file" ] || printf "%s\0" "$file"; done' sh |
    tar -cf - --null -T - | tar -C "$root/sigil" -xf - || die "could not copy the tree"

cat >"$root/fresh-commands" <<'END'
set -eu
cd /sigil
apt-get -qq update
apt-get -qq install -y --no-install-recommends make >/dev/null 2>&1
for target in $TARGETS; do
    echo "=== make $target"
    started=$(date +%s)
    make $target
    echo "=== make $target: $(($(date +%s) - started)) s"
done
END

# IFS is a newline: a setting may hold spaces.
IFS='
'
# shellcheck disable=SC2086
unshare --mount --propagation private sh -eu -c '
    root=$1; shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        "$@" sh /fresh-commands
' sh "$root" "TARGETS=$targets" $settings
echo "fresh: make $targets: passed in a bare $suite"
