import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'

/** Where the second signal meets a program that is ending; each says `ready` and then never ends. */
const PHASES: Readonly<Record<string, string>> = {
  'clean-up of main': `try { await y.sleep(Infinity) } finally { await y.shield(stuck) }`,
  'what was deferred': `scope.defer(stuck); await y.sleep(Infinity)`,
  'what was left behind': `void y.shield(stuckOnCancel); await y.sleep(Infinity)`,
  'a loop that swallows the cancel': `for (;;) try { await y.sleep(Infinity) } catch { say() }`,
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const mainOf = (body: string): string => `
  let said = 0
  const say = () => { if (said++ === 0) console.log('ready') }
  const stuck = () => { say(); return y.sleep(Infinity) }
  const stuckOnCancel = () => {
    outer.addEventListener('abort', say)
    return y.sleep(Infinity)
  }
  let outer
  await y.run(async (scope) => {
    outer = scope.signal
    console.log('ready')
    ${body}
  }, { graceMs: Infinity, shutdownSignals: ${JSON.stringify(SIGNALS)} })`

describe('a run that is asked to end by', () => {
  test.each(SIGNALS)('%s ends in order, with 128 and its number', async (signal) => {
    const ended = await program(
      `await y.run(async (scope) => {
        scope.defer(() => y.sleep(1).then(() => console.log('closed')))
        console.log('ready')
        await y.sleep(Infinity)
      }, { shutdownSignals: ${JSON.stringify(SIGNALS)} })`,
      [signal],
    )
    const code = 128 + constants.signals[signal]
    expect(ended).toEqual({ code, signal: null, out: 'ready\nclosed\n', err: '' })
  })

  const doubled = Object.keys(PHASES).flatMap((phase, at) =>
    SIGNALS.map((second, to) => [SIGNALS[(at + to) % 3] as NodeJS.Signals, second, phase] as const),
  )
  test.each(doubled)('%s, and %s during %s, ends at once', async (first, second, phase) => {
    const ended = await program(mainOf(PHASES[phase] as string), [first, second])
    expect(ended).toMatchObject({ code: null, signal: second, out: 'ready\nready\n' })
  })

  test('a signal that is none of its own dies of it, without clean-up', async () => {
    const ended = await program(
      `await y.run(async (scope) => {
        scope.defer(() => console.log('closed'))
        console.log('ready')
        await y.sleep(Infinity)
      })`,
      ['SIGHUP'],
    )
    expect(ended).toMatchObject({ code: null, signal: 'SIGHUP', out: 'ready\n' })
  })
})
