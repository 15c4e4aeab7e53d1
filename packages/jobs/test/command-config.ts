import { setTimeout } from 'node:timers/promises'
import { defineJob } from '../src/job/define-job.ts'
import type { Kysely } from 'kysely'
import type { Job } from '../src/job/job.ts'
import { openKysely, type TestSchema } from './open-kysely.ts'

/** What the command line is tried with, on the database that the environment names. */
export const db: Kysely<TestSchema> = openKysely(process.env['DATABASE_URL'] ?? '', 8)

export const jobs: readonly Job<{ n: number }>[] = [
  defineJob<{ n: number }>({ name: 'fine', tags: () => ['shop'], run: async () => undefined }),
  defineJob<{ n: number }>({
    name: 'failing',
    attempts: 1,
    run: async () => {
      throw Object.assign(new Error('hanako@example.jp was refused'), { code: 'rejected' })
    },
  }),
  defineJob<{ n: number }>({
    name: 'long',
    run: async (_, { signal }) => await setTimeout(600_000, undefined, { signal }),
  }),
]
