import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

const PROGRAM = join(import.meta.dirname, '../../test/serving-process.ts')

interface Serving {
  readonly child: ChildProcess
  readonly port: number
  /** Waits for what the process says next. */
  readonly next: () => Promise<unknown>
}

async function start(drainMs: number): Promise<Serving> {
  const child = fork(PROGRAM, [String(drainMs)])
  onTestFinished(() => void child.kill('SIGKILL'))
  const next = async (): Promise<unknown> => (await once(child, 'message'))[0]
  const { port } = (await next()) as { port: number }
  return { child, port, next }
}

describe('SIGTERM', () => {
  test('lets a request under way be answered, takes no further one, and ends the process', async () => {
    const { child, port, next } = await start(60_000)
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
    const { child, port, next } = await start(1)
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

  test('a second time ends the process at once, whatever is under way', async () => {
    const { child, port, next } = await start(3_600_000)
    const answer = fetch(`http://127.0.0.1:${port}/endless`)
    expect(await next()).toBe('under way')
    child.kill('SIGTERM')
    expect(await next()).toBe('stopping')
    child.kill('SIGTERM')
    await expect(answer).rejects.toThrow('fetch failed')
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM'])
  })
})
