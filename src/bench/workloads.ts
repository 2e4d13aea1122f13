/** What is measured: the programs of native/bench, and steps on a base image. Data only. */

export interface ProgramWorkload {
  kind: 'program';
  name: string;
}

export interface StepWorkload {
  kind: 'step';
  name: string;
  /** Shell commands of one round, in a folder that `preparation` filled. */
  script: string;
  /** Says by its status whether the last round did what it should. */
  check: string;
}

export type Workload = ProgramWorkload | StepWorkload;

export const programs: readonly ProgramWorkload[] =
  'integer float memory branches hash compress calls exec threads files'
    .split(' ')
    .map((name) => ({ kind: 'program', name }));

/** Needs sh, awk, tar, gzip, sort and cmp, as busybox has them. */
export const preparation = `
  cd /mpkit-bench && mkdir tree || exit 1
  awk 'BEGIN { s = 1; for (n = 0; n < 12000; n++) { s = s * 16807 % 2147483647; print s % 7919, "word" s % 1009 } }' > text
  n=0; while [ $n -lt 60 ]; do head -c 3000 text > tree/$n; n=$((n + 1)); done
  tar -czf tree.tgz tree`;

export const steps: readonly StepWorkload[] = [
  {
    kind: 'step',
    name: 'unpack-step',
    script: 'rm -rf out; mkdir out; tar -xzf tree.tgz -C out',
    check: 'cmp out/tree/59 tree/59',
  },
  {
    kind: 'step',
    name: 'compress-step',
    script: 'gzip -c text > text.gz',
    check: 'gzip -dc text.gz | cmp - text',
  },
  { kind: 'step', name: 'sort-step', script: 'sort text > sorted', check: 'sort -c sorted' },
  { kind: 'step', name: 'shell-step', script: 'sh -c :', check: 'sh -c "exit 0"' },
];
