import type { Member } from './member.ts'
import { seeded } from './seeded.ts'
import type { ChaosWorld } from './world.ts'

/** What a fault can be done to. */
export interface Target {
  readonly world: ChaosWorld
  readonly webs: readonly Member[]
  readonly workers: readonly Member[]
}

/** Something that goes wrong for a while. */
export interface Fault {
  readonly boundary: string
  readonly name: string
  /** Waited for before the fault is said to be over, where it takes a time of its own. */
  strike(target: Target): Promise<void> | void
  /** Absent where it is over by itself. Ends once what had piled up is through. */
  cure?(target: Target): Promise<void> | void
}

const postgres: Fault[] = [
  {
    boundary: 'PostgreSQL',
    name: 'restarts',
    strike: ({ world }) => world.sandbox.postgres.restart(),
  },
  {
    boundary: 'PostgreSQL',
    name: 'all connections are reset',
    strike: ({ world }) => world.lines.postgres.reset(),
  },
  {
    boundary: 'PostgreSQL',
    name: 'answers to three COMMITs are lost',
    strike: ({ world }) => world.lines.postgres.set({ dropReply: { when: 'commit', times: 3 } }),
    cure: ({ world }) => world.lines.postgres.clear(),
  },
]

const storage: Fault[] = [
  {
    boundary: 'S3',
    name: 'half-open: nothing passes',
    strike: ({ world }) => world.lines.s3.set({ halfOpen: true }),
    cure: ({ world }) => world.lines.s3.clear(),
  },
  {
    boundary: 'S3',
    name: '503',
    strike: ({ world }) => world.lines.s3.set({ status: { code: 503 } }),
    cure: ({ world }) => world.lines.s3.clear(),
  },
  {
    boundary: 'S3',
    name: 'answers to four writes are lost',
    strike: ({ world }) => world.lines.s3.set({ dropReply: { when: 'PUT', times: 4 } }),
    cure: ({ world }) => world.lines.s3.clear(),
  },
]

const mail: Fault[] = [
  {
    boundary: 'SMTP',
    name: '451 to every message',
    strike: ({ world }) => world.sandbox.smtp.setAnswers({ onMessage: () => ({ reject: 451 }) }),
    cure: ({ world }) => world.sandbox.smtp.setAnswers({}),
  },
  {
    boundary: 'SMTP',
    name: '421 to every recipient',
    strike: ({ world }) => world.sandbox.smtp.setAnswers({ onRecipient: () => ({ reject: 421 }) }),
    cure: ({ world }) => world.sandbox.smtp.setAnswers({}),
  },
  {
    boundary: 'SMTP',
    name: 'takes messages and hangs up without an answer',
    strike: ({ world }) => world.sandbox.smtp.setAnswers({ onMessage: () => ({ drop: 'kept' }) }),
    cure: ({ world }) => world.sandbox.smtp.setAnswers({}),
  },
]

const payments: Fault[] = [
  {
    boundary: 'Stripe',
    name: '500, with and without the work done',
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
    strike: ({ world }) => world.lines.stripe.set({ status: { code: 429 } }),
    cure: ({ world }) => world.lines.stripe.clear(),
  },
  {
    boundary: 'Stripe',
    name: 'answers are lost',
    strike: ({ world }) => world.lines.stripe.set({ dropReply: { when: 'POST', times: 4 } }),
    cure: ({ world }) => world.lines.stripe.clear(),
  },
  {
    boundary: 'Stripe',
    name: 'webhooks come late',
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
    strike: async ({ webs }) => await webs[0]?.kill(),
  },
  {
    boundary: 'our own',
    name: 'SIGKILL of a worker process',
    strike: async ({ workers }) => await workers[0]?.kill(),
  },
  {
    boundary: 'our own',
    name: 'rolling restart of all processes',
    async strike({ webs, workers }) {
      for (const member of [...webs, ...workers]) await member.restart()
    },
  },
]

/** All faults, in an order that follows from the seed. */
export function planFaults(seed: number): Fault[] {
  const random = seeded(seed ^ 0x5eed)
  const faults = [...postgres, ...storage, ...mail, ...payments, ...calendar, ...processes]
  return faults
    .map((fault) => ({ fault, place: random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ fault }) => fault)
}
