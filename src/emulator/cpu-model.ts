/** The QEMU CPU model for a platform's programs: a table, measured. Pure. */
import { compareVersions } from '../qemu-version.ts';

/**
 * The fastest model that still runs whatever the platform promises, for QEMU_CPU or `-cpu`, or
 * undefined where the default of that QEMU version is the one. `architecture` is an OCI name.
 */
export function cpuModel(architecture: string, version: string): string | undefined {
  return models.find(
    (row) => row.architecture === architecture && compareVersions(version, row.before) < 0,
  )?.model;
}

/** Whether QEMU_CPU may be set to it: a name, and features after commas. */
export function isCpuModel(text: string): boolean {
  return /^[A-Za-z0-9,._=+-]{1,200}$/.test(text);
}

/** The CPU model that an emulator has by itself. */
export const defaultCpu = 'default';

interface Row {
  architecture: string;
  /** The first QEMU version that this row is not for. */
  before: string;
  model: string;
}

/*
 * User seconds, the least of two runs, x86-64 host; QEMU from Debian 12 (7.2.22), 13 (10.0) and
 * unstable (11.1.3); `busybox` is Debian's busybox-static of the CPU:
 *
 *   QEMU_CPU=MODEL qemu-CPU busybox awk 'BEGIN{for(i=0;i<120000;i++){s+=i%7;t=t+length(s)}print t,s}'
 *   QEMU_CPU=MODEL qemu-CPU busybox gzip -c 3-MB-of-programs
 *
 *   arm64, awk / gzip       7.2         10.0        11.1
 *   default                 17.8 / 5.4  1.69 / 0.62 0.76 / 0.41
 *   max                     16.2 / 4.2  1.78 / 0.63 1.88 / 0.69
 *   max,pauth-impdef=on     1.55 / 0.82 1.90 / 0.65 1.86 / 0.68
 *   max,pauth=off           0.55 / 0.50 0.86 / 0.49 0.76 / 0.43
 *   cortex-a72              0.55 / 0.58 0.75 / 0.45 0.69 / 0.40
 *
 * `max,pauth=off` keeps every other feature of the default, and instructions of pointer
 * authentication that programs use without asking do nothing then. QEMU knows it since 6.0.
 *
 * No row is worth its risk elsewhere: for arm, 386, amd64, ppc64le, s390x, mips64le and loong64 the
 * models differ by less than repeated runs do. For riscv64 `rv64` (no vectors) took 1.11 instead of
 * 1.47 s with 10.0, but programs for RVA23 need vectors and end with SIGILL.
 */
const models: readonly Row[] = [
  { architecture: 'arm64', before: '6.0.0-rc0', model: 'cortex-a72' },
  { architecture: 'arm64', before: '11.1.0-rc0', model: 'max,pauth=off' },
];
