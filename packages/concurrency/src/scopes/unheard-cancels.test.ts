import { describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'

/** Bodies in which a cancel ends more promises than are awaited. */
const BODIES: Record<string, string> = {
  'a wait that was begun before': `
    const a = y.sleep(1e3), b = y.sleep(1e3); await a; await b`,
  'I/O that was begun before': `
    const a = read(), b = read(); await a; await b`,
  'an async function that was begun before': `
    const f = async () => { await y.sleep(1e3) }; const a = f(), b = f(); await a; await b`,
  'a Promise.any': `
    Promise.any([y.sleep(1e3), y.sleep(1e3)]); await y.sleep(1e3)`,
  'one that cleans up behind a shield': `
    const f = async () => { try { await y.sleep(1e3) } finally { await y.shield(() => y.sleep(20)) } }
    const a = y.sleep(1e3), b = f(); await a; await b`,
  'scopes side by side of which one ends later': `
    const late = async () => { try { await y.sleep(1e3) } finally { await y.shield(() => y.sleep(20)) } }
    await Promise.allSettled([
      y.cancelScope(async () => { y.sleep(1e3); await y.sleep(1e3) }),
      y.cancelScope(async () => { late(); await y.sleep(1e3) }),
    ])`,
}

const READ = `const read = () => y.io({ boundary: 'b', operation: 'o', effect: 'read' }, {}, () => y.sleep(1e3))`

describe('a cancel of which a promise tells nobody', () => {
  test.each(Object.entries(BODIES))('does not end the process: %s', async (_, body) => {
    const ended = await program(
      `${READ}
      await y.moveOnAfter(5, async () => { ${body} })
      await y.cancelScope(async (scope) => { scope.cancel(); ${body} }).catch(() => undefined)
      const { setImmediate: turn } = await import('node:timers/promises')
      for (let turns = 0; turns < 5; turns += 1) await turn()
      console.log('alive', process.listenerCount('unhandledRejection'))`,
    )
    expect(ended).toMatchObject({ code: 0, out: 'alive 0\n' })
  })

  test('a failure of which nobody hears still does, while a scope is cancelled', async () => {
    const ended = await program(
      `await y.moveOnAfter(5, async () => {
        try { await y.sleep(Infinity) } catch { Promise.reject(new Error('unheard')) }
        await y.shield(() => y.sleep(20))
      })`,
    )
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('unheard')
  })

  test('so it does with two copies of the package, each in a cancelled scope', async () => {
    const face = JSON.stringify(new URL('../index.ts?copy', import.meta.url).href)
    const core = JSON.stringify(new URL('unheard-cancels.ts?copy', import.meta.url).href)
    const ended = await program(
      `const copy = await import(${core}); await import(${face})
      copy.openRejections()
      await y.moveOnAfter(5, async () => {
        try { await y.sleep(Infinity) } catch { Promise.reject(new Error('unheard')) }
        await y.shield(() => y.sleep(20))
      })`,
    )
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('unheard')
  })
})
