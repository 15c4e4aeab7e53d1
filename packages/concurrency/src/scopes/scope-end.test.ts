import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { cancelScope } from './cancel-scope.ts'
import { detached } from './detached.ts'
import { io } from '../boundary/io.ts'
import type { CancelScope } from './scope.ts'
import { sleep } from './sleep.ts'
import { TestClock } from '../testing/test-clock.ts'

const write = { boundary: 'test', operation: 'write', effect: 'write' } as const

describe('the end of a scope', () => {
  test('calls also what is deferred by what was deferred', async () => {
    const order: string[] = []
    await cancelScope((scope) => {
      scope.defer(() => order.push('last'))
      scope.defer(() => {
        order.push('first')
        scope.defer(() => order.push('second'))
      })
    })
    expect(order).toEqual(['first', 'second', 'last'])
  })

  test('loses nothing that is deferred too late: that is a TypeError', async () => {
    let kept: CancelScope | undefined
    await cancelScope((scope) => {
      kept = scope
    })
    expect(() => kept?.defer(() => undefined)).toThrow(TypeError)
  })

  test('waits for what begins while the deferred is called', async () => {
    using clock = TestClock.install()
    let ended = false
    const whole = cancelScope((scope) => {
      const begin = AsyncLocalStorage.bind(() => {
        void io(write, {}, () => sleep(50))
          .catch(() => undefined)
          .finally(() => (ended = true))
      })
      clock.schedule(5, begin)
      scope.defer(() => sleep(20))
    }).then(() => ended)
    await clock.advance(20)
    await clock.advance(50)
    expect(await whole).toBe(true)
  })

  test('is that of its own body, also where that gives a promise with a then of its own', async () => {
    const odd = Promise.resolve(1)
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    odd.then = ((onFulfilled: (value: number) => unknown) =>
      detached(() => Promise.resolve(2).then(onFulfilled))) as never
    expect(await cancelScope(() => odd)).toBe(1)
  })
})
