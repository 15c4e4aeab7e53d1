// #if jobs
import { defineJob } from '@yuzuru/jobs'
import { announce } from './announce.ts'
// #end
import type { Clients } from './clients.ts'

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
