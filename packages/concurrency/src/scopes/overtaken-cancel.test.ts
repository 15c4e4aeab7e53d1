import { describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'
import { cancelScope } from './cancel-scope.ts'
import { gather } from '../tasks/gather.ts'
import { io } from '../boundary/io.ts'
import { shield } from './shield.ts'
import { sleep } from './sleep.ts'
import { taskGroup } from '../tasks/task-group.ts'
import { TestClock } from '../testing/test-clock.ts'
import { withTimeout } from './timeout.ts'

const call = { boundary: 'test', operation: 'query', effect: 'read' } as const

/** What a native call may make of its signal's reason. */
const STYLES: Record<string, (reason: unknown) => unknown> = {
  'the reason': (reason) => reason,
  'an AbortError': (cause) => new DOMException('aborted', { name: 'AbortError', cause } as never),
  'an error around an AbortError': (cause) =>
    new Error('query failed', { cause: new Error('aborted', { cause }) }),
  'a SuppressedError of two': (reason) =>
    new SuppressedError(reason, new Error('', { cause: reason })),
  'an AggregateError of two': (reason) => new AggregateError([reason, reason]),
}

/** A call that takes 50 ms to end once its signal has fired. */
const slowToEnd = (made: (reason: unknown) => unknown): Promise<never> =>
  io(call, {}, async (signal) => {
    await shield(() => sleep(50))
    throw made(signal.reason)
  })

/** Who is around the inner timeout of 10 ms, and cancels at 40 ms. */
const AROUND: Record<string, (body: () => Promise<unknown>) => Promise<unknown>> = {
  withTimeout: (body) => withTimeout(40, body, { name: 'outer' }),
  'withTimeout in a gather': (body) => withTimeout(40, () => gather([body]), { name: 'outer' }),
  'withTimeout in a group': (body) =>
    withTimeout(
      40,
      () =>
        taskGroup((group) => {
          group.spawn(body)
        }),
      { name: 'outer' },
    ),
  cancelScope: (body) =>
    cancelScope(
      async (scope) => {
        await gather([body, () => sleep(40).then(() => scope.cancel())])
      },
      { name: 'outer' },
    ),
}

describe('a cancel that overtakes another', () => {
  const cases = Object.keys(AROUND).flatMap((around) =>
    Object.keys(STYLES).map((style) => [around, style] as const),
  )

  test.each(cases)('%s is known by its name, whether the call throws %s', async (around, style) => {
    using clock = TestClock.install()
    const failing = AROUND[around]?.(() => withTimeout(10, () => slowToEnd(STYLES[style] as never)))
    const error = failing?.catch((thrown: unknown) => thrown)
    await clock.advance(200)
    expect(await error).toMatchObject({
      name: around === 'cancelScope' ? 'Cancelled' : 'TimeoutError',
      scope: 'outer',
    })
  })

  test.each(Object.keys(STYLES))(
    'SIGTERM during an inner timeout ends run with 143: %s',
    async (style) => {
      const ended = await program(
        `await y.run(() => y.withTimeout(1, () =>
        y.io({ boundary: 'test', operation: 'query', effect: 'read' }, {}, async (signal) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          const asked = new Promise((resolve) => process.once('SIGTERM', resolve))
          console.log('ready')
          await asked
          await new Promise(setImmediate)
          throw (${String(STYLES[style])})(signal.reason)
        })))`,
        ['SIGTERM'],
      )
      expect(ended).toMatchObject({ code: 143, err: '' })
    },
  )
})
