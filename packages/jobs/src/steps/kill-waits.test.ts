import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { dyingFlow, EFFECTS, type EffectsSchema, FLOW_PLACES } from '../../test/dying-flow.ts'
import { queue } from '../../test/queue.ts'
import { startProgram } from '../../test/start-program.ts'
import { expireLeases } from '../../test/with-worker.ts'
import { enqueueMany } from '../queue/enqueue.ts'
import { jobStats } from '../queue/job-stats.ts'

test('a SIGKILL at every await of a parent, its child, its event and its flow loses none of them, and doubles none', async () => {
  const { db, url } = await queue()
  const folder = mkdtempSync(join(tmpdir(), 'dying-flow-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const start = (): ChildProcess => startProgram('dying-flow-process.ts', url, folder)
  await sql`create table effects (root text not null, what text not null)`.execute(db)
  const [parent] = dyingFlow(db as unknown as Kysely<EffectsSchema>, folder)
  const roots = FLOW_PLACES.map((dieAt) => ({ root: `root ${dieAt}`, dieAt }))
  await enqueueMany(db, parent as NonNullable<typeof parent>, roots)
  for (let deaths = 0; deaths < FLOW_PLACES.length; deaths += 1) {
    const child = start()
    await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    // Its lease need not be waited for: a slow machine would lose a short one while it lives.
    await expireLeases(db)
  }
  const child = start()
  // A parent, a child, and three of a flow for each root.
  await expect
    .poll(() => jobStats(db), { interval: 50, timeout: 100_000 })
    .toMatchObject({ completed: 5 * FLOW_PLACES.length, waiting: 0, running: 0, failed: 0 })
  child.kill('SIGTERM')
  await once(child, 'exit')
  const { rows } = await sql<{
    root: string
    what: string
  }>`select root, what from effects`.execute(db)
  const seen = rows.map(({ root, what }) => `${root}: ${what}`).toSorted()
  const expected = roots.flatMap(({ root }) => EFFECTS.map((what) => `${root}: ${what}`))
  expect(seen).toEqual(expected.toSorted())
})
