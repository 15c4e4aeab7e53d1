import { describe, expect, test } from 'vitest'
import { cancelScope } from '../scopes/cancel-scope.ts'
import { withTimeout } from '../scopes/timeout.ts'
import { TestClock } from '../testing/test-clock.ts'
import { io } from './io.ts'
import { onCancel } from './on-cancel.ts'

const call = { boundary: 'test', operation: 'wait', effect: 'read' } as const

describe('a callback on the cancel of a scope', () => {
  test('gets the reason that the signal of io has', async () => {
    using clock = TestClock.install()
    const heard: unknown[] = []
    const waiting = withTimeout(10, () =>
      io(call, undefined, async (signal) => {
        await new Promise<void>((resolve) => {
          onCancel((reason) => {
            heard.push(reason)
            resolve()
          })
        })
        expect(heard).toEqual([signal.reason])
        throw signal.reason
      }),
    )
    await Promise.all([expect(waiting).rejects.toThrow('10 ms'), clock.advance(10)])
    expect(heard).toHaveLength(1)
  })

  test('comes at once in a scope that is cancelled already', async () => {
    const heard: unknown[] = []
    await cancelScope((scope) => {
      scope.cancel('enough')
      onCancel(({ message }) => heard.push(message))
    }).catch(() => undefined)
    expect(heard).toEqual(['enough'])
  })

  test('does not come once it was taken off, nor outside of all scopes', async () => {
    const heard: unknown[] = []
    onCancel((reason) => heard.push(reason))()
    await cancelScope((scope) => {
      const off = onCancel((reason) => heard.push(reason))
      off()
      off()
      scope.cancel()
    }).catch(() => undefined)
    expect(heard).toEqual([])
  })
})
