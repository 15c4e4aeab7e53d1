import { type Kysely, sql } from 'kysely'

/** A plan has a series of meetings, and each of them is kept as Google has it. */
export async function meetingSeries(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table calendars (
      office_id uuid primary key references offices on delete cascade,
      cursor text
    )`.execute(db)
  await sql`
    create table meeting_series (
      plan_id uuid primary key references plans on delete cascade,
      office_id uuid not null references offices,
      event_id text not null,
      starts_at timestamptz not null,
      repeats text not null check (repeats in ('once', 'weekly', 'monthly'))
    )`.execute(db)
  await sql`create index on meeting_series (office_id)`.execute(db)
  // A single meeting of before is a series of one.
  await sql`
    insert into meeting_series (plan_id, office_id, event_id, starts_at, repeats)
    select plan_id, office_id, event_id, starts_at, 'once'
    from meetings join plans on plans.id = meetings.plan_id`.execute(db)
  await sql`
    insert into calendars (office_id)
    select distinct office_id from meeting_series`.execute(db)
  await sql`alter table meetings rename to former_meetings`.execute(db)
  await sql`
    create table meetings (
      plan_id uuid not null references meeting_series on delete cascade,
      event_id text not null,
      starts_at timestamptz not null,
      planned_at timestamptz not null,
      link text,
      primary key (plan_id, event_id)
    )`.execute(db)
  await sql`
    insert into meetings (plan_id, event_id, starts_at, planned_at, link)
    select plan_id, event_id, starts_at, starts_at, link from former_meetings`.execute(db)
  await sql`drop table former_meetings`.execute(db)
}
