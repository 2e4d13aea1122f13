/** The other end of `transfer-json.ts`. */
import type { TransferEvent } from '../../transfer.ts';

export interface RawStatuses {
  vertexes?: RawTransferVertex[];
  statuses?: { vertex: string; current: number; total?: number; timestamp: string }[];
}

export interface RawTransferVertex {
  digest: string;
  completed?: string;
  error?: string;
  'mpkit.transfer'?: Pick<TransferEvent, 'id' | 'kind' | 'name'>;
}

/** What a status's vertex moves. */
export type TransferNames = ReadonlyMap<string, Pick<TransferEvent, 'id' | 'kind' | 'name'>>;

export function withTransferNames(known: TransferNames, { vertexes }: RawStatuses): TransferNames {
  const added = (vertexes ?? []).flatMap((each) => {
    const what = each['mpkit.transfer'];
    return what ? [[each.digest, what] as const] : [];
  });
  return added.length > 0 ? new Map([...known, ...added]) : known;
}

export function decodeTransfers(names: TransferNames, raw: RawStatuses): TransferEvent[] {
  const ends = new Map(
    (raw.vertexes ?? []).flatMap(({ digest, completed, error }) =>
      completed === undefined ? [] : [[digest, error === undefined ? 'done' : 'failed'] as const],
    ),
  );
  return (raw.statuses ?? []).flatMap(({ vertex, current, total, timestamp }) => {
    const what = names.get(vertex);
    if (!what) return [];
    const end = ends.get(vertex);
    return [
      {
        ...{ type: 'transfer' as const, ...what, bytes: current, at: Date.parse(timestamp) },
        ...(total === undefined ? {} : { total }),
        ...(end ? { end } : {}),
      },
    ];
  });
}
