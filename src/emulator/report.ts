/** What native/sandbox says on its report descriptor: one JSON object a line (native/fail.h). */
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { type ErrorCode, MpkitError } from '../errors.ts';

export interface SandboxFailure {
  step: string;
  path: string;
  /** 0 where no system call failed. */
  errno: number;
  meaning: string;
}

export interface SandboxReport {
  error?: SandboxFailure;
  /** Raw wait status of the command. */
  status?: number;
  /** The time limit in seconds, when it ended the step. */
  timeout?: number;
  /** The memory limit in bytes, when it ended the step. */
  memory?: number;
  /** Present where the command failed and had looked for a network beyond its loopback. */
  missed?: number;
  /** Present where output was given up: nobody took it and the end was asked for. */
  untaken?: number;
  pid?: number;
}

/** Collects the report until the sandbox closes it; the first error wins. */
export async function readReport(
  stream: Readable | Writable | null | undefined,
  onPart: (report: SandboxReport) => void = () => {},
): Promise<SandboxReport> {
  const report: SandboxReport = {};
  let text = '';
  for await (const chunk of stream as Readable) {
    text += String(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const part = parseLine(text.slice(0, end));
      text = text.slice(end + 1);
      Object.assign(report, { ...part, ...(report.error ? { error: report.error } : {}) });
      onPart(report);
    }
  }
  return report;
}

/** `mount proc of /proc failed: EPERM (…)` with the remedy as hint. */
export function sandboxError(failure: SandboxFailure): MpkitError {
  const { step, path, errno, meaning } = failure;
  if (step === 'mount proc' && errno === constants.errno.EPERM) return maskedProc();
  const where = path ? ` \`${path}\`` : '';
  const why = errno ? `: ${getSystemErrorName(-errno)}` : '';
  const code: ErrorCode =
    step.startsWith('make') && step.includes('namespace') ? 'host-unable' : 'sandbox';
  return new MpkitError(code, `sandbox could not ${step}${where}${why}`, {
    hint: meaning || undefined,
  });
}

/** The kernel's rule is that a namespace may not show more of /proc than the one around it. */
function maskedProc(): MpkitError {
  return new MpkitError(
    'masked-proc',
    'parts of `/proc` are masked here, as in containers, so a build cannot have its own',
    {
      hint: 'start the container with `--security-opt systempaths=unconfined` (Docker), `--security-opt unmask=ALL` (Podman) or `procMount: Unmasked` and `hostUsers: false` (Kubernetes)',
    },
  );
}

function parseLine(line: string): SandboxReport {
  try {
    return JSON.parse(line) as SandboxReport;
  } catch {
    return {};
  }
}
