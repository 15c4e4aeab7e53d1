import { type Kysely, sql } from 'kysely'

/** A member of staff may belong to several offices, and works in the primary one. */
export async function associations(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table office_associations (
      office_id uuid not null references offices,
      staff_id uuid not null references staff on delete cascade,
      role text not null check (role in ('manager', 'employee')),
      is_primary boolean not null,
      created_at timestamptz not null default now(),
      primary key (office_id, staff_id)
    )`.execute(db)
  await sql`
    insert into office_associations (office_id, staff_id, role, is_primary, created_at)
    select office_id, id, role, true, created_at from staff`.execute(db)
  await sql`
    create unique index on office_associations (staff_id) where is_primary`.execute(db)
  await sql`create index on office_associations (staff_id)`.execute(db)
  await sql`alter table staff drop column office_id, drop column role`.execute(db)
}
