import { expectOptions } from '@yuzuru/concurrency/boundary'
import { currentClock, io, type IoOptions } from '@yuzuru/concurrency'
import { CompiledQuery, type Kysely } from 'kysely'
import { bindingOf } from './binding.ts'
import type { PipelinedFigures } from '../connections/pipelined-reads.ts'
import type { PoolFigures } from '../connections/session-source.ts'

/** The state of a database and its pool. */
export interface Health {
  readonly pool: PoolFigures
  /** Of the connections that `reads: 'pipelined'` adds; not there without it. */
  readonly reads?: PipelinedFigures
  /** As the server says it: `18.1`. */
  readonly serverVersion: string
  /** How long a statement that does nothing took, in milliseconds, the wait for a connection included. */
  readonly roundTripMs: number
}

/** Of a {@link Database}, which knows no more of itself than that it is a Kysely. */
export async function askHealth<DB>(db: Kysely<DB>, options: IoOptions = {}): Promise<Health> {
  expectOptions(options, ['signal', 'timeoutMs'], 'health')
  const { sessions, reads } = bindingOf(db).context
  const from = currentClock().now()
  const call = { boundary: 'db', operation: 'health', effect: 'read' } as const
  const { rows } = await io(call, options, () =>
    db
      .withoutPlugins()
      .executeQuery<{ version: string }>(
        CompiledQuery.raw(`select current_setting('server_version') as version`),
      ),
  )
  const roundTripMs = currentClock().now() - from
  const serverVersion = rows[0]?.version ?? ''
  const health = { pool: sessions.figures, serverVersion, roundTripMs }
  return reads === undefined ? health : { ...health, reads: reads.figures }
}
