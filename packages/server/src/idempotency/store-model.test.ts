import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { STAGES } from '../../test/idempotent-stage.ts'
import { StoreModel } from '../../test/store-model.ts'
import type { IdempotencyStore, KeyClaim, ReleaseTo, StoredAnswer } from './idempotency-store.ts'

const LONG_MS = 3_600_000

/** Nothing waits for a clock: what has lapsed or expired had no time from the start. */
const time = fc.constantFrom(0, LONG_MS)

/** What one of three processes does with one of two keys. */
const step = fc.record({
  process: fc.nat(2),
  key: fc.constantFrom('a', 'b'),
  fingerprint: fc.constantFrom('x', 'x', 'x', 'y'),
  repeatable: fc.boolean(),
  leaseMs: time,
  ttlMs: time,
  to: fc.constantFrom<ReleaseTo[]>('free', 'again', 'unknown'),
  commits: fc.boolean(),
  verb: fc.constantFrom(
    'claim',
    'claim',
    'claim',
    'renew',
    'finish',
    'release',
    'open',
    'end',
    'prune',
  ),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Open {
  readonly end: (commits: boolean) => Promise<void>
}

/** The processes, on a store and on its model at once. */
class Processes {
  readonly #store: IdempotencyStore
  readonly #model = new StoreModel()
  readonly #prefix = randomUUID()
  readonly #claims = new Map<string, KeyClaim>()
  /** Transactions that have finished a key and have not ended. */
  readonly #open = new Map<string, Open>()

  constructor(store: IdempotencyStore) {
    this.#store = store
  }

  /** What the store and what the model make of a step. */
  async take(step: Step): Promise<readonly [unknown, unknown]> {
    const { verb, leaseMs, ttlMs } = step
    const id = `${this.#prefix}-${step.key}`
    const holder = `${step.process}-${id}`
    if (verb === 'claim') {
      const claim = { id, token: randomUUID() }
      this.#claims.set(holder, claim)
      const request = { ...claim, ...step }
      const { state } = await this.#store.claim(request)
      return [state, this.#model.claim(request)]
    }
    const claim = this.#claims.get(holder) ?? { id, token: 'none' }
    if (verb === 'renew') {
      return [await this.#store.renew(claim, leaseMs), this.#model.renew(claim, leaseMs)]
    }
    if (verb === 'end') return await this.#end(id, step.commits)
    // These would wait for a transaction that has finished the key.
    if (this.#open.has(id)) return [undefined, undefined]
    if (verb === 'open') return await this.#begin(claim, ttlMs)
    if (verb === 'release') {
      return [await this.#store.release(claim, step.to), this.#model.release(claim, step.to)]
    }
    if (verb === 'finish') {
      const finished = await this.#store.finish(claim, ANSWER, ttlMs)
      return [finished, this.#model.finish(claim, ttlMs)]
    }
    await this.#store.prune(100)
    this.#model.prune()
    return [undefined, undefined]
  }

  async #begin(claim: KeyClaim, ttlMs: number): Promise<readonly [unknown, unknown]> {
    const finished = Promise.withResolvers<boolean>()
    const end = Promise.withResolvers<boolean>()
    const ended = this.#store
      .transaction(async (tx) => {
        finished.resolve(await this.#store.finish(claim, ANSWER, ttlMs, tx))
        if (!(await end.promise)) throw new RangeError('rolled back')
      })
      .catch((error: unknown) => expect(error).toBeInstanceOf(RangeError))
    this.#open.set(claim.id, {
      end: async (commits) => {
        end.resolve(commits)
        await ended
      },
    })
    return [await finished.promise, this.#model.open(claim, ttlMs)]
  }

  async #end(id: string, commits: boolean): Promise<readonly [unknown, unknown]> {
    await this.#open.get(id)?.end(commits)
    this.#open.delete(id)
    this.#model.end(id, commits)
    return [undefined, undefined]
  }

  async close(): Promise<void> {
    for (const { end } of this.#open.values()) await end(false)
  }
}

const ANSWER: StoredAnswer = { status: 200, headers: [], body: new Uint8Array() }

describe.each(Object.entries(STAGES))('%s:', (_name, open) => {
  test('a store does what a plain model of it does, whatever its processes do', async () => {
    await using stage = await open()
    const steps = fc.array(step, { minLength: 1, maxLength: 40 })
    const property = fc.asyncProperty(steps, async (all) => {
      const processes = new Processes(stage.store)
      try {
        for (const each of all) {
          const [real, model] = await processes.take(each)
          expect(real, each.verb).toEqual(model)
        }
      } finally {
        await processes.close()
      }
    })
    await fc.assert(property, { numRuns: 100 })
  })
})
