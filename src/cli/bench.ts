/** `mpkit bench`: how fast each CPU runs here, by which emulator, and what that means. */
import { dirname } from 'node:path';
import {
  type BenchReport,
  type BenchTarget,
  bench,
  candidatesOf,
  type EmitBench,
  estimateBuild,
  keepReport,
  keptReports,
  recommend,
} from '../bench/index.ts';
import { imageRoot, openRecords, type StepRecord } from '../builder/index.ts';
import { callersWords } from '../caller-paths.ts';
import {
  keepChoices,
  keptChoices,
  type Loan,
  listEmulators,
  openScratch,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { type Platform, parsePlatform } from '../platform.ts';
import { printedJson } from '../printed-json.ts';
import { inLocale } from '../tui/ascii.ts';
import { benchMarkdown, benchMarkdownMore } from '../tui/bench/markdown.ts';
import { benchProgress } from '../tui/bench/progress.ts';
import { benchSvg } from '../tui/bench/svg.ts';
import { benchTable, estimateTable, recommendationLines } from '../tui/bench/table.ts';
import { type BenchRequest, benchFlags, readBenchRequest } from './bench-options.ts';
import { inNamespace, parseWords, stopOnSignals, type Verb } from './verb.ts';
import { isStdout, writeResult, writtenPlace } from './written.ts';

export const benchVerb: Verb = {
  help: `usage: mpkit bench [options]
       mpkit bench --emulators [--keep] [options]
       mpkit bench --build CONTEXT [options]
       mpkit bench --history

Measures small programs on this CPU and under emulation, in turn and repeatedly, and says how many
times slower each is: median, and an interval that holds it in 95 of 100 cases. Every program
checks its own result, so that a wrong emulator is found out.

  --platform LIST       platforms to measure (default: linux/arm64, on arm64 linux/amd64)
  --emulator VERSION|DIGEST   by this emulator, repeatable
  --cpu MODEL           as this CPU (QEMU_CPU), repeatable; default is the emulator's own
  --workload LIST       integer, float, memory, branches, hash, compress, calls, exec, threads,
                        files, all (these); unpack-step, compress-step, sort-step, shell-step (start
                        a shell), steps (these four), which run on --base
  --base oci-layout://DIR[:TAG]   the image of the steps; needs what busybox has
  --samples N           turns (default: 9; below 6 the interval is the whole range)

  --emulators           compare the stored emulators and their CPU models, and recommend for each
                        CPU; with one --platform and --cpu, these models too
  --keep                use what is recommended from now on; mpkit emulator choose keeps another
                        one or takes it back
  --build CONTEXT       what the last build of CONTEXT would take natively, and the one step that
                        is worth moving to the build platform

  --history             measure nothing, show what was measured here before (20 are kept)

  --json, --markdown    instead of the table
  --svg FILE            a picture too
  --progress auto|rawjson|quiet   on stderr: text, an event a line as JSON, or nothing (also -q)
  --offline             fetch no emulator (also MPKIT_OFFLINE=1)
  --root DIR            state folder

exit status: 0 measured, 1 something failed or was wrong, 2 wrong usage, 3 this host cannot do it,
128+n stopped by signal n
`,
  execute,
};

async function execute(words: string[]): Promise<number> {
  const request = readBenchRequest(parseWords('bench', words, benchFlags));
  const { root } = parseWords('bench', words, benchFlags).values;
  return inNamespace(
    'bench',
    words,
    { root, loans: loansOf(request), quiet: request.progress !== 'auto' },
    async (folder) => {
      const stop = stopOnSignals();
      try {
        return await runInside(request, folder, stop.signal);
      } catch (error) {
        const code = stop.code();
        if (code === undefined) throw error;
        process.stderr.write('mpkit: stopped\n');
        return code;
      }
    },
  );
}

async function runInside(
  request: BenchRequest,
  root: string,
  signal: AbortSignal,
): Promise<number> {
  const { mode, form, svg } = request;
  if (mode.kind === 'history') return showHistory(root, form);
  const recorded = mode.kind === 'build' ? recordedSteps(root, mode.context) : [];
  const targets = await targetsOf(request, root, recorded);
  const progress = progressOf(request);
  let isWhole = true;
  const emit: EmitBench = (event) => {
    if (event.type === 'failed') isWhole = false;
    progress?.emit(event);
  };
  const report = await measured(request, { root, targets, signal, emit }).finally(() =>
    progress?.close(),
  );
  keepReport(root, report);
  const recommendations = mode.kind === 'emulators' ? recommend(report.targets) : undefined;
  const estimate = mode.kind === 'build' ? estimateBuild(recorded, report.targets) : undefined;
  if (svg !== undefined) await writeResult(svg, benchSvg(report), signal);
  const all = {
    ...report,
    ...(recommendations && { recommendations }),
    ...(estimate && { estimate }),
  };
  if (form === 'json') process.stdout.write(`${printedJson(all, undefined, 2)}\n`);
  else if (form === 'markdown')
    print(benchMarkdown(report) + benchMarkdownMore({ recommendations, estimate }));
  else {
    print(benchTable(report));
    if (estimate) print(estimateTable(estimate));
    if (recommendations) print(recommendationLines(recommendations));
  }
  if (recommendations && mode.kind === 'emulators' && mode.keep)
    await keepChoices(
      root,
      Object.fromEntries(
        recommendations.map(({ platform, digest, cpu }) => [
          parsePlatform(platform).architecture,
          { digest, cpu },
        ]),
      ),
    );
  return isWhole ? 0 : 1;
}

function print(text: string): void {
  process.stdout.write(inLocale(text, process.env));
}

function progressOf({ progress }: BenchRequest): ReturnType<typeof benchProgress> | undefined {
  if (progress === 'quiet') return undefined;
  if (progress === 'auto') return benchProgress(process.stderr);
  const emit: EmitBench = (event) => void process.stderr.write(`${printedJson(event)}\n`);
  return { emit, close: () => {} };
}

function showHistory(root: string, form: BenchRequest['form']): number {
  const reports = keptReports(root);
  if (form === 'json') process.stdout.write(`${printedJson(reports, undefined, 2)}\n`);
  else
    for (const report of reports) {
      const text = form === 'markdown' ? benchMarkdown(report) : benchTable(report);
      print(`${report.measured}\n${text}\n`);
    }
  return 0;
}

async function measured(
  request: BenchRequest,
  inside: { root: string; targets: BenchTarget[]; signal: AbortSignal; emit: EmitBench },
): Promise<BenchReport> {
  const { base, workloads, samples, offline } = request;
  const { root, targets, signal, emit } = inside;
  const scratch = await openScratch(root, signal);
  try {
    const stepRoot = base
      ? async (platform: Platform) => {
          const options = { root, scratch, source: base, platform, emit: () => {}, signal };
          return (await imageRoot(options)).rootFd;
        }
      : undefined;
    // a build that emulated nothing needs no numbers
    const wanted = targets.length > 0 ? workloads : [];
    const options = { root, targets, workloads: wanted, samples, offline, stepRoot, signal };
    return await bench(options, emit);
  } finally {
    scratch.remove();
  }
}

async function targetsOf(
  { mode, platforms, targets }: BenchRequest,
  root: string,
  recorded: ReturnType<typeof recordedSteps>,
): Promise<BenchTarget[]> {
  if (mode.kind === 'targets') return targets;
  if (mode.kind === 'build') {
    const emulated = recorded.flatMap(({ kind, ranOn }) => (kind === 'emulated' ? [ranOn] : []));
    return [...new Set(emulated)].map((platform) => ({ platform: parsePlatform(platform) }));
  }
  const { emulators } = await listEmulators(root);
  const models = mode.kind === 'emulators' ? mode.models : [];
  const found = candidatesOf(emulators, { platforms, models, choices: keptChoices(root) });
  if (found.length > 0) return found;
  throw new MpkitError('not-found', 'nothing to compare: no CPU has several emulators or models', {
    hint: '`mpkit emulator add PATH` adds another version; `--platform` measures the only one',
  });
}

function recordedSteps(root: string, context: string) {
  const name = callersWords(context);
  const record = openRecords(root).last(name);
  if (!record)
    throw new MpkitError('not-found', `no build of \`${name}\` is recorded`, {
      hint: `\`mpkit build --platform ... ${name}\` records each step's time`,
    });
  return record.steps.map(({ platform, step, text, kind, seconds, lastSeconds }: StepRecord) => ({
    name: `${platform} ${step}`,
    step,
    text,
    ranOn: platform.split('->')[0]!,
    kind: kind ?? ('none' as const),
    seconds: lastSeconds ?? seconds,
  }));
}

function loansOf({ base, svg, mode }: BenchRequest): Loan[] {
  return [
    ...(base ? [{ path: base.path, access: 'read' as const }] : []),
    ...(mode.kind === 'build' ? [{ path: mode.context, access: 'read' as const }] : []),
    ...(svg === undefined || isStdout(svg)
      ? []
      : [{ path: dirname(writtenPlace(svg)), access: 'write' as const }]),
  ];
}
