import { spawnSync } from 'node:child_process'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { callInScope, currentScope, innermostScope } from './current-scope.ts'
import { Scope } from './scope.ts'

const scopeNamed = (name: string): Scope => new Scope({ kind: 'scope', name }, undefined)

describe('a call in a scope', () => {
  test('has it around itself and all that it starts, and nobody else has', async () => {
    const scope = scopeNamed('a')
    const seen: (string | undefined)[] = []
    const later = callInScope(scope, async () => {
      seen.push(innermostScope()?.name)
      await Promise.resolve()
      seen.push(innermostScope()?.name)
    })
    seen.push(innermostScope()?.name)
    await later
    expect([...seen, innermostScope()]).toEqual(['a', undefined, 'a', undefined])
    scope.end()
  })

  test('that throws leaves nothing behind', () => {
    const outer = scopeNamed('outer')
    const inner = scopeNamed('inner')
    const fail = (): never => {
      throw new Error('no')
    }
    const after = callInScope(outer, () => {
      expect(() => callInScope(inner, fail)).toThrow('no')
      return currentScope()
    })
    expect([after, currentScope()]).toEqual([outer, undefined])
    inner.end()
    outer.end()
  })

  test('keeps the values of other stores, and those set around it come back', () => {
    const other = new AsyncLocalStorage<string>()
    const scope = scopeNamed('a')
    const seen = other.run('outside', () => [
      callInScope(scope, () => {
        const before = other.getStore()
        other.enterWith('entered within')
        return before
      }),
      other.getStore(),
      innermostScope(),
    ])
    expect(seen).toEqual(['outside', 'outside', undefined])
    scope.end()
  })

  test('of none takes it out of all scopes', () => {
    const scope = scopeNamed('a')
    expect(callInScope(scope, () => callInScope(undefined, innermostScope))).toBeUndefined()
    scope.end()
  })

  test('is one also where Node keeps the context by async_hooks', () => {
    const program = `
      import { cancelScope, sleep, remaining, withTimeout, taskGroup } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)}
      const inner = await withTimeout(60_000, async () => {
        await taskGroup(async (group) => {
          group.spawn(() => cancelScope(async (scope) => { scope.cancel(); await sleep(1).catch(() => {}) }))
          await sleep(1)
        })
        return remaining()
      })
      console.log(inner > 0 && inner <= 60_000, remaining())`
    const args = ['--no-async-context-frame', '--input-type=module', '-e', program]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect([stdout, stderr]).toEqual(['true Infinity\n', ''])
  })
})
