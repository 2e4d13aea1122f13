#!/bin/sh
# Fetches a Debian package for several CPUs, as any user and on any CPU, and installs nothing:
#
#     fetch.sh FOLDER PACKAGE ARCHITECTURE...
#
# It comes from the Debian mirror this host already uses, by apt's own client with a state of its
# own; signatures are checked. Unpacks to FOLDER/ARCHITECTURE (Debian's names of them). FOLDER
# appears when it is complete; an existing one is left as it is. SUITES: where to look, in order.
set -eu

fail() {
  echo "fetch.sh: $*" >&2
  exit 1
}

[ $# -ge 3 ] || fail 'expected `fetch.sh FOLDER PACKAGE ARCHITECTURE...`'
folder=$1 package=$2
shift 2
[ ! -d "$folder" ] || exit 0

for tool in apt-get dpkg-deb; do
  command -v $tool >/dev/null || fail "expected a Debian host, found no \`$tool\`"
done
keyring=/usr/share/keyrings/debian-archive-keyring
for file in $keyring.gpg $keyring.pgp ''; do [ ! -f "$file" ] || break; done
[ "$file" ] || fail "expected Debian's keys in \`$keyring.gpg\`, found none"

# what `update` would fetch names the mirror, also where nothing has been fetched yet
mirror=$(apt-get update --print-uris 2>/dev/null |
  sed -nE "s,^'(https?://[^' ]*/debian(/[0-9TZ]+)?)/+dists/.*,\1,p" | head -n 1)
[ "$mirror" ] || fail 'expected a Debian mirror in the configuration of apt, found none'

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(cd "$(dirname "$folder")" && pwd)/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# download SUITE ARCHITECTURE: unpacked in $work/done/ARCHITECTURE. One CPU at a time: apt takes
# many times longer to weigh the packages of several against each other
download() (
  state=$work/$1-$2
  mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/etc" "$work/done"
  cat >"$state/apt.conf" <<CONF
Dir::State "$state";
Dir::State::status "/dev/null";
Dir::Cache "$state";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$state/etc";
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Sandbox::User "$(id -un 2>/dev/null || echo root)";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
CONF
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
    "$mirror" "$1" "$file" >"$state/etc/debian.sources"
  export APT_CONFIG="$state/apt.conf"
  cd "$state" && apt-get -qq update && apt-get -qq download "$package" &&
    dpkg-deb -x "$package"_*.deb "$work/done/$2"
)

# download_all SUITE ARCHITECTURE...
download_all() {
  suite=$1
  shift
  for architecture; do
    echo "fetching $package of Debian $suite for $architecture" >&2
    download "$suite" "$architecture" >"$work/log" 2>&1 || return 1
  done
}

for suite in ${SUITES:-stable testing unstable} ''; do
  [ "$suite" ] || fail "cannot fetch \`$package\` for $* from the mirror of this host: $(tail -n 1 "$work/log"); is the network there?"
  ! download_all "$suite" "$@" || break
  rm -rf "$work/done"
done
# a second fetch may have been faster: then its result stays
mv -T "$work/done" "$folder" 2>/dev/null || [ -d "$folder" ] || fail "cannot make \`$folder\`"
