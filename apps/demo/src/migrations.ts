import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { safety } from './migrations/0002-safety.ts'
import { associations } from './migrations/0003-associations.ts'
import { decisions } from './migrations/0005-decisions.ts'
import { documentUploads } from './migrations/0006-document-uploads.ts'
import { meetingSeries } from './migrations/0004-meeting-series.ts'

/** The app's own migrations; `migrate` runs them together with those of the packages. */
export const appMigrations: Record<string, Migration> = {
  demo_0001_init: {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table offices (
          id uuid primary key default gen_random_uuid(),
          name text not null,
          created_at timestamptz not null default now()
        )`.execute(db)
      await sql`
        create table staff (
          id uuid primary key default gen_random_uuid(),
          office_id uuid not null references offices,
          name text not null,
          email text not null unique check (email = lower(email)),
          role text not null check (role in ('manager', 'employee')),
          verified_at timestamptz,
          created_at timestamptz not null default now()
        )`.execute(db)
      await sql`create index on staff (office_id)`.execute(db)
      await sql`
        create table sign_in_links (
          token_hash bytea primary key,
          staff_id uuid not null references staff,
          expires_at timestamptz not null,
          used_at timestamptz
        )`.execute(db)
      await sql`
        create table sessions (
          token_hash bytea primary key,
          staff_id uuid not null references staff,
          expires_at timestamptz not null
        )`.execute(db)
      await sql`
        create table plans (
          id uuid primary key default gen_random_uuid(),
          office_id uuid not null references offices,
          title text not null,
          status text not null default 'draft' check (status in ('draft', 'approved')),
          document_key text unique,
          document_name text,
          document_bytes integer,
          document_sha256 text,
          created_at timestamptz not null default now()
        )`.execute(db)
      await sql`create index on plans (office_id)`.execute(db)
      await sql`
        create table requests (
          id uuid primary key default gen_random_uuid(),
          office_id uuid not null references offices,
          staff_id uuid not null references staff,
          kind text not null check (kind in ('leave', 'shift_change', 'expense')),
          reason text not null,
          status text not null default 'pending'
            check (status in ('pending', 'approved', 'declined')),
          decided_by uuid references staff,
          decided_at timestamptz,
          created_at timestamptz not null default now()
        )`.execute(db)
      await sql`create index on requests (office_id)`.execute(db)
      await sql`
        create table notices (
          id uuid primary key default gen_random_uuid(),
          staff_id uuid not null references staff,
          request_id uuid not null references requests,
          body text not null,
          created_at timestamptz not null default now()
        )`.execute(db)
      await sql`create index on notices (staff_id)`.execute(db)
      await sql`
        create table meetings (
          plan_id uuid primary key references plans,
          event_id text not null,
          starts_at timestamptz not null,
          link text
        )`.execute(db)
    },
  },
  demo_0002_safety: { up: safety },
  demo_0003_associations: { up: associations },
  demo_0004_meeting_series: { up: meetingSeries },
  demo_0005_decisions: { up: decisions },
  demo_0006_document_uploads: { up: documentUploads },
}
