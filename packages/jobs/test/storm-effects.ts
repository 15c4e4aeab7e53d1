import { setTimeout as delay } from 'node:timers/promises'

/** What a job does: it writes down its kind and number. */
export type StormKind = 'plain' | 'transactional' | 'stepped' | 'batched'

export interface StormSchema {
  readonly effects: { readonly kind: StormKind; readonly n: number }
}

export const EFFECTS = 'create table effects (kind text not null, n int not null)'

export const EFFECT = 'insert into effects (kind, n) values ($1, $2)'

/** How long a worker of any queue may hold a job of which nothing is heard, in milliseconds. */
export const STORM_LEASE_MS = 1_000

/** What a worker's process is started with: `<url> <skew in ms> <work in ms>`. Its clock is off by the skew. */
export interface StormArguments {
  readonly url: string
  /** A job's work before its effect, and after it. */
  readonly work: () => Promise<void>
}

export function stormArguments(): StormArguments {
  const [url = '', skew = '0', workMs = '0'] = process.argv.slice(2)
  const now = Date.now
  Date.now = () => now() + Number(skew)
  const work = async (): Promise<void> => {
    if (workMs !== '0') await delay(Number(workMs))
  }
  return { url, work }
}
