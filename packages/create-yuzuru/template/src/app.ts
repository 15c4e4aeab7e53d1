import type { Database } from '@yuzuru/db'
// #if mail
import type { Mail } from '@yuzuru/mail'
// #end
// #if storage
import type { Storage } from '@yuzuru/storage'
// #end
// #if jobs
import { defineJob } from '@yuzuru/jobs'
import { announce } from './announce.ts'
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

// #if jobs
export type App = ReturnType<typeof createApp>

/** The clients, and the jobs that work with them. */
export const createApp = (clients: Clients) => ({
  ...clients,
  announcePlan: defineJob<{ readonly planId: string }>({
    name: 'announce-plan',
    timeoutMs: 30_000,
    run: ({ planId }) => announce(clients, planId),
  }),
})
// #else
// export type App = Clients
// #end
