import { array, assert, constantFrom, integer, option, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import type { JobLimits, Limit } from '../job/limits.ts'
import { chooseHeld, type HeldJob, type Usage } from './choose-held.ts'

const limit = record({
  concurrency: option(integer({ min: 0, max: 6 }), { nil: undefined }),
  rate: option(
    record({ count: integer({ min: 1, max: 6 }), perMs: constantFrom(10, 100, 1_000) }),
    { nil: undefined },
  ),
})
const tenant = constantFrom('', 'a', 'b', 'c')
const key = constantFrom(null, 'k', 'l', 'm')

const held = array(record({ tenant, key }), { maxLength: 25 }).map((jobs) =>
  jobs.map((job, n): HeldJob => ({ id: `${n}`, ...job })),
)
const usage = record({
  running: array(record({ tenant, key, jobs: integer({ min: 1, max: 3 }) }), { maxLength: 4 }),
  starts: array(record({ tenant, key, agoMs: integer({ min: 0, max: 1_200 }) }), { maxLength: 8 }),
})
const limits = record({
  perTenant: option(limit, { nil: undefined }),
  perKey: option(limit, { nil: undefined }),
  all: limit,
}).map(({ all, perTenant, perKey }): JobLimits => {
  const { concurrency, rate } = all
  return { concurrency, rate, perTenant, perKey }
})

/** Whether `jobs` more of what `is` is true of go beyond a limit. */
function exceeds(
  { concurrency = Infinity, rate }: Limit,
  { running, starts }: Usage,
  jobs: number,
  is: (of: { tenant: string; key: string | null }) => boolean,
): boolean {
  const now = running.filter(is).reduce((sum, part) => sum + part.jobs, 0)
  if (now + jobs > concurrency) return true
  if (rate === undefined) return false
  const { perMs, count } = rate
  return starts.filter(is).filter(({ agoMs }) => agoMs < perMs).length + jobs > count
}

test('a choice goes beyond no limit, leaves none that could go, and takes turns between tenants', () => {
  assert(
    property(limits, usage, held, integer({ min: 0, max: 12 }), (rules, used, jobs, room) => {
      const { go, later, nextMs } = chooseHeld(rules, used, jobs, room)
      expect(go.length).toBeLessThanOrEqual(room)
      expect(new Set(go).size).toBe(go.length)
      const beyond = (chosen: readonly HeldJob[], job: HeldJob): boolean => {
        const many = (is: (of: HeldJob) => boolean): number => chosen.filter(is).length
        const parts: [Limit, (of: { tenant: string; key: string | null }) => boolean][] = [
          [rules, () => true],
          [rules.perTenant ?? {}, (of) => of.tenant === job.tenant],
        ]
        if (job.key !== null) parts.push([rules.perKey ?? {}, (of) => of.key === job.key])
        return parts.some(([part, is]) => exceeds(part, used, many(is), is))
      }
      for (const job of go) expect(beyond(go, job)).toBe(false)
      const left = jobs.filter((job) => !go.includes(job))
      if (go.length < room) for (const job of left) expect(beyond([...go, job], job)).toBe(true)
      expect(nextMs).toBeGreaterThan(0)
      for (const { delayMs } of later) expect(delayMs).toBeGreaterThan(0)
      // In the order that they had, within a tenant, but for keys that must wait.
      const after = (of: string): number =>
        used.running
          .filter((part) => part.tenant === of)
          .reduce((sum, part) => sum + part.jobs, 0) + go.filter((job) => job.tenant === of).length
      if (rules.perTenant === undefined && rules.perKey === undefined) {
        for (const { tenant: waits } of left) {
          for (const { tenant: went } of go) {
            expect(after(went)).toBeLessThanOrEqual(Math.max(after(waits), after(went) - 1) + 1)
            if (went !== waits) expect(after(went) - 1).toBeLessThanOrEqual(after(waits))
          }
        }
      }
    }),
    { numRuns: Number(process.env['YUZURU_RUNS'] ?? 2_000) },
  )
})
