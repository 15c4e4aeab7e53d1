import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

/** Loads an entry where Node lacks something; gives what is written to stderr. */
function loaded(entry: string, lacking: string): string {
  const face = new URL(`../${entry}.ts`, import.meta.url).href
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,delete ${lacking}`,
      '--input-type=module',
      '-e',
      `await import('${face}')`,
    ],
    { encoding: 'utf8', timeout: 100_000 },
  )
  return stdout + stderr
}

describe('a Node that is too old is refused as the package is loaded', () => {
  test.each(['index', 'inspect', 'job', 'processes', 'testing', 'threads'])('by %s', (entry) => {
    expect(loaded(entry, 'globalThis.SuppressedError')).toContain(
      `Error: Expected Node 24 or later for @yuzuru/concurrency, got ${process.version}`,
    )
  })

  test('for each thing that it needs', () => {
    expect(loaded('index', 'Promise.try')).toContain('Expected Node 24 or later')
    expect(loaded('index', 'globalThis.nothing')).toBe('')
  })
})
