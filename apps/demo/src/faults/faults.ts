import { randomUUID } from 'node:crypto'
import { transaction } from '@yuzuru/db'
import { enqueue } from '@yuzuru/jobs'
import { sql } from 'kysely'
import { BOUNDARIES } from './boundaries.ts'
import { calendarFault } from './calendar-fault.ts'
import { customersOf, deleteCustomers } from './customers.ts'
import type { Fault, Stage, Surroundings } from './fault.ts'
import { httpFault } from './http-fault.ts'
import { workerFault } from './worker-fault.ts'

const writeQuota = ({ app, mark }: Stage): Promise<unknown> =>
  transaction(app.db, async (tx) => {
    const row = { key: Buffer.from(mark), times: [new Date()] }
    await tx.insertInto('quotas').values(row).execute()
  })

/** How many rows there are. */
async function countQuotas({ clear, mark }: Stage): Promise<number> {
  const rows = clear.db.selectFrom('quotas').select('key').where('key', '=', Buffer.from(mark))
  return (await rows.execute()).length
}

const deleteQuotas = async ({ clear, mark }: Surroundings): Promise<unknown> =>
  await clear.db.deleteFrom('quotas').where('key', '=', Buffer.from(mark)).execute()

async function send({ app, mark }: Stage): Promise<unknown> {
  const letter = { to: `${mark}@example.jp`, subject: '試験', text: 'わざと壊しています' }
  return await app.mail.send({ ...letter, idempotencyKey: mark })
}

const WRITE = `await transaction(db, async (tx) => {
  await tx.insertInto('quotas').values(row).execute()
})`

/** After how long what was on its way has arrived, in milliseconds, with much to spare. */
const LATE_MS = 30_000

const SEND = 'await mail.send({ to, subject, text, idempotencyKey })'

export const FAULTS: readonly Fault[] = [
  {
    name: 'database-commit',
    boundary: BOUNDARIES.db,
    text: { ja: 'COMMIT の返事が失われる', en: 'The reply to COMMIT is lost' },
    code: WRITE,
    guarantee: 6,
    sees: 'unknown',
    losesReply: true,
    act: async (stage) => {
      stage.line.set({ dropReply: { when: 'commit' } })
      await writeQuota(stage)
    },
    held: async (stage) => ({
      holds: (await countQuotas(stage)) === 1,
      text: {
        ja: '行は書かれていた。だから unknown は正しく、確かめずに繰り返さない',
        en: 'The row was written: unknown was right, and nothing repeats it without a look',
      },
    }),
    clean: deleteQuotas,
  },
  {
    name: 'database-gone',
    boundary: BOUNDARIES.db,
    text: { ja: 'データベースにつながらない', en: 'The database can’t be reached' },
    code: WRITE,
    guarantee: 96,
    sees: 'none',
    losesReply: false,
    act: async (stage) => {
      await stage.line.close()
      await writeQuota(stage)
    },
    held: async (stage) => ({
      holds: (await countQuotas(stage)) === 0,
      text: { ja: '何も書かれていない', en: 'Nothing was written' },
    }),
    clean: deleteQuotas,
  },
  {
    name: 'storage-reply',
    boundary: BOUNDARIES.storage,
    text: { ja: '保存の返事が失われる', en: 'The reply to an upload is lost' },
    code: 'await storage.upload(key, document)',
    guarantee: 17,
    sees: 'nothing',
    losesReply: true,
    act: async ({ app, line, mark }) => {
      line.set({ dropReply: { when: 'PUT', times: 1 } })
      await app.storage.upload(`faults/${mark}`, 'document')
    },
    held: async ({ clear, mark }) => {
      const kept = await Array.fromAsync(clear.storage.list({ prefix: `faults/${mark}` }))
      return {
        holds: kept.length === 1,
        text: { ja: 'ファイルは一つ', en: 'There is one file' },
      }
    },
    clean: async ({ clear: { db, jobs, storage }, mark }) => {
      const key = `faults/${mark}`
      // The store may still be at it, when its visitor has left: no plan points there.
      const nobody = { planId: randomUUID(), key }
      await enqueue(db, jobs.tidyDocument, nobody, { delayMs: LATE_MS })
      await storage.delete(key)
    },
  },
  {
    name: 'mail-refused',
    boundary: BOUNDARIES.mail,
    text: { ja: '宛先がいまは断られる（451）', en: 'The recipient is refused for now (451)' },
    code: SEND,
    guarantee: 11,
    sees: 'none',
    losesReply: false,
    act: async (stage) => {
      stage.sandbox.smtp.setAnswers({
        onRecipient: (address) => (address.startsWith(stage.mark) ? { reject: 451 } : 'accept'),
      })
      await send(stage)
    },
    held: async ({ sandbox, mark }) => ({
      holds: sandbox.smtp.inbox.messages.every(
        ({ envelope }) => !envelope.to.includes(`${mark}@example.jp`),
      ),
      text: {
        ja: '届いていないので、あとで送り直せる',
        en: 'Nothing arrived: it may be sent again later',
      },
    }),
    clean: async ({ sandbox }) => sandbox.smtp.setAnswers({}),
  },
  {
    name: 'mail-silent',
    boundary: BOUNDARIES.mail,
    text: {
      ja: '本文を渡したあとで切れる',
      en: 'The connection ends after the message was handed over',
    },
    code: SEND,
    guarantee: 8,
    sees: 'unknown',
    losesReply: false,
    act: async (stage) => {
      stage.sandbox.smtp.setAnswers({
        onMessage: ({ envelope }) =>
          envelope.to.includes(`${stage.mark}@example.jp`) ? { drop: 'kept' } : 'accept',
      })
      await send(stage)
    },
    held: async (stage) => {
      stage.sandbox.smtp.setAnswers({})
      await send({ ...stage, app: stage.clear })
      const to = `${stage.mark}@example.jp`
      const mails = await stage.sandbox.smtp.inbox.waitForCount(2, { to })
      return {
        holds: new Set(mails.map(({ messageId }) => messageId)).size === 1,
        text: {
          ja: '届いていた。送り直しても同じ Message-ID なので、受け取る側では一通',
          en: 'It had arrived. Sent again it has the same Message-ID, so the reader has one',
        },
      }
    },
    clean: async ({ sandbox }) => sandbox.smtp.setAnswers({}),
  },
  {
    name: 'payments-reply',
    boundary: BOUNDARIES.billing,
    text: { ja: 'Stripe の返事が失われる', en: 'Stripe’s reply is lost' },
    code: 'await billing.ensureCustomer({ reference, email })',
    guarantee: 2,
    sees: 'unknown',
    losesReply: true,
    act: async ({ app, line, mark }) => {
      line.set({ dropReply: { when: 'POST /v1/customers' } })
      await app.billing.ensureCustomer({ reference: mark, email: `${mark}@example.jp` })
    },
    held: async (stage) => {
      const { clear, mark } = stage
      const email = `${mark}@example.jp`
      await clear.billing.ensureCustomer({ reference: mark, email })
      return {
        holds: customersOf(stage).length === 1,
        text: {
          ja: 'もう一度頼んでも、顧客は一人',
          en: 'Asked for again, there is one customer',
        },
      }
    },
    clean: async (around) => {
      await deleteCustomers(around)
      const { clear, mark } = around
      await sql`delete from yuzuru_billing_customers where reference = ${mark}`.execute(clear.db)
    },
  },
  calendarFault,
  workerFault,
  httpFault,
]
