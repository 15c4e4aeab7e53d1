import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * A table of tags: a row for each tag of a job, from its enqueueing until it is pruned. So a job without tags, and what
 * claims and settlements do with any, is as it was.
 */
export const tagsMigration: Migration = {
  async up(db) {
    await sql`
      create table yuzuru_job_tags (
        job_id uuid not null,
        tag text collate "C" not null check (length(tag) between 1 and 200),
        primary key (job_id, tag)
      )`.execute(db)
    await sql`create index yuzuru_job_tags_tag on yuzuru_job_tags (tag, job_id)`.execute(db)
  },
  async down(db) {
    await sql`drop table yuzuru_job_tags`.execute(db)
  },
}
