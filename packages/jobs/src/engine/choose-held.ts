import type { JobLimits, Limit } from '../job/limits.ts'

/** A job that is held back. */
export interface HeldJob {
  readonly id: string
  readonly tenant: string
  readonly key: string | null
}

/** What counts for the limits of a kind. */
export interface Usage {
  /** How many were let go and have not ended, of each tenant and key. */
  readonly running: readonly {
    readonly tenant: string
    readonly key: string | null
    readonly jobs: number
  }[]
  /** When jobs were let go lately, in milliseconds before now. */
  readonly starts: readonly {
    readonly tenant: string
    readonly key: string | null
    readonly agoMs: number
  }[]
}

/** Which may go. */
export interface Chosen {
  readonly go: readonly HeldJob[]
  /** Those whose key may not begin before a time, in milliseconds from now. */
  readonly later: readonly { readonly id: string; readonly delayMs: number }[]
  /** When a rate next lets one go, in milliseconds from now; `Infinity` where none holds any back. */
  readonly nextMs: number
}

/** What one limit has left. */
class Left {
  readonly #limit: Limit
  readonly #agos: readonly number[]
  #running: number
  #begun = 0

  constructor(limit: Limit, running: number, starts: readonly number[]) {
    const perMs = limit.rate?.perMs ?? 0
    this.#limit = limit
    this.#running = running
    this.#agos = starts.filter((agoMs) => agoMs < perMs).toSorted((a, b) => b - a)
  }

  get running(): number {
    return this.#running
  }

  /** In how many milliseconds one more may go: 0 for now, `Infinity` when one has to end first. */
  get waitMs(): number {
    const { concurrency = Infinity, rate } = this.#limit
    if (this.#running >= concurrency) return Infinity
    if (rate === undefined) return 0
    const over = this.#agos.length + this.#begun - rate.count
    if (over < 0) return 0
    return over < this.#agos.length ? rate.perMs - (this.#agos[over] as number) : rate.perMs
  }

  take(): void {
    this.#running += 1
    this.#begun += 1
  }
}

/**
 * Chooses which of the jobs that are held back may go now: one after the other, always of the tenant that has the
 * fewest running, as long as no limit stands against it.
 *
 * @param held in the order in which those of each tenant are to go
 */
export function chooseHeld(
  limits: JobLimits,
  { running, starts }: Usage,
  held: readonly HeldJob[],
  room: number,
): Chosen {
  const left = (limit: Limit, is: (of: HeldPart) => boolean): Left => {
    const jobs = running.filter(is).reduce((sum, part) => sum + part.jobs, 0)
    return new Left(
      limit,
      jobs,
      starts.filter(is).map(({ agoMs }) => agoMs),
    )
  }
  const all = left(limits, () => true)
  const lines = new Map<string, { readonly left: Left; readonly jobs: HeldJob[] }>()
  for (const job of held) {
    const line = lines.get(job.tenant)
    if (line !== undefined) line.jobs.push(job)
    else {
      const { tenant } = job
      lines.set(tenant, {
        left: left(limits.perTenant ?? {}, (of) => of.tenant === tenant),
        jobs: [job],
      })
    }
  }
  const keys = new Map<string, Left>()
  const go: HeldJob[] = []
  const later: { id: string; delayMs: number }[] = []
  let nextMs = Infinity
  while (go.length < room && all.waitMs === 0) {
    let best: { readonly left: Left; readonly jobs: HeldJob[] } | undefined
    for (const [tenant, line] of lines) {
      if (line.left.waitMs > 0) nextMs = Math.min(nextMs, line.left.waitMs)
      if (line.left.waitMs > 0 || line.jobs.length === 0) lines.delete(tenant)
      else if (best === undefined || line.left.running < best.left.running) best = line
    }
    const job = best?.jobs.shift()
    if (best === undefined || job === undefined) break
    const { key } = job
    if (key !== null && limits.perKey !== undefined) {
      const known = keys.get(key) ?? left(limits.perKey, (of) => of.key === key)
      keys.set(key, known)
      if (known.waitMs > 0) {
        if (known.waitMs < Infinity) later.push({ id: job.id, delayMs: known.waitMs })
        continue
      }
      known.take()
    }
    best.left.take()
    all.take()
    go.push(job)
  }
  if (all.waitMs > 0) nextMs = Math.min(nextMs, all.waitMs)
  return { go, later, nextMs }
}

interface HeldPart {
  readonly tenant: string
  readonly key: string | null
}
