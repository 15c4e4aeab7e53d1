import { createEnv } from '@t3-oss/env-core'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)

/** What the service reads from its environment. */
const server = {
  PORT: port.default(3000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  // #if mail
  SMTP_HOST: z.string(),
  SMTP_PORT: port.default(587),
  SMTP_USER: z.string(),
  SMTP_PASSWORD: z.string(),
  MAIL_FROM: z.string(),
  // #end
  // #if storage
  S3_ENDPOINT: z.url().optional(),
  S3_REGION: z.string(),
  S3_BUCKET: z.string(),
  S3_ACCESS_KEY_ID: z.string(),
  S3_SECRET_ACCESS_KEY: z.string(),
  // #end
}

/** Reads them all; throws an error that names each one that is missing or wrong, and no value. */
export const readEnv = (given: NodeJS.ProcessEnv) =>
  createEnv({
    server,
    runtimeEnv: given,
    emptyStringAsUndefined: true,
    onValidationError: (issues) => {
      const lines = issues.map(({ path: [part] = [], message }) => {
        const name = String(typeof part === 'object' ? part.key : part)
        return `  ${name}: ${given[name] ? message : 'is missing'}`
      })
      throw new Error(`The environment is not as it should be:\n${lines.join('\n')}`)
    },
  })

export type Env = ReturnType<typeof readEnv>
