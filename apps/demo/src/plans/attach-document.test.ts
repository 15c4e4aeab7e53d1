import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { cancelScope, outcomeOf } from '@yuzuru/concurrency'
import { enqueue } from '@yuzuru/jobs'
import { drainJobs } from '@yuzuru/jobs/testing'
import type { FaultProxy } from '@yuzuru/sandbox'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, migrateApp, openApp } from '../app.ts'
import { registerOffice } from '../offices/offices.ts'
import { startOutsideWorld } from '../outside-world.ts'
import { attachDocument } from './attach-document.ts'
import { createPlan, type Plan } from './plans.ts'

const open = new AsyncDisposableStack()
let app: App
/** The same app, by way of lines that break. */
let faulty: App
let toDatabase: FaultProxy
let toStorage: FaultProxy
let plan: Plan

beforeAll(async () => {
  const world = open.use(await startOutsideWorld(undefined))
  const { faults } = world.sandbox
  toDatabase = await faults.inFrontOf('postgres')
  toStorage = await faults.inFrontOf('s3')
  const settings = await world.settingsFor('http://127.0.0.1:1')
  app = open.use(await openApp(settings, 5))
  const { databaseUrl, storage } = settings
  faulty = open.use(
    await openApp(
      {
        ...settings,
        databaseUrl: toDatabase.url(databaseUrl),
        storage: { ...storage, endpoint: new URL(toStorage.url(storage.endpoint)).origin },
      },
      5,
    ),
  )
  await migrateApp(app.db)
  const registration = { officeName: '里', staffName: '佐藤', email: 'a@example.jp' }
  const { office_id: officeId } = await registerOffice(app, registration, 'ja')
  plan = await createPlan(app.db, officeId, { title: '計画' })
})

afterAll(() => open.disposeAsync())

async function* pdf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`%PDF-1.7 ${text}`)
}

const attach = (by: App, text: string): Promise<Plan> =>
  attachDocument(by, plan, { filename: `${text}.pdf`, source: pdf(text) })

async function pointedAt(): Promise<string | null> {
  const query = app.db.selectFrom('plans').select('document_key').where('id', '=', plan.id)
  return (await query.executeTakeFirstOrThrow()).document_key
}

const stored = async (): Promise<string[]> =>
  (await Array.fromAsync(app.storage.list({ prefix: `plans/${plan.id}/` }))).map(({ key }) => key)

/** Lets what is enqueued for later be due now. */
async function later(): Promise<void> {
  await sql`update yuzuru_jobs set run_at = now() where worker is null`.execute(app.db)
  await drainJobs(app.db, [app.jobs.tidyDocument])
}

/** Each place where the way of a document may break off. */
const FAULTS: Readonly<Record<string, () => void>> = {
  'the reply to the job that looks later': () =>
    toDatabase.set({ dropReply: { when: 'yuzuru_jobs', times: 1 } }),
  'the reply to the read of the plan': () =>
    toDatabase.set({ dropReply: { when: 'for update', times: 1 } }),
  'the reply to the update of the plan': () =>
    toDatabase.set({ dropReply: { when: 'update "plans"', times: 1 } }),
  'the reply to the commit': () => toDatabase.set({ dropReply: { when: 'commit', times: 1 } }),
  'the reply to the upload': () => toStorage.set({ dropReply: { when: 'PUT ' } }),
  'all of the storage': () => toStorage.set({ refuse: true }),
}

describe('a document that takes the place of another', () => {
  test.each(Object.keys(FAULTS))('is there or is not, when %s is lost', async (name) => {
    await attach(app, 'before')
    await later()
    const before = await pointedAt()
    FAULTS[name]!()
    const error = await attach(faulty, 'after').then(
      () => undefined,
      (failure: unknown) => failure,
    )
    toDatabase.clear()
    toStorage.clear()
    const after = await pointedAt()
    // What a plan points at is there, at any time.
    expect(await stored()).toContain(after)
    if (error !== undefined && outcomeOf(error) === 'none') {
      expect(after).toBe(before)
      expect(await stored()).toEqual([before])
    }
    await later()
    expect(await stored()).toEqual([after])
  })

  test('is not noted when its sender has gone, and leaves nothing', async () => {
    await attach(app, 'before')
    await later()
    const before = await pointedAt()
    const cut = cancelScope(async (scope) => {
      async function* source(): AsyncGenerator<Uint8Array> {
        yield* pdf('after')
        scope.cancel('the client has gone')
      }
      await attachDocument(app, plan, { filename: 'after.pdf', source: source() })
    })
    await expect(cut).rejects.toMatchObject({ name: 'Cancelled' })
    expect(await pointedAt()).toBe(before)
    await later()
    expect(await stored()).toEqual([before])
  })
})

test('parts that a killed process had sent are removed with the rest', async () => {
  const client = app.storage.client as S3Client
  const { bucket: Bucket } = app.settings.storage
  const Key = `plans/${plan.id}/killed.pdf`
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  await client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.from('%PDF-') }),
  )
  await enqueue(app.db, app.jobs.tidyDocument, { planId: plan.id, key: Key })
  await later()
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  expect(Uploads).toEqual([])
})
