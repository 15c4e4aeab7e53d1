import { describe, expect, test } from 'vitest'
import { cancelScope } from './cancel-scope.ts'
import { checkpoint } from './checkpoint.ts'
import { detached } from './detached.ts'
import { remaining } from './remaining.ts'
import { currentScope } from './current-scope.ts'
import { rootScopes } from './scope.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { formatTaskTree } from '../inspect/task-tree.ts'
import { TestClock } from '../testing/test-clock.ts'
import { TimeoutError } from './timeout-error.ts'
import { withTimeout } from './timeout.ts'

describe('shield', () => {
  test('the cancel outside does not reach in, and is thrown at the first checkpoint after', async () => {
    const log: string[] = []
    const result = cancelScope(async (scope) => {
      scope.cancel()
      await shield(async () => {
        await sleep(0)
        await checkpoint()
        log.push('cleaned up')
      })
      log.push('after')
      await checkpoint()
      log.push('never')
    })
    await expect(result).rejects.toMatchObject({ source: 'scope' })
    expect(log).toEqual(['cleaned up', 'after'])
  })

  test('a cancel that comes while it runs stays outside too, also for scopes within', async () => {
    const result = cancelScope(async (scope) => {
      await shield(() =>
        cancelScope(async (inner) => {
          scope.cancel()
          await sleep(0)
          expect(inner.cancelled).toBe(false)
        }),
      )
      await checkpoint()
    })
    await expect(result).rejects.toMatchObject({ source: 'scope' })
  })

  test('its own timeout works', async () => {
    using clock = TestClock.install()
    const result = shield(() => sleep(Infinity), { timeoutMs: 10, name: 'closing' })
    const failing = expect(result).rejects.toMatchObject({ name: 'TimeoutError', scope: 'closing' })
    await clock.advance(10)
    await failing
    await expect(shield(() => 1, { timeoutMs: 0 })).rejects.toBeInstanceOf(TimeoutError)
    expect(await shield(() => remaining(), { timeoutMs: 1 })).toBe(1)
    expect(clock.pending).toBe(0)
    expect(rootScopes().size).toBe(0)
  })

  test('is named "shield", and belongs to the scope that it is called in', async () => {
    await cancelScope(async () => {
      await shield((scope) => {
        expect(scope.name).toBe('shield')
        expect(formatTaskTree()).toMatch(/^scope scope \d+ ms\n└─ shield shield \d+ ms$/)
      })
    })
  })

  test('can be cancelled by its own scope', async () => {
    const result = shield(async (scope) => {
      scope.cancel('enough')
      await sleep(1)
    })
    await expect(result).rejects.toMatchObject({ name: 'Cancelled', message: 'enough' })
  })

  test('refuses what is no function, and what is no time', async () => {
    await expect(shield(() => 1, { timeoutMs: '1' as never })).rejects.toThrow(
      'Expected timeoutMs to be a number of milliseconds, got a string',
    )
    await expect(shield(1 as never)).rejects.toThrow('Expected fn to be a function, got 1')
  })
})

describe('detached', () => {
  test('runs in no scope: neither cancel nor deadline reaches it', async () => {
    let shared: Promise<string> | undefined
    await withTimeout(10, () => {
      shared = detached(async () => {
        expect(remaining()).toBe(Infinity)
        await sleep(0)
        return String(currentScope()?.name)
      })
    })
    expect(await shared).toBe('undefined')
  })

  test('a memoised promise made in one scope lives on when that is cancelled', async () => {
    const gate = Promise.withResolvers<void>()
    let ready: Promise<string> | undefined
    const load = (): Promise<string> =>
      (ready ??= detached(async () => {
        await gate.promise
        await sleep(0)
        return 'keys'
      }))
    const first = cancelScope(async (scope) => {
      void load()
      scope.cancel()
      await checkpoint()
    })
    await expect(first).rejects.toMatchObject({ source: 'scope' })
    gate.resolve()
    expect(await load()).toBe('keys')
  })
})
