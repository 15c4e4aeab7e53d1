import { createHmac } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'
import { Invalid } from '../web/invalid.ts'

/** What may be done how often within any hour. */
const LIMITS = {
  /** Sign-in mails to one address. */
  address: 5,
  /** Sign-in mails asked for from one network. */
  network: 50,
} as const

/**
 * Counts one sign-in mail for its address and for the network it was asked for from: over all processes,
 * within any hour. Whether the address is known makes no difference.
 *
 * @throws {Invalid} 429 when there were too many
 */
export async function countSignInMail(
  db: Kysely<Schema>,
  secret: string,
  asked: { readonly address: string; readonly network: string },
): Promise<void> {
  for (const kind of ['network', 'address'] as const) {
    if (!(await take(db, keyOf(secret, kind, asked[kind]), LIMITS[kind]))) throw tooMany()
  }
}

/** Neither addresses nor networks are kept. */
function keyOf(secret: string, kind: string, value: string): Buffer {
  return createHmac('sha256', secret).update(`quota ${kind} ${value}`).digest()
}

/** One statement, so that of many at once no more than `limit` get through. */
async function take(db: Kysely<Schema>, key: Buffer, limit: number): Promise<boolean> {
  const recent = sql`select t from unnest(quotas.times) as t where t > now() - interval '1 hour'`
  const { rows } = await sql`
    insert into quotas (key, times) values (${key}, array[now()])
    on conflict (key) do update set times = array(${recent}) || now()
    where (select count(*) from (${recent}) as times) < ${limit}
    returning key`.execute(db)
  return rows.length === 1
}

/** Forgets what has been over for long. */
export async function pruneQuotas(db: Kysely<Schema>): Promise<void> {
  await sql`
    delete from quotas
    where not exists (select from unnest(times) as t where t > now() - interval '1 hour')`.execute(
    db,
  )
}

function tooMany(): Invalid {
  const text = {
    ja: 'メールの送信が多すぎます。1時間ほど待ってからお試しください',
    en: 'has been sent too many mails: try again in an hour',
  }
  return new Invalid([{ field: 'email', text }], 429)
}
