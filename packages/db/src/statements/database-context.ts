import type { Kysely, KyselyConfig, KyselyProps, Log, QueryCompiler } from 'kysely'
import type { DatabaseOptions } from '../database-options.ts'
import type { PipelinedReads } from '../connections/pipelined-reads.ts'
import type { SessionSource } from '../connections/session-source.ts'
import type { ValueTypes } from '../wire/value-parsers.ts'

/** What all queries of one database share. */
export interface DatabaseContext {
  /** What it was made of. */
  readonly options: DatabaseOptions
  readonly sessions: SessionSource
  /** Where reads may go instead, if they are pipelined. */
  readonly reads: PipelinedReads | undefined
  readonly types: ValueTypes
  /** Compiles one query after the other; making one costs more than a compilation. */
  readonly compiler: QueryCompiler
  readonly commitTimeoutMs: number
  readonly config: KyselyConfig
  /** Kysely's log, if somebody listens. */
  readonly log: Log | undefined
  readonly driver: KyselyProps['driver']
  /** The database itself. Set when it is made. */
  database?: Kysely<unknown>
}
