import { run } from '@yuzuru/concurrency'
import { readEnv } from './env.ts'
import { runService } from './service.ts'

const env = readEnv(process.env)
await run(() => runService(env)) // until SIGINT or SIGTERM
