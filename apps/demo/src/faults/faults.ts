import { IoError } from '@yuzuru/concurrency'
import { transaction } from '@yuzuru/db'
import { type FaultProxy, type Sandbox, startFaultProxy } from '@yuzuru/sandbox'
import { type App, openApp } from '../app.ts'
import type { Settings } from '../settings.ts'
import type { Text } from '../web/language.ts'

/** What a fault is tried on: an app of its own, with one line that can be broken. */
interface Stage {
  /** The app behind the line. */
  readonly app: App
  /** The app without it, which sees what there is. */
  readonly clear: App
  readonly line: FaultProxy
  readonly sandbox: Sandbox
  /** Different each time. */
  readonly mark: string
}

/** One fault at one boundary. */
export interface Fault {
  readonly name: string
  readonly boundary: Text
  readonly text: Text
  /** Begins what is to break. */
  act(stage: Stage): Promise<unknown>
  /** What there is afterwards; the same act is safe to repeat where it says so. */
  held(stage: Stage): Promise<{ readonly text: Text; readonly holds: boolean }>
}

/** What became of a fault. */
export interface FaultResult {
  readonly fault: Fault
  /** What the caller got; `undefined`: it noticed nothing, as the call was repeated for it. */
  readonly error:
    | { readonly name: string; readonly code: string; readonly outcome: string }
    | undefined
  readonly held: { readonly text: Text; readonly holds: boolean }
}

const DATABASE: Text = { ja: 'データベース', en: 'Database' }
const STORE: Text = { ja: 'ファイル', en: 'Storage' }
const MAIL: Text = { ja: 'メール', en: 'Mail' }
const PAYMENTS: Text = { ja: 'お支払い', en: 'Payments' }

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

export const FAULTS: readonly Fault[] = [
  {
    name: 'database-commit',
    boundary: DATABASE,
    text: { ja: 'COMMIT の返事が失われる', en: 'The reply to COMMIT is lost' },
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
    boundary: DATABASE,
    text: { ja: 'データベースにつながらない', en: 'The database can’t be reached' },
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
    boundary: STORE,
    text: { ja: '保存の返事が失われる', en: 'The reply to an upload is lost' },
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
    boundary: MAIL,
    text: { ja: '宛先がいまは断られる（451）', en: 'The recipient is refused for now (451)' },
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
    boundary: MAIL,
    text: {
      ja: '本文を渡したあとで切れる',
      en: 'The connection ends after the message was handed over',
    },
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
    boundary: PAYMENTS,
    text: { ja: 'Stripe の返事が失われる', en: 'Stripe’s reply is lost' },
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
]

/** Breaks one thing on purpose, and looks what is left. */
export async function tryFault(
  fault: Fault,
  sandbox: Sandbox,
  settings: Settings,
  clear: App,
): Promise<FaultResult> {
  await using line = await lineOf(fault, sandbox)
  await using app = await openApp(throughLine(fault, settings, line), 2)
  const stage = { app, clear, line, sandbox, mark: `fault-${crypto.randomUUID()}` }
  let error: FaultResult['error']
  try {
    await fault.act(stage)
  } catch (thrown) {
    if (!IoError.isInstance(thrown)) throw thrown
    error = { name: thrown.name, code: thrown.code, outcome: thrown.outcome }
  }
  line.clear()
  return { fault, error, held: await fault.held(stage) }
}

async function lineOf({ boundary }: Fault, { postgres, s3, stripe }: Sandbox): Promise<FaultProxy> {
  if (boundary === STORE) return await startFaultProxy({ target: s3, protocol: 'http' })
  if (boundary === PAYMENTS) return await startFaultProxy({ target: stripe, protocol: 'http' })
  return await startFaultProxy({ target: postgres })
}

function throughLine({ boundary }: Fault, settings: Settings, line: FaultProxy): Settings {
  const { databaseUrl, storage, stripe } = settings
  if (boundary === DATABASE) return { ...settings, databaseUrl: line.url(databaseUrl) }
  if (boundary === STORE) {
    return { ...settings, storage: { ...storage, endpoint: line.url(storage.endpoint) } }
  }
  if (boundary === PAYMENTS)
    return { ...settings, stripe: { ...stripe, url: line.url(stripe.url) } }
  return settings
}
