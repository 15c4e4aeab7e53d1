import { describe, expect, test, vi } from 'vitest'
import { cancelScope } from './cancel-scope.ts'
import { gather } from '../tasks/gather.ts'
import { io } from '../boundary/io.ts'
import { mapConcurrent } from '../tasks/map-concurrent.ts'
import { Scope } from './scope.ts'
import { sleep } from './sleep.ts'

const write = { boundary: 'test', operation: 'write', effect: 'write' } as const
const MANY = 20_000

/** Calls `innermost` in as many scopes, each within the one before. */
async function nested<T>(depth: number, innermost: () => Promise<T>): Promise<T> {
  await Promise.resolve()
  return depth === 0 ? await innermost() : await cancelScope(() => nested(depth - 1, innermost))
}

describe('of very many', () => {
  test('nested scopes the innermost hears of the cancel', async () => {
    const error = await cancelScope(async (scope) => {
      await nested(MANY, () => {
        scope.cancel('enough')
        return sleep(Infinity)
      })
    }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'Cancelled', message: 'enough' })
  })

  test('nested scopes the outermost knows of the effect', async () => {
    const outcomes: string[] = []
    await cancelScope(async (scope) => {
      await nested(MANY, async () => {
        await io(write, {}, () => outcomes.push(scope.outcome))
        outcomes.push(scope.outcome)
      })
    })
    expect(outcomes).toEqual(['none', 'unknown'])
  })

  test('failures each is kept, once, without comparing each with all', async () => {
    // Compared one by one, these are five thousand million comparisons.
    const failing = Array.from({ length: 100_000 }, (_, index) => () => Promise.reject(index))
    const failed = await gather(failing).catch((error: unknown) => error)
    expect((failed as AggregateError).errors).toHaveLength(100_000)
    const items = mapConcurrent(failing, (fail) => fail(), { concurrency: Infinity })
    const mapped = await items.next().catch((error: unknown) => error)
    expect((mapped as AggregateError).errors).toHaveLength(100_000)
  })

  test('listeners one that throws as a shield ends keeps that neither open nor from the others', () => {
    const scope = new Scope({ kind: 'scope', name: 'outer' }, undefined)
    const shield = new Scope({ kind: 'shield', name: 'shield', shielded: true }, scope)
    const heard: string[] = []
    const nextTick = vi.spyOn(process, 'nextTick').mockReturnValue()
    scope.cancel()
    shield.onCancel(() => {
      throw new Error('listener')
    })
    shield.onCancel(() => heard.push('shield'))
    shield.end()
    const later = nextTick.mock.lastCall?.[0]
    nextTick.mockRestore()
    scope.end()
    expect(heard).toEqual(['shield'])
    expect(later).toThrow('listener')
  })

  test('listeners one that throws keeps no other from hearing of the cancel', () => {
    const scope = new Scope({ kind: 'scope', name: 'outer' }, undefined)
    const inner = new Scope({ kind: 'scope', name: 'inner' }, scope)
    const heard: string[] = []
    const thrown: (() => void)[] = []
    const nextTick = vi.spyOn(process, 'nextTick')
    nextTick.mockImplementation((fn) => void thrown.push(fn as never))
    scope.onCancel(() => {
      throw new Error('listener')
    })
    scope.onCancel(() => heard.push('outer'))
    inner.onCancel(() => heard.push('inner'))
    scope.cancel()
    nextTick.mockRestore()
    inner.end()
    scope.end()
    expect(heard).toEqual(['outer', 'inner'])
    expect(() => thrown[0]?.()).toThrow('listener')
  })
})
