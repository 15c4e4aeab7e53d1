import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createService } from 'create-yuzuru'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { commandsOf, filesUpTo, steps } from './start-steps.ts'

const docs = fileURLToPath(new URL('..', import.meta.url))
/** Within this package, so that the steps find the packages as a user's program would. */
const scratch = join(docs, '.vitest/start')

const shown = (step: number): string =>
  steps[step - 1]?.find(({ kind }) => kind === 'text')?.text ?? ''

const { PATH, TMPDIR, NODE_COMPILE_CACHE } = process.env
const env = { PATH, TMPDIR, NODE_COMPILE_CACHE }

async function node(step: number, ...args: readonly string[]) {
  const { promise, resolve } =
    Promise.withResolvers<Record<'code' | 'stdout' | 'stderr', unknown>>()
  const options = { cwd: join(scratch, String(step)), env, timeout: 100_000 }
  const child = execFile(process.execPath, [...args], options, (_error, stdout, stderr) => {
    resolve({ code: child.exitCode, stdout, stderr })
  })
  return await promise
}

beforeAll(async () => {
  await rm(scratch, { recursive: true, force: true })
  await createService(join(scratch, 'made'), { name: 'my-service' })
  for (let step = 1; step <= 10; step += 1) {
    for (const [path, text] of filesUpTo(step)) {
      const place = join(scratch, String(step), path)
      await mkdir(dirname(place), { recursive: true })
      await writeFile(place, text)
    }
  }
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe.concurrent('docs/start.md', () => {
  test('has ten steps, which end at the files of create-yuzuru', async ({ expect }) => {
    expect(steps).toHaveLength(10)
    const files = [...filesUpTo(10)].filter(([path]) => path !== 'package.json')
    expect(files).toHaveLength(11)
    for (const [path, text] of files) {
      expect([path, text]).toEqual([path, await readFile(join(scratch, 'made', path), 'utf8')])
    }
  })

  test('1. installs what create-yuzuru has, and describes the package as it does', async ({
    expect,
  }) => {
    const made = JSON.parse(await readFile(join(scratch, 'made/package.json'), 'utf8'))
    const { dependencies, devDependencies, ...rest } = made
    expect(JSON.parse(filesUpTo(1).get('package.json') ?? '')).toEqual(rest)
    const [install = '', ofDevelopment = ''] = commandsOf(1)
      .replaceAll('\\\n', '')
      .split('--save-dev')
    const names = (text: string) => text.split(/\s+/).filter((word) => /^[@a-z]/.test(word))
    expect(names(install).slice(2, -2)).toEqual(Object.keys(dependencies))
    expect(names(ofDevelopment)).toEqual(Object.keys(devDependencies))
  })

  for (let step = 2; step <= 7; step += 1) {
    test(`${step}. prints what is shown`, async ({ expect }) => {
      expect(await node(step, 'try.ts')).toEqual({ code: 0, stdout: shown(step), stderr: '' })
    })
  }

  test('8. says what a start needs', async ({ expect }) => {
    const { code, stderr } = await node(8, 'src/main.ts')
    expect(code).toBe(1)
    expect(stderr).toContain(shown(8))
  })

  test('9. runs, stores a plan, and ends at SIGTERM', async ({ expect }) => {
    const cwd = join(scratch, '9')
    const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'))
    // As npm runs it: its own programs come first.
    const paths = [join(docs, 'node_modules/.bin'), dirname(process.execPath), env.PATH]
    const service = spawn('sh', ['-c', `exec env ${scripts.dev}`], {
      cwd,
      env: { ...env, PATH: paths.join(delimiter), PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(service, 'exit')
    try {
      const lines = createInterface(service.stdout)[Symbol.asyncIterator]()
      const [, url = ''] = await lineWith(/listening at (http:[^"]+)/, lines)
      const [, body = ''] = /-d '(.*)'/.exec(commandsOf(9)) ?? []
      const headers = { 'content-type': 'application/json' }
      const { status, statusText } = await fetch(`${url}/plans`, { method: 'POST', headers, body })
      const ready = await readiness(url)
      expect(`HTTP/1.1 ${status} ${statusText}\n…\n${ready}\n`).toBe(shown(9))
      // What an error answer shows is found in the log.
      const refused = await fetch(`${url}/plans/none`)
      const { requestId } = (await refused.json()) as { readonly requestId: unknown }
      const [line] = await lineWith(/.*"status":404.*/, lines)
      expect(JSON.parse(line)).toMatchObject({ requestId, status: 404 })
      expect(requestId).toMatch(/^\w+/)
    } finally {
      service.kill('SIGTERM')
      expect(await ended).toEqual([143, null])
    }
  })

  test('10. passes its own tests', async ({ expect }) => {
    const { code, stdout } = await node(10, '--test', '--test-reporter=tap')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^# pass 4$/m)])
  })
})

/** What `/readyz` says once all is ready: on a busy machine a check may first take longer than it is given. */
async function readiness(url: string): Promise<string> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`)
    const text = await answer.text()
    if (answer.ok) return text
    await delay(200)
  }
}

/** Reads on to the line that has it: pino writes one object a line. */
async function lineWith(
  pattern: RegExp,
  lines: AsyncIterator<string, unknown>,
): Promise<RegExpExecArray> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`It ended before it printed ${pattern}`)
    const found = pattern.exec(value)
    if (found !== null) return found
  }
}
