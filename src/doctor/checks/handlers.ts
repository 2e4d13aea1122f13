/** Each registered handler: its file, its flags, its rule, and whether it works. */
import {
  claimedCpu,
  cpuOf,
  type HandlerFinding,
  judgeEntry,
  type RegisteredEntry,
} from '../../binfmt/index.ts';
import { hostPlatform } from '../../platform.ts';
import { instanceFolder, readInstance } from '../binfmt-instance.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';

/** Handlers of Java, Wine, Python and others are none of mpkit's business. */
export const handlersCheck: Check = {
  id: 'handler',
  title: 'each handler of foreign programs',
  run: (host) =>
    together(
      readInstance(host)
        .handlers.filter(claimedCpu)
        .flatMap((entry) => judge(host, entry)),
    ),
};

/** Distributions register dozens of CPUs that mpkit has no program for: that is said once. */
function together(findings: Finding[]): Finding[] {
  const untried = findings.filter(isUntried);
  if (untried.length < 2) return findings;
  const names = untried.map(({ subject }) => `\`${subject}\``);
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  const observed = `${names.length} handlers with flag F of static emulators, no program of theirs was tried: ${names.slice(0, 5).join(', ')}${more}`;
  return [
    ...findings.filter((each) => !isUntried(each)),
    { id: 'handler.runs', result: 'cannot tell', observed },
  ];
}

function isUntried({ id, result }: Finding): boolean {
  return id === 'handler.runs' && result === 'cannot tell';
}

function judge(host: HostFacts, entry: RegisteredEntry): Finding[] {
  const found = judgeEntry(entry, host.interpreter(entry.interpreter)).map((each) =>
    told(entry, each),
  );
  if (found.every(({ result }) => result === 'note')) found.unshift(works(host, entry));
  return found.map(({ id, ...rest }) => ({ id, subject: entry.name, ...rest }));
}

const ids: Record<HandlerFinding['id'], string> = {
  disabled: 'handler.enabled',
  'missing-interpreter': 'handler.file',
  'not-executable': 'handler.file',
  'wrong-cpu': 'handler.file',
  'dynamic-interpreter': 'handler.static',
  'no-fix-flag': 'handler.flags',
  'no-argv0-flag': 'handler.flags',
  credentials: 'handler.flags',
  'wrong-mask': 'handler.mask',
  shadowed: 'handler.runs',
};

function told(entry: RegisteredEntry, { id, severity, text }: HandlerFinding): Finding {
  const finding = { id: ids[id], observed: text };
  if (id === 'disabled')
    return { ...finding, result: 'problem', remedy: `echo 1 > ${instanceFolder}/${entry.name}` };
  if (severity === 'problem')
    return { ...finding, result: 'problem', remedy: replaceCommand(entry) };
  if (id === 'missing-interpreter')
    return { ...finding, result: 'warning', remedy: replaceCommand(entry) };
  return { ...finding, result: 'note' };
}

/** Only by execution; a handler for a CPU that has no probe stays unknown. */
function works(host: HostFacts, entry: RegisteredEntry): Finding {
  const id = 'handler.runs';
  const architecture = claimedCpu(entry)?.architecture;
  const trial = host.trials?.host.find((each) => each.architecture === architecture);
  const what = `\`linux/${architecture}\``;
  if (!trial)
    return {
      id,
      result: 'cannot tell',
      observed: `flag F, static; no program of ${what} was tried`,
    };
  if (trial.bare)
    return { id, result: 'ok', observed: `runs ${what}, also in an empty root folder` };
  return {
    id,
    result: 'problem',
    observed: trial.plain
      ? `runs ${what} here, but not ${trial.detail}`
      : `does not run ${what}: ${trial.detail}`,
    remedy: replaceCommand(entry),
  };
}

/** `mpkit binfmt` can mend what it knows; anything else only goes. */
function replaceCommand(entry: RegisteredEntry): string {
  const architecture = claimedCpu(entry)?.architecture ?? '';
  if (!cpuOf(architecture) || architecture === hostPlatform().architecture)
    return `echo -1 > ${instanceFolder}/${entry.name}`;
  return `mpkit binfmt install --replace ${architecture}`;
}
