import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import './shared-postgres.ts'

/** A schema that no other test uses; it is still to be created. */
export interface OwnSchema {
  readonly name: string
  /** Connects to the shared PostgreSQL, with the schema as its search path. */
  readonly url: string
}

/** Names a schema of the shared PostgreSQL for one test. */
export function ownSchema(prefix: string): OwnSchema {
  const name = `${prefix}_${randomBytes(8).toString('hex')}`
  const url = new URL(inject('postgresUrl'))
  url.searchParams.set('options', `-c search_path=${name}`)
  return { name, url: url.href }
}
