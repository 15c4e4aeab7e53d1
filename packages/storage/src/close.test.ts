import { setImmediate } from 'node:timers/promises'
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  infiniteStream,
  nat,
} from 'fast-check'
import { outcomeOf } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startScriptedServer } from '@yuzuru/http/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storageOver } from './bucket-storage.ts'
import { createStorage } from './create-storage.ts'
import { generate, sliced } from './testing/exercise-sources.ts'
import { createFakeStorage } from './testing/fake-storage.ts'
import { MemoryBackend } from './testing/memory-backend.ts'
import { Refusal } from './testing/memory-refusal.ts'
import type { Storage } from './storage.ts'
import { PART, patterned, startTestStore, type TestStore } from '../test/store.ts'

interface Gate {
  readonly open: (outcome: 'pass' | 'fail') => void
}

/** A store whose requests go on one by one, as the test says; and whose answers may come too late. */
class GatedBackend extends MemoryBackend {
  readonly gates: Gate[] = []
  gated = false
  /** What was asked of it after it was closed. */
  late = 0
  #closed = false

  override close(): Promise<void> {
    this.#closed = true
    return super.close()
  }

  override async put(...args: Parameters<MemoryBackend['put']>): ReturnType<MemoryBackend['put']> {
    return await this.#through(args[2], () => super.put(args[0], args[1], NEVER))
  }

  override async createUpload(
    ...args: Parameters<MemoryBackend['createUpload']>
  ): ReturnType<MemoryBackend['createUpload']> {
    return await this.#through(args[2], () => super.createUpload(args[0], args[1], NEVER))
  }

  override async putPart(...args: Parameters<MemoryBackend['putPart']>): Promise<string> {
    await this.#pass(args[2], true)
    return await super.putPart(...args)
  }

  override async completeUpload(
    ...args: Parameters<MemoryBackend['completeUpload']>
  ): ReturnType<MemoryBackend['completeUpload']> {
    return await this.#through(args[2], () => super.completeUpload(args[0], args[1], NEVER))
  }

  override async copy(
    ...args: Parameters<MemoryBackend['copy']>
  ): ReturnType<MemoryBackend['copy']> {
    return await this.#through(args[2], () => super.copy(args[0], args[1], NEVER))
  }

  override async delete(...args: Parameters<MemoryBackend['delete']>): Promise<void> {
    await this.#through(args[2], () => super.delete(args[0], args[1], NEVER))
  }

  override async deleteMany(
    ...args: Parameters<MemoryBackend['deleteMany']>
  ): ReturnType<MemoryBackend['deleteMany']> {
    return await this.#through(args[1], () => super.deleteMany(args[0], NEVER))
  }

  override async list(
    ...args: Parameters<MemoryBackend['list']>
  ): ReturnType<MemoryBackend['list']> {
    await this.#pass(args[1])
    return await super.list(...args)
  }

  override async get(...args: Parameters<MemoryBackend['get']>): ReturnType<MemoryBackend['get']> {
    await this.#pass(args[2])
    return await super.get(...args)
  }

  /** The request arrives at one gate and its answer comes back through another. */
  async #through<T>(signal: AbortSignal, arrive: () => Promise<T>): Promise<T> {
    await this.#pass(signal)
    const answer = await arrive()
    await this.#pass(signal)
    return answer
  }

  async #pass(signal: AbortSignal, mayFail = false): Promise<void> {
    signal.throwIfAborted()
    if (this.#closed) this.late += 1
    if (!this.gated) return
    const { promise, resolve, reject } = Promise.withResolvers<'pass' | 'fail'>()
    const gate = { open: resolve }
    this.gates.push(gate)
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      const outcome = await promise
      if (outcome === 'fail' && mayFail) throw new Refusal('unavailable')
    } finally {
      signal.removeEventListener('abort', abort)
      const at = this.gates.indexOf(gate)
      if (at >= 0) this.gates.splice(at, 1)
    }
  }
}

const NEVER = new AbortController().signal
const large = patterned(PART + 1)

/** A call, what it must have done when it resolved, and what it must not have when it says `'none'`. */
interface Verb {
  readonly prepare?: readonly string[]
  readonly call: (storage: Storage, key: string) => Promise<unknown>
  readonly done?: (has: (key: string) => boolean, key: string) => boolean
  readonly undone?: (has: (key: string) => boolean, key: string) => boolean
}

const VERBS: Readonly<Record<string, Verb>> = {
  'upload of one request': {
    call: (storage, key) => storage.upload(key, 'text'),
    done: (has, key) => has(key),
    undone: (has, key) => !has(key),
  },
  'upload under a condition': {
    call: (storage, key) => storage.upload(key, slowly('text'), { ifNoneMatch: '*' }),
    done: (has, key) => has(key),
    undone: (has, key) => !has(key),
  },
  'upload in parts': {
    call: (storage, key) => storage.upload(key, generate(sliced(large, 1_000_000))),
    done: (has, key) => has(key),
    undone: (has, key) => !has(key),
  },
  copy: {
    prepare: ['-from'],
    call: (storage, key) => storage.copy(`${key}-from`, key),
    done: (has, key) => has(key),
    undone: (has, key) => !has(key),
  },
  move: {
    prepare: ['-from'],
    call: (storage, key) => storage.move(`${key}-from`, key),
    done: (has, key) => has(key) && !has(`${key}-from`),
    undone: (has, key) => !has(key) && has(`${key}-from`),
  },
  deleteMany: {
    prepare: ['-1', '-2'],
    call: (storage, key) => storage.deleteMany([`${key}-1`, `${key}-2`]),
    done: (has, key) => !has(`${key}-1`) && !has(`${key}-2`),
    undone: (has, key) => has(`${key}-1`) && has(`${key}-2`),
  },
  deletePrefix: {
    prepare: ['/1', '/2'],
    call: (storage, key) => storage.deletePrefix(`${key}/`),
    done: (has, key) => !has(`${key}/1`) && !has(`${key}/2`),
    undone: (has, key) => has(`${key}/1`) && has(`${key}/2`),
  },
  list: {
    prepare: ['/1', '/2', '/3'],
    call: async (storage, key) => {
      const found = await Array.fromAsync(storage.list({ prefix: `${key}/`, pageSize: 1 }))
      expect(found).toHaveLength(3)
    },
  },
  'list read slowly': {
    prepare: ['/1', '/2', '/3'],
    call: async (storage, key) => {
      let count = 0
      for await (const _ of storage.list({ prefix: `${key}/`, pageSize: 1 })) {
        await quiet()
        count += 1
      }
      expect(count).toBe(3)
    },
  },
  'download read slowly': {
    prepare: [''],
    call: async (storage, key) => {
      const object = await storage.download(key, { parallel: 2 })
      for (let wait = 0; wait < 3; wait += 1) await quiet()
      expect(await object.text()).toBe('text')
    },
  },
  'download taken piece by piece': { prepare: [''], call: (...at) => takePieces(1, ...at) },
  'download in ranges taken piece by piece': {
    prepare: [''],
    call: (...at) => takePieces(2, ...at),
  },
  download: {
    prepare: [''],
    call: async (storage, key) => {
      expect(await (await storage.download(key)).text()).toBe('text')
    },
  },
  'download in ranges': {
    prepare: [''],
    call: async (storage, key) => {
      expect(await (await storage.download(key, { parallel: 2 })).text()).toBe('text')
    },
  },
}

/** A source that takes its time. */
async function* slowly(text: string): AsyncGenerator<string, void, undefined> {
  for (const character of text) {
    for (let wait = 0; wait < 3; wait += 1) await quiet()
    yield character
  }
}

async function takePieces(parallel: number, storage: Storage, key: string): Promise<void> {
  const pieces = await Array.fromAsync((await storage.download(key, { parallel })).body)
  expect(Buffer.concat(pieces).toString()).toBe('text')
}

test('closing at whatever step strands nothing, and no call says "none" of what is there', async () => {
  await assert(
    asyncProperty(
      array(constantFrom(...Object.keys(VERBS)), { minLength: 1, maxLength: 5 }),
      nat(25),
      boolean(),
      boolean(),
      infiniteStream(nat()),
      async (names, closeAt, isPatient, faulty, choices) => {
        const backend = new GatedBackend('b')
        const init = { backend, partBytes: PART, parallel: 4, algorithm: 'CRC32' } as const
        const storage = storageOver(init)
        const verbs = names.map((name, index) => ({ verb: VERBS[name] as Verb, key: `${index}` }))
        for (const { verb, key } of verbs) {
          for (const suffix of verb.prepare ?? []) await storage.upload(`${key}${suffix}`, 'text')
        }
        backend.gated = true
        const results = Promise.allSettled(verbs.map(({ verb, key }) => verb.call(storage, key)))
        let closed: Promise<void> | undefined
        const state = { over: false }
        const close = (): void => {
          closed = storage.close({ drainMs: isPatient ? Infinity : 0 })
          void Promise.all([closed, results]).finally(() => (state.over = true))
        }
        for (let step = 0; !state.over; step += 1) {
          await quiet()
          if (step === closeAt) close()
          const choice = choices.next().value
          const gate = backend.gates[choice % Math.max(1, backend.gates.length)]
          gate?.open(faulty && choice % 7 === 0 ? 'fail' : 'pass')
        }
        await closed
        expect([backend.uploads.size, isPatient ? backend.late : 0]).toEqual([0, 0])
        const has = (key: string): boolean => backend.objects.has(key)
        for (const [index, result] of (await results).entries()) {
          expectHonest(names[index] ?? '', `${index}`, result, has)
          if (isPatient && result.status === 'rejected') {
            expect(result.reason.code).toBe('unavailable')
          }
        }
        const after = storage.upload('after', 'text')
        await expect(after).rejects.toMatchObject({ code: 'closed', outcome: 'none' })
      },
    ),
    { numRuns: 100 },
  )
})

test.each([
  ['without options', undefined],
  ['with options', { contentType: 'text/plain' }],
  ['with a signal of its own', { signal: new AbortController().signal }],
])('a call %s that hangs is cut off, and may have had its effect', async (_, options) => {
  await using server = await startScriptedServer()
  server.otherwise('silence')
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' }
  const storage = createStorage({ endpoint: server.url, bucket: 'b', credentials })
  const sending = storage.upload('key', 'text', options)
  const listing = Array.fromAsync(storage.list())
  await server.received(2)
  // By its clock nothing would end by itself.
  using _clock = TestClock.install()
  const closed = storage.close({ drainMs: 0 })
  await expect(sending).rejects.toMatchObject({ code: 'closed', outcome: 'unknown' })
  await expect(listing).rejects.toMatchObject({ code: 'closed', outcome: 'none' })
  await closed
})

test('how long to wait is a number', async () => {
  await using storage = createFakeStorage()
  for (const drainMs of [-1, Number.NaN, '1' as never]) {
    await expect(storage.close({ drainMs })).rejects.toBeInstanceOf(TypeError)
  }
  expect(await storage.exists('key')).toBe(false)
})

describe('a real store', () => {
  let store: TestStore
  beforeAll(async () => {
    store = await startTestStore()
  })
  afterAll(() => store[Symbol.asyncDispose]())

  test('is left clean, whenever and however a storage is closed', async () => {
    const seen = (): number => Object.values(store.s3.requests).reduce((sum, one) => sum + one, 0)
    await assert(
      asyncProperty(
        array(constantFrom(...Object.keys(VERBS)), { minLength: 1, maxLength: 4 }),
        nat(12),
        nat(20),
        boolean(),
        async (names, afterRequests, afterTurns, isPatient) => {
          const bucket = await store.bucket()
          const options = { ...store.config, bucket, partSizeBytes: PART }
          const storage = createStorage(options)
          const verbs = names.map((name, index) => ({ verb: VERBS[name] as Verb, key: `${index}` }))
          for (const { verb, key } of verbs) {
            for (const suffix of verb.prepare ?? []) await storage.upload(`${key}${suffix}`, 'text')
          }
          const before = seen()
          const state = { over: false }
          const results = Promise.allSettled(verbs.map(({ verb, key }) => verb.call(storage, key)))
          void results.finally(() => (state.over = true))
          while (!state.over && seen() - before < afterRequests) await setImmediate()
          for (let turn = 0; turn < afterTurns; turn += 1) await setImmediate()
          await storage.close({ drainMs: isPatient ? Infinity : 0 })
          expect(await store.s3.uploads(bucket)).toEqual([])
          const keys = new Set(await store.s3.keys(bucket))
          for (const [index, result] of (await results).entries()) {
            if (isPatient) expect(result).toMatchObject({ status: 'fulfilled' })
            expectHonest(names[index] ?? '', `${index}`, result, (key) => keys.has(key))
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

function expectHonest(
  name: string,
  key: string,
  result: PromiseSettledResult<unknown>,
  has: (key: string) => boolean,
): void {
  const verb = VERBS[name] as Verb
  if (result.status === 'fulfilled') {
    expect(verb.done?.(has, key) ?? true).toBe(true)
    return
  }
  expect(['closed', 'unavailable']).toContain(result.reason.code)
  const outcome = outcomeOf(result.reason)
  expect(outcome).toBeDefined()
  if (verb.undone === undefined) expect(outcome).toBe('none')
  else if (outcome === 'none') expect(verb.undone(has, key)).toBe(true)
}

/** So many turns of the event loop that whatever goes on by itself has done so. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await setImmediate()
}
