import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isolated, saysOf } from '../../test/isolated.ts'
import { queue } from '../../test/queue.ts'
import { types, withWorker } from '../../test/with-worker.ts'
import type { RunIn } from '../job/isolated-kind.ts'
import { enqueue } from '../queue/enqueue.ts'
import { getJob } from '../queue/get-job.ts'

const KINDS: readonly RunIn[] = ['thread', 'process']

/** What a module needs at its start may come later: a file, a server, a secret. */
const NEEDS = `
import { existsSync } from 'node:fs'
if (!existsSync(new URL('./ready', import.meta.url))) throw new Error('not ready yet')
`
const HANDLERS = `
import './needs.mjs'
export const run = () => 'done'
`

describe.each(KINDS)('a module that failed as it was loaded in a %s', (runIn) => {
  test('does not fail there for ever, and others that run there meanwhile come to their end', async () => {
    const { db } = await queue()
    await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-jobs-'))
    const file = (name: string): string => join(folder.path, name)
    await writeFile(file('needs.mjs'), NEEDS)
    await writeFile(file('handlers.mjs'), HANDLERS)
    const job = isolated('run', runIn, { module: file('handlers.mjs'), attempts: 1 })
    const beside = isolated('neighbour', runIn)
    const waiting = isolated('wait', runIn)
    const places = { threads: 2, processes: 2, heartbeatMs: 10, leaseMs: 60_000 }
    const jobs = [job, beside, waiting]
    await withWorker(db, { jobs, ...places }, async (events) => {
      const { id: other } = await enqueue(db, waiting, { file: file('ended') })
      expect(await saysOf(db, other)).toBe('waits')
      const { id: early } = await enqueue(db, job, {})
      await expect.poll(() => types(events), { timeout: 60_000 }).toContain('failed')
      expect((await getJob(db, early))?.lastError).toMatchObject({ code: 'module_failed' })
      await writeFile(file('ready'), '')
      const { id: late } = await enqueue(db, job, {})
      await expect
        .poll(async () => (await getJob(db, late))?.state, { timeout: 60_000 })
        .not.toMatch(/waiting|running/)
      expect(await getJob(db, late)).toMatchObject({ state: 'completed', result: 'done' })
      // What ran beside it was not cut short.
      expect(await getJob(db, other)).toMatchObject({ state: 'running', attempt: 1 })
    })
  })
})
