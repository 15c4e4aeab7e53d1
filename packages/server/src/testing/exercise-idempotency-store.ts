import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { casesOf, type Fixture, type SuiteCase } from '@yuzuru/concurrency/testing'
import type {
  ClaimRequest,
  IdempotencyStore,
  StoredAnswer,
} from '../idempotency/idempotency-store.ts'

/** The store to try. Disposed of when the case has ended. */
export interface IdempotencyStoreFixture extends Fixture {
  readonly store: IdempotencyStore
}

/**
 * Makes cases that an `IdempotencyStore` of your own must pass. The cases use ids of their own, so they may share one
 * database. Some use the store while a transaction of it is open, so that needs a second connection.
 *
 * @example
 * const make = () => ({ store: myStore(db), [Symbol.asyncDispose]: async () => {} })
 * for (const { name, run } of exerciseIdempotencyStore(make)) test(name, run)
 */
export function exerciseIdempotencyStore(
  make: () => IdempotencyStoreFixture | Promise<IdempotencyStoreFixture>,
): readonly SuiteCase[] {
  const of = casesOf(make)
  return Object.entries(CASES).map(([name, check]) =>
    of(name, ({ store }) => check(store, randomUUID())),
  )
}

type Check = (store: IdempotencyStore, id: string) => Promise<void>

const LONG_MS = 3_600_000

const ANSWER: StoredAnswer = {
  status: 201,
  headers: [
    ['content-type', 'text/plain; charset=utf-8'],
    ['link', '</a>; rel="b"'],
  ],
  body: Uint8Array.of(0, 255, 13, 10, 34, 92),
}

const ANSWERED = { state: 'answered', answer: ANSWER } as const

/** A claim with a token of its own; with a lease of 0 ms it has lapsed by the next call. */
function ask(id: string, change: Partial<ClaimRequest> = {}): ClaimRequest {
  const times = { leaseMs: LONG_MS, ttlMs: LONG_MS }
  return { id, token: randomUUID(), fingerprint: 'a', repeatable: true, ...times, ...change }
}

/** What a claim gives, its bytes as an array of one kind. */
async function claim(store: IdempotencyStore, request: ClaimRequest): Promise<unknown> {
  const result = await store.claim(request)
  if (result.state !== 'answered') return result.state
  const { answer } = result
  return { ...result, answer: { ...answer, body: Uint8Array.from(answer.body) } }
}

const CASES: Readonly<Record<string, Check>> = {
  'one of many claims at once has the key': async (store, id) => {
    const claims = Array.from({ length: 20 }, () => claim(store, ask(id)))
    const states = await Promise.all(claims)
    assert.equal(states.filter((state) => state === 'claimed').length, 1)
    assert.equal(states.filter((state) => state === 'running').length, 19)
  },
  'the same claim twice is the same as once': async (store, id) => {
    const first = ask(id)
    assert.equal(await claim(store, first), 'claimed')
    assert.equal(await claim(store, first), 'claimed')
  },
  'an answer comes back as it was, also when it is stored twice': async (store, id) => {
    const first = ask(id)
    await claim(store, first)
    assert.equal(await store.finish(first, ANSWER, LONG_MS), true)
    assert.equal(await store.finish(first, ANSWER, LONG_MS), true)
    assert.deepEqual(await claim(store, ask(id)), ANSWERED)
    for (const to of ['free', 'again', 'unknown'] as const) {
      assert.equal(await store.release(first, to), 'answered')
      assert.deepEqual(await claim(store, ask(id)), ANSWERED)
    }
  },
  'an empty answer is one': async (store, id) => {
    const first = ask(id)
    await claim(store, first)
    const answer: StoredAnswer = { status: 204, headers: [], body: new Uint8Array() }
    await store.finish(first, answer, LONG_MS)
    assert.deepEqual(await claim(store, ask(id)), { state: 'answered', answer })
  },
  'another request under the key is a conflict, whatever became of the first': async (
    store,
    id,
  ) => {
    const first = ask(id, { leaseMs: 0 })
    await claim(store, first)
    assert.equal(await claim(store, ask(id, { fingerprint: 'b' })), 'conflict')
    await store.finish(first, ANSWER, LONG_MS)
    assert.equal(await claim(store, ask(id, { fingerprint: 'b' })), 'conflict')
  },
  'a claim that has lapsed gives way, and its process has lost it': async (store, id) => {
    const [first, second] = [ask(id, { leaseMs: 0 }), ask(id)]
    await claim(store, first)
    assert.equal(await claim(store, second), 'claimed')
    assert.equal(await store.renew(first, LONG_MS), false)
    assert.equal(await store.finish(first, ANSWER, LONG_MS), false)
    assert.equal(await store.release(first, 'free'), 'lost')
    assert.equal(await claim(store, ask(id)), 'running')
    assert.equal(await store.finish(second, ANSWER, LONG_MS), true)
  },
  'a claim that is renewed stands': async (store, id) => {
    const first = ask(id, { leaseMs: 0 })
    await claim(store, first)
    assert.equal(await store.renew(first, LONG_MS), true)
    assert.equal(await claim(store, ask(id)), 'running')
  },
  'a claim that has lapsed and was not taken can still be finished': async (store, id) => {
    const first = ask(id, { leaseMs: 0 })
    await claim(store, first)
    assert.equal(await store.finish(first, ANSWER, LONG_MS), true)
    assert.deepEqual(await claim(store, ask(id)), ANSWERED)
  },
  'what must not be repeated is unknown once it has lapsed': async (store, id) => {
    await claim(store, ask(id, { leaseMs: 0, repeatable: false }))
    assert.equal(await claim(store, ask(id)), 'unknown')
  },
  'a claim ends free, again or unknown': async (store, id) => {
    const first = ask(id, { repeatable: false })
    await claim(store, first)
    assert.equal(await store.release(first, 'free'), 'released')
    const second = ask(id, { fingerprint: 'b', repeatable: false })
    assert.equal(await claim(store, second), 'claimed')
    assert.equal(await store.release(second, 'again'), 'released')
    assert.equal(await claim(store, ask(id, { fingerprint: 'c' })), 'conflict')
    const third = ask(id, { fingerprint: 'b' })
    assert.equal(await claim(store, third), 'claimed')
    assert.equal(await store.release(third, 'unknown'), 'released')
    assert.equal(await claim(store, ask(id, { fingerprint: 'b' })), 'unknown')
    assert.equal(await store.finish(third, ANSWER, LONG_MS), false)
  },
  'a key that has expired is a new one, but not while it is claimed': async (store, id) => {
    const first = ask(id, { leaseMs: 0 })
    await claim(store, first)
    await store.finish(first, ANSWER, 0)
    assert.equal(await claim(store, ask(id, { fingerprint: 'b', ttlMs: 0 })), 'claimed')
    assert.equal(await claim(store, ask(id, { fingerprint: 'c' })), 'conflict')
    assert.equal(await claim(store, ask(id, { fingerprint: 'b' })), 'running')
  },
  'expired keys are removed in batches, and running ones stay': async (store, id) => {
    const expired = ['1', '2', '3'].map((n) => ask(id + n, { leaseMs: 0, ttlMs: 0 }))
    const running = ask(`${id}4`, { ttlMs: 0 })
    for (const each of [running, ...expired]) await store.claim(each)
    // A claim may have removed some of them, and others may be there.
    while ((await store.prune(2)) === 2);
    for (const each of expired) assert.equal(await store.release(each, 'free'), 'lost')
    assert.equal(await claim(store, ask(running.id)), 'running')
  },
  'what a transaction finishes stands when it commits': async (store, id) => {
    const first = ask(id, { leaseMs: 0 })
    await claim(store, first)
    const ended = store.transaction(async (tx) => {
      assert.equal(await store.finish(first, ANSWER, LONG_MS, tx), true)
      // It has lapsed, but is about to be answered: nobody waits, and nobody gets it.
      assert.equal(await claim(store, ask(id)), 'running')
      assert.equal(await store.renew(first, 0), true)
    })
    await ended
    assert.deepEqual(await claim(store, ask(id)), ANSWERED)
  },
  'what a transaction finishes is gone when it rolls back': async (store, id) => {
    const first = ask(id)
    await claim(store, first)
    const failing = store.transaction(async (tx) => {
      await store.finish(first, ANSWER, LONG_MS, tx)
      throw new RangeError('not now')
    })
    await assert.rejects(failing, RangeError)
    assert.equal(await claim(store, ask(id)), 'running')
    assert.equal(await store.release(first, 'free'), 'released')
    assert.equal(await claim(store, ask(id)), 'claimed')
  },
  'a release waits for the transaction that finishes the claim': async (store, id) => {
    for (const fails of [false, true]) {
      const first = ask(`${id}-${fails}`)
      await claim(store, first)
      const go = Promise.withResolvers<void>()
      const finished = Promise.withResolvers<void>()
      const transaction = store
        .transaction(async (tx) => {
          await store.finish(first, ANSWER, LONG_MS, tx)
          finished.resolve()
          await go.promise
          if (fails) throw new RangeError('not now')
        })
        .catch((error: unknown) => assert.ok(error instanceof RangeError))
      await finished.promise
      const release = store.release(first, 'free')
      go.resolve()
      assert.equal(await release, fails ? 'released' : 'answered')
      await transaction
    }
  },
}
