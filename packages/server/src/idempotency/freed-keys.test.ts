import { cancelScope, io, shield, taskGroup } from '@yuzuru/concurrency'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { actOutside, memoryStage, post, refusal } from '../../test/idempotent-stage.ts'
import { HttpProblem } from '../problems/http-problem.ts'
import type { HandlerEffects } from './idempotent-options.ts'
import { idempotent } from './idempotent.ts'

beforeEach(() => void vi.spyOn(process, 'emitWarning').mockReturnValue())
afterEach(() => vi.restoreAllMocks())

const call = { boundary: 'bank', operation: 'pay', effect: 'write' } as const
const failing = (outcome: 'none' | 'unknown') => (): Promise<never> =>
  io(call, {}, () => Promise.reject(refusal(outcome)))
const ignored = (fn: () => Promise<unknown>) => (): Promise<unknown> => fn().catch(() => {})

/** What a handler may do, and whether that may have had an effect. */
const STEPS: Readonly<Record<string, { act: () => unknown; counts: boolean }>> = {
  'has an effect': { act: actOutside, counts: true },
  'has one in a group': {
    act: () => taskGroup((group) => void group.spawn(actOutside)),
    counts: true,
  },
  'has one in a group that fails': {
    act: ignored(() =>
      taskGroup(async (group) => {
        group.spawn(actOutside)
        await Promise.resolve()
        throw refusal('none')
      }),
    ),
    counts: true,
  },
  'has one in a shield': { act: () => shield(actOutside), counts: true },
  'has one in a scope of its own': { act: () => cancelScope(actOutside), counts: true },
  'has one and forgets to wait': { act: () => void shield(actOutside), counts: true },
  'fails, and nobody knows': { act: ignored(failing('unknown')), counts: true },
  'is cancelled as it waits for one': {
    act: ignored(() =>
      cancelScope((scope) =>
        io(call, {}, async (signal) => {
          scope.cancel()
          return await Promise.reject(signal.reason as Error)
        }),
      ),
    ),
    counts: true,
  },
  'fails, and nothing happened': { act: ignored(failing('none')), counts: false },
  reads: { act: () => io({ ...call, effect: 'read' }, {}, async () => 'read'), counts: false },
}

/** How a handler may fail, and whether that says of the whole request that nothing has happened. */
const ENDS: Readonly<Record<string, { end: () => unknown; saysNone: boolean }>> = {
  'an error of a call that says none': { end: failing('none'), saysNone: false },
  'the same, made anew': {
    end: () => {
      throw refusal('none')
    },
    saysNone: false,
  },
  'the same, as a cause': {
    end: () => {
      throw new Error('no', { cause: refusal('none') })
    },
    saysNone: false,
  },
  'an error of a call of which nobody knows': { end: failing('unknown'), saysNone: false },
  'a mistake': {
    end: () => {
      throw new RangeError('no')
    },
    saysNone: false,
  },
  'a 503': { end: () => new Response('', { status: 503 }), saysNone: false },
  'a problem that says none': {
    end: () => {
      throw new HttpProblem(503, 'Busy', { outcome: 'none', cause: refusal('none') })
    },
    saysNone: true,
  },
  'a problem that does not say': {
    end: () => {
      throw new HttpProblem(503, 'Busy')
    },
    saysNone: false,
  },
}

const steps = fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 4 })

/** Whether a repeat calls the handler again after `names` and a failure. */
async function isRunAgain(effects: HandlerEffects, names: readonly string[], end: () => unknown) {
  const { store } = await memoryStage()
  const handler = vi.fn(async (): Promise<Response> => {
    for (const name of names) await STEPS[name]?.act()
    return (await end()) as Response
  })
  const handle = idempotent(handler, { store, caller: 'everyone', effects })
  const settled = await Promise.allSettled([handle(post('k'))])
  expect(settled[0].status === 'rejected' || settled[0].value.status >= 500).toBe(true)
  await Promise.allSettled([handle(post('k'))])
  return handler.mock.calls.length === 2
}

describe.each(Object.entries(ENDS))('a handler that fails with %s', (_how, { end, saysNone }) => {
  test('is run again only if nothing that it did before may have had an effect', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (names) => {
        const counts = names.some((name) => STEPS[name]?.counts)
        const unknown = counts || end === ENDS['an error of a call of which nobody knows']?.end
        expect(await isRunAgain('transaction', names, end)).toBe(!unknown)
        // A call that went past `io()` is seen by nobody, so it takes the word of the handler itself.
        expect(await isRunAgain('once', names, end)).toBe(!unknown && saysNone)
        expect(await isRunAgain('repeatable', names, end)).toBe(true)
      }),
      { numRuns: 15 },
    )
  })
})
