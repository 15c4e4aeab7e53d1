import { describe, expect, test } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { checkpoint } from '../scopes/checkpoint.ts'
import { detached } from '../scopes/detached.ts'
import { JobScope, jobScope } from './job-scope.ts'
import { runInScope } from '../scopes/run-in-scope.ts'

describe('jobScope', () => {
  test('is found from scopes within the job, and sees the flag without a turn of the event loop', async () => {
    let asked = false
    const result = runInScope(new JobScope('count', Infinity, () => asked), () =>
      cancelScope(() => {
        expect(jobScope()?.name).toBe('count')
        jobScope()?.throwIfCancelled()
        asked = true
        jobScope()?.throwIfCancelled()
        expect.unreachable('it was asked to end')
      }),
    )
    await expect(result).rejects.toMatchObject({
      source: 'signal',
      message: '"count" was cancelled by its caller',
    })
  })

  test('a wait that need not wait sees the flag too', async () => {
    let asked = false
    const scope = new JobScope('count', Infinity, () => asked)
    const result = runInScope(scope, async () => {
      await checkpoint()
      asked = true
      await checkpoint()
      expect.unreachable('it was asked to end')
    })
    await expect(result).rejects.toMatchObject({ source: 'signal' })
    expect(scope.cancellation?.refused, 'before it turned').toBeDefined()
  })

  test('there is none outside a job', async () => {
    expect(await cancelScope(() => jobScope())).toBeUndefined()
    expect(detached(() => jobScope())).toBeUndefined()
  })

  test('once it has ended, or was cancelled, the flag is not looked at any more', () => {
    let looks = 0
    const ended = new JobScope('ended', Infinity, () => (looks += 1) > 0)
    ended.end()
    expect(ended.cancelled).toBe(false)
    expect(looks).toBe(0)
    const cancelled = new JobScope('cancelled', Infinity, () => (looks += 1) > 0)
    expect([cancelled.cancelled, cancelled.cancelled]).toEqual([true, true])
    expect(looks).toBe(1)
    cancelled.end()
  })
})
