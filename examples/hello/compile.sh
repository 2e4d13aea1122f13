#!/bin/sh
# A cross compiler that needs nothing but busybox: compile.sh CPU SOURCE PROGRAM
set -eu
[ $# = 3 ] || { echo 'compile.sh: expected `compile.sh CPU SOURCE PROGRAM`' >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$3")"
# LC_ALL: a character is a byte; octal escapes: not every awk can write a NUL
bytes=$(LC_ALL=C awk -v cpu="$1" -f "$here/compile.awk" "$2")
printf "$bytes" >"$3"
chmod 755 "$3"
