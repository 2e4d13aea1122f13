/** A small boot unit of mpkit's own, for hosts that have no tool for handlers: one script, one hook. */
import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BinfmtEntry } from '../../entry.ts';
import { header, isLink, ownScript } from '../boot-files.ts';
import { makeFolder } from '../make-folder.ts';
import { at, type HostView } from '../view.ts';
import { formatLines } from './conf.ts';
import { notOurs } from './refusal.ts';

export type UnitKind = 'systemd-unit' | 'openrc' | 'sysv';

/** Returns the files that it made. */
export function writeUnit(
  view: HostView,
  kind: UnitKind,
  entries: readonly BinfmtEntry[],
): string[] {
  const { file, text, link } = hooks[kind];
  // a link would be written through: to /dev/null, where the unit is masked
  const foreign = [ownScript, file].find((each) => isLink(view, each));
  if (foreign) throw notOurs(foreign);
  write(at(view, ownScript), formatScript(entries));
  write(at(view, file), text);
  makeFolder(dirname(at(view, link)));
  rmSync(at(view, link), { force: true });
  symlinkSync(file, at(view, link));
  return [ownScript, file, link];
}

export function removeUnit(view: HostView): void {
  for (const { file, link } of Object.values(hooks))
    for (const path of [link, file, ownScript])
      if (path === link || !isLink(view, path)) rmSync(at(view, path), { force: true });
}

/** Plain sh: no escape is interpreted, because the kernel reads `\xHH` itself. */
export function formatScript(entries: readonly BinfmtEntry[]): string {
  return `#!/bin/sh
${header}
binfmt=/proc/sys/fs/binfmt_misc
[ -e "$binfmt/register" ] || mount -t binfmt_misc binfmt_misc "$binfmt" || exit 1
while read -r line; do
  name=\${line#:}
  [ -e "$binfmt/\${name%%:*}" ] || printf %s "$line" > "$binfmt/register"
done << 'END'
${formatLines(entries)}
END
`;
}

const hooks: Record<UnitKind, { file: string; text: string; link: string }> = {
  'systemd-unit': {
    file: '/etc/systemd/system/mpkit-binfmt.service',
    link: '/etc/systemd/system/sysinit.target.wants/mpkit-binfmt.service',
    text: `[Unit]
Description=Register the emulators of mpkit
DefaultDependencies=no
After=local-fs.target proc-sys-fs-binfmt_misc.mount
Before=sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${ownScript}

[Install]
WantedBy=sysinit.target
`,
  },
  openrc: {
    file: '/etc/init.d/mpkit-binfmt',
    link: '/etc/runlevels/boot/mpkit-binfmt',
    text: `#!/sbin/openrc-run
description="Register the emulators of mpkit"
depend() { after procfs binfmt localmount; }
start() { ebegin "Registering emulators"; ${ownScript}; eend $?; }
`,
  },
  sysv: {
    file: '/etc/init.d/mpkit-binfmt',
    link: '/etc/rc2.d/S20mpkit-binfmt',
    text: `#!/bin/sh
### BEGIN INIT INFO
# Provides:          mpkit-binfmt
# Required-Start:    $local_fs
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Register the emulators of mpkit
### END INIT INFO
case "$1" in start | restart | '') exec ${ownScript} ;; esac
`,
  },
};

function write(path: string, text: string): void {
  makeFolder(dirname(path));
  writeFileSync(path, text);
  chmodSync(path, path.endsWith('.service') ? 0o644 : 0o755);
}
