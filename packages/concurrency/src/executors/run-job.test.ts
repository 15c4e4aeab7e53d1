import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { checkpoint } from '../scopes/checkpoint.ts'
import type { JobAnswer, JobRequest } from './job-pool.ts'
import { jobScope } from './job-scope.ts'
import { remaining } from '../scopes/remaining.ts'
import { type CancelFlag, type Exports, lazyModule, runJob } from './run-job.ts'
import { rootScopes } from '../scopes/scope.ts'

/* What runs in the workers, here without one: the executors' own tests see it only from outside. */

class Flag implements CancelFlag {
  raised = false
  callback: (() => void) | undefined

  readonly isRaised = (): boolean => this.raised

  watch(callback: () => void): () => void {
    this.callback = callback
    return () => {
      this.callback = undefined
    }
  }
}

const request: JobRequest = {
  name: 'job',
  args: [],
  deadlineAt: undefined,
  context: undefined,
  source: undefined,
}

const runThe = (
  job: (...args: never[]) => unknown,
  init: Partial<JobRequest> = {},
  flag: Flag = new Flag(),
  exports: Exports = {},
): Promise<JobAnswer> => runJob(() => ({ ...exports, job }), { ...request, ...init }, flag)

describe('runJob', () => {
  test('answers with what the job returns, and leaves no scope behind', async () => {
    expect(await runThe((a: number, b: number) => a + b, { args: [1, 2] })).toEqual({
      kind: 'value',
      value: 3,
    })
    expect(rootScopes().size).toBe(0)
  })

  test('a job that waits is cancelled when its flag changes; then nobody watches any more', async () => {
    const flag = new Flag()
    const answer = runThe(
      async () => {
        flag.raised = true
        flag.callback?.()
        for (;;) await checkpoint()
      },
      {},
      flag,
    )
    expect(flag.callback).toBeTypeOf('function')
    expect(await answer).toEqual({ kind: 'cancelled' })
    expect(flag.callback).toBeUndefined()
  })

  test('an error that cannot be asked for its cause is no cancel, and arrives all the same', async () => {
    const flag = new Flag()
    const answer = await runThe(
      () => {
        flag.raised = true
        expect(jobScope()?.cancelled).toBe(true)
        throw Object.defineProperty(new RangeError('odd'), 'cause', {
          get: () => expect.unreachable(),
        })
      },
      {},
      flag,
    )
    expect(answer).toMatchObject({ kind: 'error', failure: { error: { message: 'odd' } } })
  })

  test('a job that has returned is not watched', async () => {
    const flag = new Flag()
    flag.watch = () => expect.unreachable('nothing is left to be cancelled')
    expect(await runThe(() => 1, {}, flag)).toEqual({ kind: 'value', value: 1 })
  })

  test('a failure of its own is no cancel, also when it was asked to end', async () => {
    const flag = new Flag()
    const answer = await runThe(
      () => {
        flag.raised = true
        throw new Error('mine')
      },
      {},
      flag,
    )
    expect(answer).toMatchObject({ kind: 'error', failure: { error: { message: 'mine' } } })
  })

  test('sees what is left of its caller’s time', async () => {
    expect(await runThe(remaining)).toEqual({ kind: 'value', value: Infinity })
    const left = (await runThe(remaining, { deadlineAt: Date.now() + 60_000 })) as { value: number }
    expect(left.value).toBeGreaterThan(59_000)
    expect(left.value).toBeLessThanOrEqual(60_000)
  })

  test('values travel in the variables that the module has, and in no other', async () => {
    const user = new AsyncLocalStorage<string>()
    const look = (): string | undefined => user.getStore()
    const context = { user: 'u', office: 'o' }
    const told = await runThe(look, { context }, new Flag(), { context: { user } })
    expect(told).toEqual({ kind: 'value', value: 'u' })
    expect(await runThe(look, { context })).toEqual({ kind: 'value', value: undefined })
  })

  test('a module that cannot be loaded is no error of the job', async () => {
    const answer = await runJob(() => Promise.reject(new Error('gone')), request, new Flag())
    expect(answer).toMatchObject({ kind: 'module', failure: { error: { message: 'gone' } } })
  })

  test('only a function that the module itself exports is a job', async () => {
    for (const name of ['nothing', 'toString', 'text']) {
      const answer = await runJob(() => ({ text: 'x' }), { ...request, name }, new Flag())
      const message = `Expected "${name}" to be a function that the module exports`
      expect(answer).toMatchObject({
        kind: 'error',
        failure: { error: { name: 'TypeError', message } },
      })
    }
  })
})

describe('lazyModule', () => {
  test('imports once; what failed is tried again', async () => {
    const load = lazyModule(import.meta.resolve('../tasks/one-or-all.ts'))
    const exports = await load()
    expect(exports).toHaveProperty('oneOrAll')
    expect(load()).toBe(exports)
    const broken = lazyModule(new URL('no-such-module.ts', import.meta.url).href)
    for (let i = 0; i < 2; i += 1) await expect(broken()).rejects.toThrow()
  })
})
