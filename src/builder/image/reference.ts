/**
 * Image names, `[domain/]path[:tag][@digest]`, by the grammar of distribution/reference, and the
 * full form that containerd and Docker know an image by.
 */
import { MpkitError } from '../../errors.ts';
import { type Digest, isDigest } from './digest.ts';

export interface Reference {
  /** `docker.io` where the text names none. */
  domain: string;
  /** `library/` before it where Docker Hub's official images are meant. */
  path: string;
  tag?: string;
  digest?: Digest;
}

/** Throws `usage`. */
export function parseReference(text: string): Reference {
  const found = grammar.exec(text);
  if (!found) {
    if (grammar.test(text.toLowerCase())) throw invalid(text, 'a name must be in lower case');
    throw invalid(text, 'expected `[domain/]name[:tag][@digest]`');
  }
  const [, name = '', tag, digest] = found;
  if (/^[a-f0-9]{64}$/.test(name))
    throw invalid(text, 'a name of 64 hex digits is taken for an id');
  if (digest !== undefined && !isDigest(digest))
    throw invalid(text, 'expected `sha256:` and 64 lower-case hex digits after `@`');
  const { domain, path } = splitDomain(name);
  if (/[A-Z]/.test(path)) throw invalid(text, 'a name must be in lower case');
  if (path === '' || path.length > 255) throw invalid(text, 'expected a name of 1 to 255 bytes');
  return { domain, path, ...(tag && { tag }), ...(digest && { digest: digest as Digest }) };
}

/** What `--tag` takes, a name with or without tag; throws `usage`, also for a digest. */
export function parseTag(text: string): Reference & { tag: string } {
  const { digest, ...reference } = parseReference(text);
  if (digest) throw invalid(text, 'a tag cannot hold a digest');
  return { ...reference, tag: reference.tag ?? 'latest' };
}

/** The full form: `docker.io/library/alpine:3`. */
export function formatReference({ domain, path, tag, digest }: Reference): string {
  return `${domain}/${path}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/** Whether `text` may be a tag by itself. */
export function isTagName(text: string): boolean {
  return new RegExp(`^${tagName}$`).test(text);
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  // without any of these it is Docker Hub's account
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = slash > 0 && isDomain ? first : 'docker.io';
  const rest = slash > 0 && isDomain ? name.slice(slash + 1) : name;
  if (domain !== 'docker.io' && domain !== 'index.docker.io') return { domain, path: rest };
  return { domain: 'docker.io', path: rest.includes('/') ? rest : `library/${rest}` };
}

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])`;
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const tagName = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digestText = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const grammar = new RegExp(
  `^((?:${host}(?::[0-9]+)?/)?${component}(?:/${component})*)(?::(${tagName}))?(?:@(${digestText}))?$`,
);

function invalid(text: string, why: string): MpkitError {
  return new MpkitError('usage', `invalid image name \`${text.slice(0, 200)}\`: ${why}`, {
    hint: 'for example `registry.example.com/team/app:1.0`',
  });
}
