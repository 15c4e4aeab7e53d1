import { run } from '@yuzuru/concurrency'
import { startSandbox } from '@yuzuru/sandbox'
import { readEnv } from './env.ts'
import { runService } from './service.ts'

/** The service on a real PostgreSQL, S3 and SMTP of this machine, all from npm. Data is kept in `.sandbox`. */
await run(async () => {
  await using sandbox = await startSandbox({
    dir: '.sandbox',
    services: ['postgres', 'smtp', 's3'],
    // #if mail
    smtp: { auth: true },
    // #end
    // #if storage
    s3: { buckets: ['plans'] },
    // #end
  })
  // #if mail
  const { host, port, user, password } = sandbox.smtp
  // #end
  const env = readEnv({
    ...process.env,
    DATABASE_URL: sandbox.postgres.url,
    // #if mail
    SMTP_HOST: host,
    SMTP_PORT: String(port),
    SMTP_USER: user,
    SMTP_PASSWORD: password,
    MAIL_FROM: 'no-reply@example.com',
    // #end
    // #if storage
    S3_ENDPOINT: sandbox.s3.endpoint,
    S3_REGION: sandbox.s3.region,
    S3_BUCKET: 'plans',
    S3_ACCESS_KEY_ID: sandbox.s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: sandbox.s3.secretAccessKey,
    // #end
  })
  await runService(env)
})
