import { type Kysely, type RawBuilder, sql } from 'kysely'
import { FORBIDDEN_IN_SQL } from '../web/one-line.ts'

/** The texts of one line. */
const LINES: readonly (readonly [table: string, column: string])[] = [
  ['offices', 'name'],
  ['staff', 'name'],
  ['staff', 'email'],
  ['plans', 'title'],
  ['plans', 'document_name'],
]

/** One-line texts are held to one line by the schema too; one sign-in link a person; mails are counted. */
export async function safety(db: Kysely<unknown>): Promise<void> {
  const forbidden: RawBuilder<unknown> = sql.lit(FORBIDDEN_IN_SQL)
  for (const [table, column] of LINES) {
    const [at, text] = [sql.table(table), sql.ref(column)]
    await sql`
      update ${at} set ${text} = regexp_replace(${text}, ${forbidden}, ' ', 'g')
      where ${text} ~ ${forbidden}`.execute(db)
    await sql`
      alter table ${at} add constraint ${sql.ref(`${table}_${column}_one_line`)}
        check (${text} !~ ${forbidden})`.execute(db)
  }
  // Those who are waiting for a link ask for another one.
  await sql`drop table sign_in_links`.execute(db)
  await sql`
    create table sign_in_links (
      staff_id uuid primary key references staff on delete cascade,
      token_hash bytea not null unique,
      requested_at timestamptz not null,
      expires_at timestamptz not null,
      used_at timestamptz
    )`.execute(db)
  await sql`
    create table quotas (
      key bytea primary key,
      times timestamptz[] not null
    )`.execute(db)
}
