#!/bin/sh
# Makes the base image of this example, an OCI layout in DIR/oci-layout:
#
#     base.sh DIR [PLATFORM,PLATFORM…]
#
# from Debian's busybox for seven CPUs, fetched once as this user (fetch.sh) and kept in the cache
# folder. DIR becomes the build context: DIR/CPU/busybox. PLATFORMs: by default all seven.
set -eu
if [ $# != 1 ] && [ $# != 2 ]; then
  echo 'base.sh: expected `base.sh DIR [PLATFORM,PLATFORM…]`' >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
all=linux/amd64,linux/386,linux/arm64,linux/arm/v7,linux/riscv64,linux/ppc64le,linux/s390x

cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/mpkit-hello
"$here/fetch.sh" "$cache/busybox" busybox-static amd64 i386 arm64 armhf riscv64 ppc64el s390x

mkdir -p "$1"
dir=$(cd "$1" && pwd)
# lay_out CPU DEBIAN-NAME: renamed into place, so that a killed run leaves no half of a program
lay_out() {
  mkdir -p "$dir/$1"
  # before Debian 13 it was in /bin
  file=$cache/busybox/$2/usr/bin/busybox
  [ -f "$file" ] || file=$cache/busybox/$2/bin/busybox
  cp "$file" "$dir/$1/.busybox.$$"
  chmod 755 "$dir/$1/.busybox.$$"
  mv "$dir/$1/.busybox.$$" "$dir/$1/busybox"
}
lay_out amd64 amd64
lay_out 386 i386
lay_out arm64 arm64
lay_out arm armhf
lay_out riscv64 riscv64
lay_out ppc64le ppc64el
lay_out s390x s390x
echo oci-layout >"$dir/.dockerignore"

exec "$here/../../bin/mpkit" build --platform "${2:-$all}" -f "$here/base.Dockerfile" \
  -o "type=oci,dest=$dir/oci-layout,tar=false" "$dir"
