import { describe, expect, test } from 'vitest'
import { rootScopes, Scope } from './scope.ts'

const scope = (parent?: Scope, shielded = false): Scope =>
  new Scope({ kind: 'scope', name: 'x', shielded }, parent)

describe('Scope', () => {
  test('one made within a cancelled one is cancelled from the start, a shielded one is not', () => {
    const outer = scope()
    outer.cancel()
    const inner = scope(outer)
    const shielded = scope(outer, true)
    expect(inner.reason).toBe(outer.reason)
    expect(shielded.reason).toBeUndefined()
    for (const each of [inner, shielded, outer]) each.end()
  })

  test('what is left in one that ends goes over to its nearest living ancestor', () => {
    const outer = scope()
    const inner = scope(outer)
    const left = scope(inner)
    inner.end()
    expect([...outer.children]).toEqual([left])
    outer.end()
    expect([...rootScopes()]).toEqual([left])
    left.end()
    expect(rootScopes().size).toBe(0)
  })

  test('ending twice is ending once', async () => {
    const outer = scope()
    const { done } = outer
    const again = outer.done
    outer.end()
    outer.end()
    await Promise.all([done, again])
    await outer.done
    expect(outer.ended).toBe(true)
    const other = scope()
    other.end()
    await other.done
  })

  test('a callback on a cancel is called once and can be taken off', () => {
    const outer = scope()
    const inner = scope(outer)
    const log: string[] = []
    outer.onCancel(() => log.push('outer'))
    inner.onCancel((reason) => log.push(`inner: ${reason.message}`))
    inner.onCancel(() => log.push('taken off'))()
    outer.cancel('enough')
    outer.cancel('again')
    expect(log).toEqual(['outer', 'inner: enough'])
    inner.end()
    outer.end()
  })

  test('a callback that is left in a shield that ends is called if the scope outside is cancelled', () => {
    const outer = scope()
    const shielded = scope(outer, true)
    const log: string[] = []
    outer.cancel()
    shielded.onCancel((reason) => log.push(reason.source))
    expect(log).toEqual([])
    shielded.end()
    expect(log).toEqual(['scope'])
    outer.end()
  })
})
