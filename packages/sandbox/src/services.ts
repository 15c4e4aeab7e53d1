import { join } from 'node:path'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { Target } from './faults/connection.ts'
import { GOOGLE_OPTIONS, type GoogleOptions } from './google/google-options.ts'
import { startGoogle, type GoogleServer } from './google/server.ts'
import { POSTGRES_OPTIONS, type PostgresOptions } from './postgres/postgres-options.ts'
import { makeFolder } from './own-files.ts'
import { startPostgres, type PostgresServer } from './postgres/start-postgres.ts'
import { checkRules } from './s3/cors.ts'
import { S3_OPTIONS, startS3, type S3Options, type S3Server } from './s3/server.ts'
import { SERVICE_NAMES, type ServiceName } from './service-name.ts'
import { checkAnswers } from './smtp/answers.ts'
import { SMTP_OPTIONS, startSmtp, type SmtpOptions, type SmtpServer } from './smtp/start-smtp.ts'
import {
  startStripe,
  STRIPE_OPTIONS,
  type StripeOptions,
  type StripeServer,
} from './stripe/server.ts'

/** The options of each service; the sandbox itself decides where their data is. */
export interface ServiceOptions {
  postgres?: Omit<PostgresOptions, 'dir'> | undefined
  s3?: Omit<S3Options, 'dir'> | undefined
  smtp?: Omit<SmtpOptions, 'dir'> | undefined
  stripe?: Omit<StripeOptions, 'dir'> | undefined
  google?: Omit<GoogleOptions, 'dir'> | undefined
}

const OPTIONS: Readonly<Record<ServiceName, readonly string[]>> = {
  postgres: POSTGRES_OPTIONS,
  s3: S3_OPTIONS,
  smtp: SMTP_OPTIONS,
  stripe: STRIPE_OPTIONS,
  google: GOOGLE_OPTIONS,
}

/** Throws on a misspelt one before any service is started. */
export function expectServiceOptions(options: ServiceOptions): void {
  for (const name of SERVICE_NAMES) {
    const known = OPTIONS[name].filter((option) => option !== 'dir')
    expectOptions(options[name], known, `startSandbox.${name}`)
  }
  const { answers = {} } = options.smtp ?? {}
  checkAnswers(answers)
  const { cors = [] } = options.s3 ?? {}
  checkRules([cors].flat())
}

/** The running services. */
export interface Services {
  postgres: PostgresServer
  s3: S3Server
  smtp: SmtpServer
  stripe: StripeServer
  google: GoogleServer
}

type Starters = { [Name in ServiceName]: () => Promise<Services[Name]> }

/** How to start each. `keptIn` is undefined for throwaway data; only S3 needs a folder even then. */
export function startersFor(
  options: ServiceOptions,
  folders: { keptIn: string | undefined; scratch: string },
): Starters {
  const { keptIn } = folders
  const inDir = (name: ServiceName): { dir?: string } =>
    keptIn === undefined ? {} : { dir: join(keptIn, name) }
  return {
    postgres: () => startPostgres({ ...options.postgres, ...inDir('postgres') }),
    s3: async () => {
      const dir = join(keptIn ?? folders.scratch, 's3')
      await makeFolder(dir)
      return await startS3({ ...options.s3, dir })
    },
    smtp: () => startSmtp({ ...options.smtp, ...inDir('smtp') }),
    stripe: () => startStripe({ ...options.stripe, ...inDir('stripe') }),
    google: () => startGoogle({ ...options.google, ...inDir('google') }),
  }
}

/** Where a service listens. */
export function addressOf(service: Services[ServiceName]): Target {
  return { host: service.host, port: service.port }
}
