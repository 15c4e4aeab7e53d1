/** The cron that made a job, and the time that it was made for. */
export interface CronOrigin {
  /** The cron's. */
  readonly name: string
  /** The time of its schedule; the job may have been made, and be run, later. */
  readonly at: Date
}

interface Kept {
  readonly cron?: { readonly name: string; readonly at: string }
}

/** What is kept with a job of a cron, as JSON. */
export function originOf(cron: CronOrigin): string {
  return JSON.stringify({ cron: { name: cron.name, at: cron.at.toISOString() } } satisfies Kept)
}

/** The cron that made a job, out of what is kept with it. */
export function cronOf(origin: string | null): CronOrigin | undefined {
  const { cron } = origin === null ? {} : (JSON.parse(origin) as Kept)
  return cron === undefined ? undefined : { name: cron.name, at: new Date(cron.at) }
}
