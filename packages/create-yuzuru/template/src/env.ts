import { createEnv } from '@t3-oss/env-core'
import { z } from 'zod'

/** What the service reads from its environment. */
const server = {
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'Expected postgres://…' }),
  // #if mail
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'Expected smtp://…' }),
  MAIL_FROM: z.string('is missing'),
  // #end
  // #if storage
  S3_ENDPOINT: z.url().optional(),
  S3_REGION: z.string('is missing'),
  S3_BUCKET: z.string('is missing'),
  S3_ACCESS_KEY_ID: z.string('is missing'),
  S3_SECRET_ACCESS_KEY: z.string('is missing'),
  // #end
}

/** Reads them all; throws an error that names each one that is missing or wrong, and no value. */
export const readEnv = (runtimeEnv: NodeJS.ProcessEnv) =>
  createEnv({
    server,
    runtimeEnv,
    emptyStringAsUndefined: true,
    onValidationError: (issues) => {
      throw new Error(`The environment is not as it should be:\n${z.prettifyError({ issues })}`)
    },
  })
