/** Each registered handler: its file, its flags, its rule, and whether it works. */
import { type Cpu, cpuOf, type RegisteredEntry } from '../../binfmt/index.ts';
import { hostPlatform } from '../../platform.ts';
import { instanceFolder, readInstance } from '../binfmt-instance.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';
import { catchesAll, caughtCpus, isForPrograms, promisedCpu } from '../handler.ts';

export const handlersCheck: Check = {
  id: 'handler',
  title: 'each handler of foreign programs',
  run: (host) => {
    const { handlers } = readInstance(host);
    return handlers.filter(isForPrograms).flatMap((entry) => judge(host, entry));
  },
};

function judge(host: HostFacts, entry: RegisteredEntry): Finding[] {
  const found = [
    judgeEnabled(entry),
    judgeFile(host, entry),
    judgeFlag(entry),
    judgeRule(entry),
  ].filter((finding) => finding !== undefined);
  const subject = entry.name;
  if (found.length === 0) found.push(works(host, entry));
  return found.map(({ id, ...rest }) => ({ id, subject, ...rest }));
}

function judgeEnabled({ name, enabled }: RegisteredEntry): Finding | undefined {
  if (enabled) return undefined;
  return {
    id: 'handler.enabled',
    result: 'problem',
    observed: 'it is disabled',
    remedy: `echo 1 > ${instanceFolder}/${name}`,
  };
}

function judgeFile(host: HostFacts, entry: RegisteredEntry): Finding | undefined {
  const { interpreter, flags } = entry;
  // a sealed copy in memory, or a file of another mount namespace: nothing to look at
  if (interpreter.startsWith('/proc/self/fd/')) return undefined;
  const file = host.file(interpreter);
  if (!file && flags.includes('F'))
    return {
      id: 'handler.file',
      result: 'warning',
      observed: `\`${interpreter}\` is gone; the kernel still holds it until the next boot`,
      remedy: replaceCommand(entry),
    };
  if (!file)
    return {
      id: 'handler.file',
      result: 'problem',
      observed: `its interpreter \`${interpreter}\` is missing`,
      remedy: replaceCommand(entry),
    };
  if (file.program !== 'dynamic') return undefined;
  return {
    id: 'handler.static',
    result: 'problem',
    observed: `\`${interpreter}\` is dynamically linked: containers lack its libraries`,
    remedy: replaceCommand(entry),
  };
}

function judgeFlag(entry: RegisteredEntry): Finding | undefined {
  if (entry.flags.includes('F')) return undefined;
  return {
    id: 'handler.flags',
    result: 'problem',
    observed: `flags \`${entry.flags}\` lack \`F\`: containers cannot see its interpreter`,
    remedy: replaceCommand(entry),
  };
}

function judgeRule(entry: RegisteredEntry): Finding | undefined {
  const promised = promisedCpu(entry);
  const caught = caughtCpus(entry);
  const others = caught.filter((cpu) => promised && cpu !== promised);
  if (promised && !catchesAll(entry, promised))
    return {
      id: 'handler.mask',
      result: 'problem',
      observed: `magic and mask do not catch every program of ${promised.architecture}`,
      remedy: replaceCommand(entry),
    };
  if (others.length === 0) return undefined;
  const names = others.map(({ architecture }) => architecture).join(', ');
  return {
    id: 'handler.mask',
    result: 'problem',
    observed: `magic and mask also catch programs of ${names}`,
    remedy: replaceCommand(entry),
  };
}

/** Only by execution; a handler for a CPU that has no probe stays unknown. */
function works(host: HostFacts, entry: RegisteredEntry): Finding {
  const id = 'handler.runs';
  const cpu = promisedCpu(entry) ?? caughtCpus(entry)[0];
  const trial = host.trials?.host.find(({ architecture }) => architecture === cpu?.architecture);
  const what = cpu ? `\`linux/${cpu.architecture}\`` : 'this CPU';
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
      ? `runs ${what} here, but not in an empty root folder: ${trial.detail}`
      : `does not run ${what}: ${trial.detail}`,
    remedy: replaceCommand(entry),
  };
}

/** `mpkit binfmt` can mend what it knows; anything else only goes. */
function replaceCommand(entry: RegisteredEntry): string {
  const cpu: Cpu | undefined = promisedCpu(entry) ?? caughtCpus(entry)[0];
  if (!cpu || !cpuOf(cpu.architecture)) return `echo -1 > ${instanceFolder}/${entry.name}`;
  if (cpu.architecture === hostPlatform().architecture)
    return `echo -1 > ${instanceFolder}/${entry.name}`;
  return `mpkit binfmt install --replace ${cpu.architecture}`;
}
