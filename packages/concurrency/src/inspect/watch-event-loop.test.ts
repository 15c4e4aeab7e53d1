import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { watchEventLoop } from './watch-event-loop.ts'

/** In a process of its own: what is watched is a main thread. Its errors go to a file, which a blocked loop can look at. */
const program = (source: string): { status: number | null; stdout: string; stderr: string } => {
  const url = new URL('watch-event-loop.ts', import.meta.url).href
  const folder = mkdtempSync(join(tmpdir(), 'watch-event-loop-'))
  const errors = openSync(join(folder, 'errors'), 'a')
  try {
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { watchEventLoop } from ${JSON.stringify(url)}\n${source}`,
      ],
      { encoding: 'utf8', timeout: 100_000, stdio: ['ignore', 'pipe', errors] },
    )
    return { status, stdout, stderr: readFileSync(join(folder, 'errors'), 'utf8') }
  } finally {
    closeSync(errors)
    rmSync(folder, { recursive: true })
  }
}

const spin = `
  function spin(until) { while (!until()) Math.sqrt(2) }
`

describe('watchEventLoop', () => {
  test('reports a block while it lasts, with where it is', () => {
    // The block ends only when the report of the watching thread has been written, from outside of the loop.
    const { stdout, stderr, status } = program(`${spin}
      import { fstatSync } from 'node:fs'
      import { setImmediate } from 'node:timers/promises'
      const blocks = []
      const watch = await watchEventLoop({ thresholdMs: 20, onBlock: (block) => blocks.push(block) })
      const least = performance.now() + 250
      const most = performance.now() + 60_000
      const isReported = () => performance.now() > least && fstatSync(2).size > 0
      function indexEverything() { spin(() => isReported() || performance.now() > most) }
      indexEverything()
      process.stderr.write('the loop is free again\\n')
      while (blocks.length === 0) await setImmediate()
      const [{ durationMs, stack }] = blocks
      console.log(JSON.stringify({ long: durationMs > 200, stack }))
      await watch[Symbol.asyncDispose]()
    `)
    expect(status).toBe(0)
    expect(stderr.indexOf('the event loop has been blocked for')).toBeGreaterThanOrEqual(0)
    expect(stderr.indexOf('the event loop has been blocked for')).toBeLessThan(
      stderr.indexOf('the loop is free again'),
    )
    expect(stderr).toContain('at indexEverything')
    const { long, stack } = JSON.parse(stdout)
    expect(long).toBe(true)
    expect(stack.join('\n')).toContain('at indexEverything')
  })

  test('does not keep the process alive, and says nothing when it is told not to', () => {
    const { stderr, status } = program(`${spin}
      await watchEventLoop({ thresholdMs: 10, log: false })
      const end = performance.now() + 50
      spin(() => performance.now() > end)
    `)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('refuses a threshold that is no time', async () => {
    for (const thresholdMs of [0, Infinity]) {
      await expect(watchEventLoop({ thresholdMs })).rejects.toThrow(
        `Expected thresholdMs to be a number of milliseconds from 1 up, got ${thresholdMs}`,
      )
    }
    await expect(watchEventLoop({ thresholdMs: '1' as never })).rejects.toThrow(TypeError)
  })
})
