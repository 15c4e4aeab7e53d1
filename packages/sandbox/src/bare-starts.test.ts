import { describe, expect, test } from 'vitest'
import * as index from './index.ts'

type Start = (...args: readonly unknown[]) => Promise<{ close(): Promise<void> }>

const target = { host: '127.0.0.1', port: 9 }

/** What has no option that must be given: it starts as it is. */
const NEEDS_NOTHING = ['startGoogle', 'startPostgres', 'startSandbox', 'startSmtp', 'startStripe']
const NEEDS: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  startS3: [[], [undefined], [{}], [{ dir: '' }], [{ dir: null }], [{ dir: 5 }]],
  startFaultProxy: [
    [],
    [undefined],
    [{}],
    [{ target: null }],
    [{ target: 'localhost:5432' }],
    [{ target: { port: 9 } }],
    [{ target: { host: '127.0.0.1' } }],
    [{ target: { ...target, port: '9' } }],
    [{ target: { ...target, port: -1 } }],
  ],
}

const startOf = (name: string): Start => Reflect.get(index, name) as Start

test('each start function is in one of the tables', () => {
  const starts = Object.keys(index).filter((name) => name.startsWith('start'))
  expect(starts.toSorted()).toEqual([...NEEDS_NOTHING, ...Object.keys(NEEDS)].toSorted())
})

describe('without what it needs a start function says what it expects:', () => {
  for (const [name, calls] of Object.entries(NEEDS)) {
    test.each(calls.map((args) => [args]))(`${name}(...%j)`, async (args) => {
      const error: unknown = await startOf(name)(...args).then(
        (server) => server.close(),
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).toMatch(/^TypeError: Expected /)
    })
  }
})

describe('an option that is no object is refused in words:', () => {
  const all = [...NEEDS_NOTHING, ...Object.keys(NEEDS)]
  const wrong = [null, 5, 'here']
  test.each(all.flatMap((name) => wrong.map((value) => [name, value] as const)))(
    '%s(%j)',
    async (name, value) => {
      await expect(startOf(name)(value)).rejects.toThrow(/^Expected /)
    },
  )
})

test.each(NEEDS_NOTHING)('%s needs no option', { timeout: 60_000 }, async (name) => {
  const server = await startOf(name)()
  await server.close()
})
