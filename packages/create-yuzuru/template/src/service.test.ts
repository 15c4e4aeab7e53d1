import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createDatabase, migrate } from '@yuzuru/db'
// #if jobs
import { jobsMigrations } from '@yuzuru/jobs'
import { drainJobs } from '@yuzuru/jobs/testing'
// #end
// #if mail
import { createFakeMail } from '@yuzuru/mail/testing'
// #end
import { type PostgresServer, startPostgres } from '@yuzuru/sandbox'
import { inject } from '@yuzuru/server/testing'
// #if storage
import { createFakeStorage } from '@yuzuru/storage/testing'
// #end
// #if jobs
import { createApp } from './app.ts'
// #end
import { readEnv } from './env.ts'
import { migrations, type Schema } from './schema.ts'
import { createWeb } from './web.ts'

let postgres: PostgresServer
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.close())

/** The service on a database of its own, with fakes for the rest. */
async function openService() {
  const db = createDatabase<Schema>({ url: await postgres.createDatabase() })
  // #if jobs
  await migrate(db, [jobsMigrations, migrations])
  // #else
  // await migrate(db, migrations)
  // #end
  // #if mail
  const mail = createFakeMail()
  // #end
  // #if storage
  const storage = createFakeStorage()
  // #end
  const clients = { db, mail, storage } // #names
  // #if jobs
  const app = createApp(clients)
  // #else
  // const app = clients
  // #end
  const web = await createWeb(app)
  return {
    ...clients,
    get: (path: string) => inject(web, path),
    post: (body: string) =>
      inject(
        web,
        new Request('http://localhost/plans', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        }),
      ),
    // #if jobs
    settle: () => drainJobs(db, [app.announcePlan]),
    // #end
    [Symbol.asyncDispose]: () => db.close(),
  }
}

const walks = JSON.stringify({ title: 'Walks', email: 'hanako@example.jp' })

test('a plan is stored and announced, once', async () => {
  await using service = await openService()
  const made = await service.post(walks)
  assert.equal(made.status, 201)
  // #if jobs
  assert.equal((await service.settle()).completed, 1)
  // #end
  const path = made.headers.get('location') ?? ''
  const plan = (await (await service.get(path)).json()) as { title: string; announced_at: string }
  assert.equal(plan.title, 'Walks')
  assert.ok(new Date(plan.announced_at) <= new Date())
  // #if mail
  assert.deepEqual(
    service.mail.sent.map(({ envelope, subject }) => [envelope.to, subject]),
    [[['hanako@example.jp'], 'New plan: Walks']],
  )
  // #end
  // #if storage
  await using document = await service.storage.download(`${path.slice(1)}.txt`)
  assert.equal(await document.text(), 'Walks\n')
  assert.equal((await service.get(`${path}/document`)).status, 303)
  // #end
})

test('what is not a plan is refused, with the reason for each field', async () => {
  await using service = await openService()
  const answer = await service.post(JSON.stringify({ title: '' }))
  const { fields } = (await answer.json()) as { fields: Record<string, string> }
  assert.deepEqual([answer.status, Object.keys(fields)], [422, ['title', 'email']])
  assert.ok((await service.post('{')).status < 500)
})

test('what is not there is 404', async () => {
  await using service = await openService()
  for (const path of ['/', '/plans/1', `/plans/${crypto.randomUUID()}`]) {
    assert.equal((await service.get(path)).status, 404)
  }
})

test('all that is wrong with the environment is named at once, and no value', () => {
  const given = { PORT: 'secret', DATABASE_URL: 'secret' }
  assert.throws(
    () => readEnv(given),
    ({ message }: Error) =>
      /at PORT\n.*\n.*at DATABASE_URL/.test(message) && !message.includes('secret'),
  )
})
