import { transaction } from '@yuzuru/db'
import { BOUNDARIES } from './boundaries.ts'
import { calendarFault } from './calendar-fault.ts'
import type { Fault, Stage } from './fault.ts'
import { httpFault } from './http-fault.ts'
import { workerFault } from './worker-fault.ts'

const writeQuota = ({ app, mark }: Stage): Promise<unknown> =>
  transaction(app.db, async (tx) => {
    const row = { key: Buffer.from(mark), times: [new Date()] }
    await tx.insertInto('quotas').values(row).execute()
  })

/** How many rows there are, which are taken away. */
async function takeQuotas({ clear, mark }: Stage): Promise<number> {
  const key = Buffer.from(mark)
  const rows = await clear.db.deleteFrom('quotas').where('key', '=', key).returning('key').execute()
  return rows.length
}

async function send({ app, mark }: Stage): Promise<unknown> {
  const letter = { to: `${mark}@example.jp`, subject: '試験', text: 'わざと壊しています' }
  return await app.mail.send({ ...letter, idempotencyKey: mark })
}

const WRITE = `await transaction(db, async (tx) => {
  await tx.insertInto('quotas').values(row).execute()
})`

const SEND = 'await mail.send({ to, subject, text, idempotencyKey })'

export const FAULTS: readonly Fault[] = [
  {
    name: 'database-commit',
    boundary: BOUNDARIES.db,
    text: { ja: 'COMMIT の返事が失われる', en: 'The reply to COMMIT is lost' },
    code: WRITE,
    guarantee: 6,
    act: async (stage) => {
      stage.line.set({ dropReply: { when: 'commit' } })
      await writeQuota(stage)
    },
    held: async (stage) => ({
      holds: (await takeQuotas(stage)) === 1,
      text: {
        ja: '行は書かれていた。だから unknown は正しく、確かめずに繰り返さない',
        en: 'The row was written: unknown was right, and nothing repeats it without a look',
      },
    }),
  },
  {
    name: 'database-gone',
    boundary: BOUNDARIES.db,
    text: { ja: 'データベースにつながらない', en: 'The database can’t be reached' },
    code: WRITE,
    guarantee: 96,
    act: async (stage) => {
      await stage.line.close()
      await writeQuota(stage)
    },
    held: async (stage) => ({
      holds: (await takeQuotas(stage)) === 0,
      text: { ja: '何も書かれていない', en: 'Nothing was written' },
    }),
  },
  {
    name: 'storage-reply',
    boundary: BOUNDARIES.storage,
    text: { ja: '保存の返事が失われる', en: 'The reply to an upload is lost' },
    code: 'await storage.upload(key, document)',
    guarantee: 17,
    act: async ({ app, line, mark }) => {
      line.set({ dropReply: { when: 'PUT', times: 1 } })
      await app.storage.upload(`faults/${mark}`, 'document')
    },
    held: async ({ clear, mark }) => {
      const kept = await Array.fromAsync(clear.storage.list({ prefix: `faults/${mark}` }))
      await clear.storage.delete(`faults/${mark}`)
      return {
        holds: kept.length === 1,
        text: { ja: 'ファイルは一つ', en: 'There is one file' },
      }
    },
  },
  {
    name: 'mail-refused',
    boundary: BOUNDARIES.mail,
    text: { ja: '宛先がいまは断られる（451）', en: 'The recipient is refused for now (451)' },
    code: SEND,
    guarantee: 11,
    act: async (stage) => {
      stage.sandbox.smtp.setAnswers({
        onRecipient: (address) => (address.startsWith(stage.mark) ? { reject: 451 } : 'accept'),
      })
      await send(stage).finally(() => stage.sandbox.smtp.setAnswers({}))
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
    act: async (stage) => {
      stage.sandbox.smtp.setAnswers({
        onMessage: ({ envelope }) =>
          envelope.to.includes(`${stage.mark}@example.jp`) ? { drop: 'kept' } : 'accept',
      })
      await send(stage).finally(() => stage.sandbox.smtp.setAnswers({}))
    },
    held: async (stage) => {
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
  },
  {
    name: 'payments-reply',
    boundary: BOUNDARIES.billing,
    text: { ja: 'Stripe の返事が失われる', en: 'Stripe’s reply is lost' },
    code: 'await billing.ensureCustomer({ reference, email })',
    guarantee: 2,
    act: async ({ app, line, mark }) => {
      line.set({ dropReply: { when: 'POST /v1/customers' } })
      await app.billing.ensureCustomer({ reference: mark, email: `${mark}@example.jp` })
    },
    held: async ({ clear, sandbox, mark }) => {
      const email = `${mark}@example.jp`
      await clear.billing.ensureCustomer({ reference: mark, email })
      const customers = sandbox.stripe.customers().filter((each) => each.email === email)
      return {
        holds: customers.length === 1,
        text: {
          ja: 'もう一度頼んでも、顧客は一人',
          en: 'Asked for again, there is one customer',
        },
      }
    },
  },
  calendarFault,
  workerFault,
  httpFault,
]
