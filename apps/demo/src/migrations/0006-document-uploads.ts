import { type Kysely, sql } from 'kysely'

/** The documents that browsers are sending straight to the store. */
export async function documentUploads(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table document_uploads (
      id uuid primary key default gen_random_uuid(),
      plan_id uuid not null references plans on delete cascade,
      key text not null unique,
      token text not null,
      filename text not null,
      bytes integer not null,
      sha256 text not null,
      created_at timestamptz not null default now()
    )`.execute(db)
  await sql`create index on document_uploads (plan_id)`.execute(db)
}
