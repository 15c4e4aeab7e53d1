import { type Kysely, sql } from 'kysely'

/** Who approved a plan, and when; why a request was declined. */
export async function decisions(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table plans
      add column approved_by uuid references staff on delete set null,
      add column approved_at timestamptz`.execute(db)
  await sql`alter table requests add column decision_reason text`.execute(db)
}
