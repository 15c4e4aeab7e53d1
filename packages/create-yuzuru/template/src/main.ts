// #if jobs
import { run } from '@yuzuru/concurrency'
// #else
// import { run, sleep } from '@yuzuru/concurrency'
// #end
import { createDatabase, migrate } from '@yuzuru/db'
// #if jobs
import { createWorker, jobsMigrations } from '@yuzuru/jobs'
// #end
// #if mail
import { createMail } from '@yuzuru/mail'
// #end
import { currentRequest, readiness, serve } from '@yuzuru/server'
// #if storage
import { createStorage } from '@yuzuru/storage'
// #end
import { pino } from 'pino'
// #if jobs
import { createApp } from './app.ts'
// #end
import { readEnv } from './env.ts'
import { migrations, type Schema } from './schema.ts'
import { createWeb } from './web.ts'

const env = readEnv(process.env)

/** Each line of a request has its id: its `x-request-id`, or one of our own. Error answers show it too. */
const log = pino({ level: env.LOG_LEVEL, mixin: () => ({ requestId: currentRequest()?.id }) })

// Until SIGINT or SIGTERM; then requests and jobs under way come to their end.
await run(async () => {
  await using db = createDatabase<Schema>({ url: env.DATABASE_URL })
  // #if mail
  await using mail = createMail({ url: env.SMTP_URL, from: env.MAIL_FROM })
  // #end
  // #if storage
  await using storage = createStorage({
    endpoint: env.S3_ENDPOINT,
    region: env.S3_REGION,
    bucket: env.S3_BUCKET,
    credentials: { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: env.S3_SECRET_ACCESS_KEY },
  })
  // #end
  const clients = { db, mail, storage } // #names
  // #if jobs
  await migrate(db, [jobsMigrations, migrations])
  const app = createApp(clients)
  // #else
  // await migrate(db, migrations)
  // const app = clients
  // #end
  await using server = await serve(await createWeb(app), {
    port: env.PORT,
    log,
    probes: { checks: readiness(Object.values(clients)) },
  })
  log.info(`listening at ${server.url}`)
  // #if jobs
  await createWorker(db, { jobs: [app.announcePlan], log }).run()
  // #else
  // await sleep(Infinity)
  // #end
})
