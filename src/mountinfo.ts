/** /proc/self/mountinfo, as proc(5) describes it. Pure. */

export interface Mount {
  target: string;
  type: string;
  source: string;
  /** Of the mount and of its file system. */
  options: string[];
  /** Left out where a tree of mounts is copied. */
  unbindable: boolean;
}

/** In the order of mounting. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , , target, options, ...optional] = before?.split(' ') ?? [];
    const [type, source, more] = after?.split(' ') ?? [];
    if (!target || !options || !type) return [];
    return [
      {
        target: target.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))),
        type,
        source: source ?? '',
        options: [...options.split(','), ...(more ?? '').split(',')],
        unbindable: optional.includes('unbindable'),
      },
    ];
  });
}
