import { gather } from '@yuzuru/concurrency'
import type { Kind } from './ledger.ts'
import type { Member } from './member.ts'
import { seeded } from './seeded.ts'
import type { ChaosWorld } from './world.ts'

/** What faults can strike. */
export interface Target {
  readonly world: ChaosWorld
  readonly webs: readonly Member[]
  readonly workers: readonly Member[]
}

/** Something that goes wrong for a while. */
export interface Fault {
  readonly boundary: string
  readonly name: string
  /** The operation that is certain to meet it, done while it lasts. */
  readonly kind: Kind
  /**
   * Counts from now on what of the app meets it: what it sends, or has open, there. Absent for what is our own: all
   * requests meet that.
   */
  watch?(target: Target): () => number
  /** Strikes. If it returns a promise, the fault lasts at least until that resolves. */
  strike(target: Target): Promise<void> | void
  /** Ends the fault, and resolves when the backlog is done. Absent if the fault ends by itself. */
  cure?(target: Target): Promise<void> | void
}

const postgres: Fault[] = [
  {
    boundary: 'PostgreSQL',
    name: 'restarts',
    kind: 'approve',
    watch: ({ world }) => world.taps.postgres.watch(''),
    strike: ({ world }) => world.sandbox.postgres.restart(),
  },
  {
    boundary: 'PostgreSQL',
    name: 'all connections are reset',
    kind: 'approve',
    watch: ({ world }) => {
      const { connections } = world.lines.postgres
      return () => connections
    },
    strike: ({ world }) => world.lines.postgres.reset(),
  },
  {
    boundary: 'PostgreSQL',
    name: 'answers to three COMMITs are lost',
    kind: 'approve',
    watch: ({ world }) => world.taps.postgres.watch('commit'),
    strike: ({ world }) => world.lines.postgres.set({ dropReply: { when: 'commit', times: 3 } }),
    cure: ({ world }) => world.lines.postgres.clear(),
  },
]

const storage: Fault[] = [
  {
    boundary: 'S3',
    name: 'half-open: nothing passes',
    kind: 'upload',
    watch: ({ world }) => world.taps.s3.watch('HTTP/1.1'),
    strike: ({ world }) => world.lines.s3.set({ halfOpen: true }),
    cure: ({ world }) => world.lines.s3.clear(),
  },
  {
    boundary: 'S3',
    name: '503',
    kind: 'upload',
    watch: ({ world }) => world.taps.s3.watch('HTTP/1.1'),
    strike: ({ world }) => world.lines.s3.set({ status: { code: 503 } }),
    cure: ({ world }) => world.lines.s3.clear(),
  },
  {
    boundary: 'S3',
    name: 'answers to four writes are lost',
    kind: 'upload',
    watch: ({ world }) => world.taps.s3.watch('PUT /'),
    strike: ({ world }) => world.lines.s3.set({ dropReply: { when: 'PUT', times: 4 } }),
    cure: ({ world }) => world.lines.s3.clear(),
  },
]

const mail: Fault[] = [
  {
    boundary: 'SMTP',
    name: '451 to every message',
    kind: 'approve',
    watch: ({ world }) => world.taps.smtp.watch('DATA'),
    strike: ({ world }) => world.sandbox.smtp.setAnswers({ onMessage: () => ({ reject: 451 }) }),
    cure: ({ world }) => world.sandbox.smtp.setAnswers({}),
  },
  {
    boundary: 'SMTP',
    name: '421 to every recipient',
    kind: 'approve',
    watch: ({ world }) => world.taps.smtp.watch('RCPT TO'),
    strike: ({ world }) => world.sandbox.smtp.setAnswers({ onRecipient: () => ({ reject: 421 }) }),
    cure: ({ world }) => world.sandbox.smtp.setAnswers({}),
  },
  {
    boundary: 'SMTP',
    name: 'takes messages and hangs up without an answer',
    kind: 'approve',
    watch: ({ world }) => world.taps.smtp.watch('DATA'),
    strike: ({ world }) => world.sandbox.smtp.setAnswers({ onMessage: () => ({ drop: 'kept' }) }),
    cure: ({ world }) => world.sandbox.smtp.setAnswers({}),
  },
]

const payments: Fault[] = [
  {
    boundary: 'Stripe',
    name: '500, with and without the work done',
    kind: 'subscribe',
    watch: ({ world }) => world.taps.stripe.watch(' /v1/'),
    strike: ({ world }) =>
      world.sandbox.stripe.setTroubles(
        { kind: 'error', times: 3 },
        { kind: 'error_after', times: 3 },
      ),
    cure: ({ world }) => world.sandbox.stripe.setTroubles(),
  },
  {
    boundary: 'Stripe',
    name: '429',
    kind: 'subscribe',
    watch: ({ world }) => world.taps.stripe.watch(' /v1/'),
    strike: ({ world }) => world.lines.stripe.set({ status: { code: 429 } }),
    cure: ({ world }) => world.lines.stripe.clear(),
  },
  {
    boundary: 'Stripe',
    name: 'answers are lost',
    kind: 'subscribe',
    watch: ({ world }) => world.taps.stripe.watch('POST /'),
    strike: ({ world }) => world.lines.stripe.set({ dropReply: { when: 'POST', times: 4 } }),
    cure: ({ world }) => world.lines.stripe.clear(),
  },
  {
    boundary: 'Stripe',
    name: 'webhooks come late',
    kind: 'subscribe',
    watch: ({ world }) => {
      const before = world.sandbox.stripe.events().length
      return () => world.sandbox.stripe.events().length - before
    },
    strike: ({ world }) => world.sandbox.stripe.webhooks.pause(),
    cure: async ({ world }) => {
      await world.sandbox.stripe.webhooks.resume()
    },
  },
]

const calendar: Fault[] = [
  {
    boundary: 'Google',
    name: '403 rateLimitExceeded, then 500 with the work done',
    kind: 'meet',
    watch: ({ world }) => world.taps.google.watch('/calendars/'),
    strike: ({ world }) =>
      world.sandbox.google.setTroubles(
        { kind: 'rate_limit', times: 4 },
        { kind: 'error_after', times: 4 },
      ),
    cure: ({ world }) => world.sandbox.google.setTroubles(),
  },
]

const processes: Fault[] = [
  {
    boundary: 'our own',
    name: 'SIGKILL of a web process',
    kind: 'approve',
    strike: async ({ webs }) => await webs[0]?.kill(),
  },
  {
    boundary: 'our own',
    name: 'SIGKILL of a worker process',
    kind: 'approve',
    strike: async ({ workers }) => await workers[0]?.kill(),
  },
]

/** Restarts the processes of each kind one at a time. */
const rolling: Fault = {
  boundary: 'our own',
  name: 'rolling restart of all processes',
  kind: 'approve',
  strike: async ({ webs, workers }) => {
    const inTurn = (members: readonly Member[]) => async (): Promise<void> => {
      for (const member of members) await member.restart()
    }
    await gather([inTurn(webs), inTurn(workers)])
  },
}

/**
 * All faults. The rolling restart comes first, so that processes live through what follows: their memory says something.
 * The order of the others follows from the seed.
 */
export function planFaults(seed: number): Fault[] {
  const random = seeded(seed ^ 0x5eed)
  const faults = [...postgres, ...storage, ...mail, ...payments, ...calendar, ...processes]
  const others = faults
    .map((fault) => ({ fault, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ fault }) => fault)
  return [rolling, ...others]
}
