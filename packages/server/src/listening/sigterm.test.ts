import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ServeOptions } from './serve-options.ts'

const PROGRAM = join(import.meta.dirname, '../../test/serving-process.ts')

/** Longer than a test may take. */
const LONG_MS = 300_000

interface Serving {
  readonly child: ChildProcess
  readonly port: number
  /** Waits for what the process says next. */
  readonly next: () => Promise<unknown>
}

async function start(options: ServeOptions, ...args: string[]): Promise<Serving> {
  const child = fork(PROGRAM, [JSON.stringify(options), ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  const next = async (): Promise<unknown> => (await once(child, 'message'))[0]
  const { port } = (await next()) as { port: number }
  return { child, port, next }
}

describe('SIGTERM', () => {
  test('lets a request under way be answered, takes no further one, and ends the process', async () => {
    const { child, port, next } = await start({ drainMs: 60_000 })
    const url = `http://127.0.0.1:${port}/`
    const answer = fetch(url)
    expect(await next()).toBe('under way')
    child.kill('SIGTERM')
    expect(await next()).toBe('stopping')
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    child.send('go on')
    const response = await answer
    expect([response.status, await response.text()]).toEqual([200, 'whole'])
    expect(await once(child, 'exit')).toEqual([143, null])
  })

  test('ends a request that does not end by itself, with an answer that says so', async () => {
    const { child, port, next } = await start({ drainMs: 1 })
    const answer = fetch(`http://127.0.0.1:${port}/endless`)
    expect(await next()).toBe('under way')
    child.kill('SIGTERM')
    expect(await next()).toBe('stopping')
    const { status, headers } = await answer
    expect([status, headers.get('retry-after'), headers.get('connection')]).toEqual([
      503,
      '1',
      'close',
    ])
    expect(await once(child, 'exit')).toEqual([143, null])
  })

  test('changes nothing but the probe during the drain delay', async () => {
    const { child, port, next } = await start({ drainDelayMs: LONG_MS })
    const url = `http://127.0.0.1:${port}`
    const answer = fetch(`${url}/`)
    expect(await next()).toBe('under way')
    child.kill('SIGTERM')
    expect(await next()).toBe('stopping')
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    const during = await fetch(`${url}/now`)
    expect([during.status, during.headers.get('connection')]).toEqual([200, 'keep-alive'])
    child.send('go on')
    expect(await (await answer).text()).toBe('whole')
    expect(child.exitCode).toBe(null)
  })
})

/** What a server is doing when the second SIGTERM comes: its options, what is asked of it, what it says then. */
const PHASES: Readonly<
  Record<string, { options: ServeOptions; path: string; says: string; arg?: string }>
> = {
  'the drain delay': { options: { drainDelayMs: LONG_MS }, path: '/now', says: 'stopping' },
  'the end of idle connections': {
    options: { lingerMs: LONG_MS, drainMs: LONG_MS },
    path: '/now',
    says: 'stopping',
  },
  'the drain': { options: { drainMs: LONG_MS }, path: '/endless', says: 'stopping' },
  'the grace of a handler': {
    options: { drainMs: 0, graceMs: LONG_MS },
    path: '/stubborn',
    says: 'cancelled',
  },
  'the grace of work after an answer': {
    options: { drainMs: 0, graceMs: LONG_MS },
    path: '/after',
    says: 'cancelled',
  },
  'the end of a client': {
    options: {},
    path: '/now',
    says: 'closing the client',
    arg: 'endless client',
  },
}

test.each(Object.entries(PHASES))(
  'a second SIGTERM ends the process at once, during %s',
  async (_phase, { options, path, says, arg }) => {
    const { child, port, next } = await start(options, ...(arg === undefined ? [] : [arg]))
    const begun = path === '/endless' || path === '/stubborn' ? next() : undefined
    const answer = fetch(`http://127.0.0.1:${port}${path}`).then(
      ({ status }) => status,
      () => 'cut',
    )
    await (begun ?? answer)
    child.kill('SIGTERM')
    while ((await next()) !== says);
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM'])
    await answer
  },
)
