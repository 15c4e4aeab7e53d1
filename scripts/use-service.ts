import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Manifest } from './packages.ts'

const run = promisify(execFile)

/** How long a service may take to be ready, in milliseconds. */
const READY_MS = 30_000

/**
 * Does with a service that `create-yuzuru` has made what its README says: installs, from the tarballs, checks the
 * types, runs the tests, and stores a plan by `npm run dev` on the sandbox, and by `npm start` with a `.env`.
 */
export async function useService(
  folder: string,
  tarballs: ReadonlyMap<string, string>,
  node: string,
): Promise<void> {
  const path = join(folder, 'package.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest
  const files = [...tarballs].map(([name, tarball]) => [name, `file:${tarball}`] as const)
  const fromTarballs = (ranges: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    ...ranges,
    ...Object.fromEntries(files.filter(([name]) => name in ranges)),
  })
  const dependencies = fromTarballs(manifest.dependencies)
  const devDependencies = fromTarballs(manifest.devDependencies)
  const overrides = Object.fromEntries(
    files.filter(([name]) => !(name in dependencies) && !(name in devDependencies)),
  )
  await writeFile(path, JSON.stringify({ ...manifest, dependencies, devDependencies, overrides }))
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env['PATH']}` }
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, env })
  await run('npm', ['run', 'typecheck'], { cwd: folder, env })
  await run('npm', ['test'], { cwd: folder, env })
  await useRunning(folder, ['run', 'dev'], { ...env, PORT: '0' }, async (next) => {
    // It begins again when a file changes.
    await appendFile(join(folder, 'src/plans.ts'), '\n')
    await usePlans(await next(LISTENING), next)
  })
  await useStarted(folder, node, env)
}

const LISTENING = /listening at (http:[^"]+)/

/** Reads on to the line that has it, and gives what is in its first group. */
type NextLine = (pattern: RegExp) => Promise<string>

/** Runs an npm script that goes on, uses it once it listens, and ends it with all that it has begun. */
async function useRunning(
  folder: string,
  script: readonly string[],
  env: NodeJS.ProcessEnv,
  use: (next: NextLine, url: string) => Promise<void>,
): Promise<void> {
  const service = spawn('npm', [...script], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const ended = once(service, 'close')
  try {
    const next = linesOf(service.stdout)
    await use(next, await next(LISTENING))
  } finally {
    if (service.pid !== undefined) process.kill(-service.pid, 'SIGTERM')
    await ended
  }
}

/** `npm start` on the environment of `.env`, beside a world that has its addresses. */
async function useStarted(folder: string, node: string, env: NodeJS.ProcessEnv): Promise<void> {
  await writeFile(join(folder, 'world.ts'), WORLD)
  const world = spawn(node, ['world.ts'], { cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(world, 'close')
  try {
    await linesOf(world.stdout)(/^(ready)$/)
    await useRunning(folder, ['start'], env, async (next, url) => await usePlans(url, next))
  } finally {
    world.stdin.end()
    await ended
  }
}

const WORLD = `import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { startSandbox } from '@yuzuru/sandbox'

await using sandbox = await startSandbox({
  services: ['postgres', 'smtp', 's3'],
  smtp: { auth: true },
  s3: { buckets: ['plans'] },
})
const { postgres, smtp, s3 } = sandbox
const env = {
  PORT: 0,
  DATABASE_URL: postgres.url,
  SMTP_URL: smtp.url,
  MAIL_FROM: 'no-reply@example.com',
  S3_ENDPOINT: s3.endpoint,
  S3_REGION: s3.region,
  S3_BUCKET: 'plans',
  S3_ACCESS_KEY_ID: s3.accessKeyId,
  S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
}
await writeFile('.env', Object.entries(env).map((entry) => entry.join('=')).join('\\n'))
console.log('ready')
await once(process.stdin.resume(), 'end')
`

/** Stores a plan, asks whether it is ready, and finds the id that an error answer shows in the log. */
async function usePlans(url: string, next: NextLine): Promise<void> {
  const body = JSON.stringify({ title: 'Walks', email: 'hanako@example.jp' })
  const headers = { 'content-type': 'application/json' }
  const made = await fetch(`${url}/plans`, { method: 'POST', headers, body })
  if (made.status !== 201) throw new Error(`A new service answers ${made.status}`)
  await becomesReady(url)
  const refused = await fetch(`${url}/plans/none`)
  const { requestId } = (await refused.json()) as { readonly requestId?: string }
  const line = await next(/^(?=.*"status":404)(.*)$/)
  if (requestId === undefined || !line.includes(`"requestId":"${requestId}"`)) {
    throw new Error(`The log does not have the id ${requestId} of a request: ${line}`)
  }
}

/** On a busy machine a check of `/readyz` may first take longer than it is given. */
async function becomesReady(url: string): Promise<void> {
  const until = Date.now() + READY_MS
  for (;;) {
    const ready = await fetch(`${url}/readyz`)
    const text = await ready.text()
    if (ready.status === 200) return
    if (Date.now() > until) throw new Error(`A new service is not ready: ${ready.status} ${text}`)
    await delay(200)
  }
}

/** Pino writes one object a line. */
function linesOf(stream: NodeJS.ReadableStream): NextLine {
  const lines = createInterface(stream)[Symbol.asyncIterator]()
  return async (pattern) => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`It ended before it printed ${pattern}`)
      const [, found] = pattern.exec(value) ?? []
      if (found !== undefined) return found
    }
  }
}
