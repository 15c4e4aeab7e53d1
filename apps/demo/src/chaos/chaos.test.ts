import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const exec = promisify(execFile)
const demo = join(import.meta.dirname, '../..')

test(
  'what was accepted holds after every boundary has failed in turn',
  { timeout: 600_000 },
  async () => {
    // Within this package, so that the programs find what they import.
    const folder = await mkdtemp(join(demo, '.chaos-'))
    try {
      const tsup = join(demo, '../../node_modules/.bin/tsup')
      await exec(tsup, ['--silent', '--out-dir', folder], { cwd: demo })
      const report = join(folder, 'report.html')
      const main = join(folder, 'chaos/main.js')
      const load = ['--operations', '51', '--rate', '5', '--seed', '7', '--report', report]
      const ended = await exec(process.execPath, [main, ...load], { cwd: demo }).catch(
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      )
      // The table says what did not hold.
      expect(ended).toMatchObject({ stdout: expect.not.stringContaining('BROKEN') })
      expect(ended).not.toHaveProperty('code')
      expect(ended.stdout.match(/^held/gm)).toHaveLength(13)
      expect(await readFile(report, 'utf8')).toContain('<svg')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
