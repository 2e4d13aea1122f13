#!/bin/sh
# Ends with status 3 and the remedy where this user cannot run the example's image: its `nobody` needs
# a second user id. mpkit finds that out too, but only when the image is run, minutes later.
set -eu
name=$(id -un 2>/dev/null || id -u)

refuse() {
  echo "start: $1; the example's image runs as \`nobody\`, which needs a range of them" >&2
  echo "hint: $2, then start again" >&2
  exit 3
}

awk '{ ids += $3 } END { exit ids < 65536 }' /proc/self/uid_map ||
  refuse 'this container has too few user ids' 'start it with a range of 65536 ids, or outside of it'
[ "$(id -u)" != 0 ] || exit 0
for helper in newuidmap newgidmap; do
  PATH=$PATH:/usr/bin:/bin command -v "$helper" >/dev/null ||
    refuse "\`$helper\` is missing, which gives a user subordinate ids" 'as root: install the package `uidmap`'
done
for file in /etc/subuid /etc/subgid; do
  [ -r "$file" ] && awk -F: -v name="$name" -v id="$(id -u)" \
    '($1 == name || $1 == id) && $3 >= 1000 { found = 1 } END { exit !found }' "$file" && continue
  # behind every range that anybody has
  first=$(cat /etc/subuid /etc/subgid 2>/dev/null |
    awk -F: 'BEGIN { first = 100000 } $2 + $3 > first { first = $2 + $3 } END { print first }')
  range=$first-$((first + 65535))
  refuse "\`$name\` has no subordinate ids in $file" \
    "as root: usermod --add-subuids $range --add-subgids $range $name"
done
