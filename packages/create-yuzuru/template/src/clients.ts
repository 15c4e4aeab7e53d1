import type { Database } from '@yuzuru/db'
// #if mail
import type { Mail } from '@yuzuru/mail'
// #end
// #if storage
import type { Storage } from '@yuzuru/storage'
// #end
import type { Schema } from './schema.ts'

/** What reaches the outside: real clients, or the fakes of a test. */
export interface Clients {
  readonly db: Database<Schema>
  // #if mail
  readonly mail: Mail
  // #end
  // #if storage
  readonly storage: Storage
  // #end
}
