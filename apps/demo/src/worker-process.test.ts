import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cancelScope } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import type { Settings } from './settings.ts'
import { WorkerProcess } from './worker-process.ts'

/** Notes which process it is, and is never ready. */
const NEVER_READY = `import { writeFileSync } from 'node:fs'
process.on('message', ({ publicUrl }) => writeFileSync(publicUrl, String(process.pid)))
`

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a cancel while it starts does not wait for it, and leaves no process', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'yuzuru-demo-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const script = join(folder, 'worker.mjs')
  await writeFile(script, NEVER_READY)
  const noted = join(folder, 'pid')
  const pid = async (): Promise<number> => Number(await readFile(noted, 'utf8').catch(() => ''))
  const start = cancelScope(async (scope) => {
    const starting = WorkerProcess.start({ publicUrl: noted } as Settings, script)
    await expect.poll(pid, { timeout: 20_000 }).toBeGreaterThan(0)
    scope.cancel('the day was cancelled')
    return await starting
  })
  await expect(start).rejects.toMatchObject({ name: 'Cancelled' })
  expect(isThere(await pid())).toBe(false)
})
