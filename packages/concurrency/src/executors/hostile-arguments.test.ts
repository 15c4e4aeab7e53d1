import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as jobsModule from '../../test/executor-jobs.ts'
import { processes } from '../processes.ts'
import { threads } from '../threads.ts'
import type { Executor } from './executor.ts'
import type { ExecutorOptions } from './executor-options.ts'

type Jobs = typeof jobsModule

const jobs = new URL('../../test/executor-jobs.ts', import.meta.url)
const makers: Readonly<Record<string, (options: ExecutorOptions) => Executor<Jobs>>> = {
  threads: (options) => threads<Jobs>(options),
  processes: (options) => processes<Jobs>(options),
}

/** What runs it writes a file: nobody may have it run. */
let folder: string
let planted: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuzuru-planted-'))
  planted = join(folder, 'planted.mjs')
  await writeFile(planted, `throw new Error('it ran')`)
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe.each(Object.keys(makers))('%s', (kind) => {
  const make = (options: object): Executor<Jobs> =>
    (makers[kind] as (options: ExecutorOptions) => Executor<Jobs>)({
      module: jobs,
      workers: 1,
      ...options,
    })

  test.each([
    [{ module: 'data:text/javascript,export const add = () => 7' }],
    [{ module: new URL('data:text/javascript,') }],
    [{ module: new URL('https://example.com/jobs.js') }],
    [{ module: 'node:child_process' }],
    [{ module: '../../test/executor-jobs.ts' }],
    [{ module: { href: 'data:,', protocol: 'file:' } }],
    [{ execArgv: ['--import'], env: 'x' }],
    [{ env: { 'A=B': 'c' } }],
    [{ env: { A: 'b\0NODE_OPTIONS=--import=x' } }],
    [{ env: { 'A\0B': 'c' } }],
    [{ env: { A: ['b'] } }],
    [{ execArgv: '--import=x' }],
    [{ execArgv: ['-e', '1'] }],
    [{ execArgv: ['--eval=1'] }],
    [{ execArgv: ['--no_warnings', '--input_type=module'] }],
    [{ execArgv: ['/tmp/planted.mjs'] }],
    [{ execArgv: ['--no-warnings', '/tmp/planted.mjs'] }],
    [{ execArgv: ['--', '/tmp/planted.mjs'] }],
    [{ execArgv: ['--import', 'data:text/javascript,', '/tmp/planted.mjs'] }],
    [{ execArgv: [['-e', '1']] }],
    [{ context: { a: { getStore: 1 } } }],
    [{ workers: '1; rm' }],
    [{ maxHeapMb: '64 --eval=1' }],
    [JSON.parse('{"__proto__": 1, "worker": 1}')],
  ])('is refused before any worker starts with %j', (options: object) => {
    expect(() => make(options)).toThrow(TypeError)
  })

  test.each([
    '__proto__',
    'constructor',
    'toString',
    'then',
    'context',
    'notAFunction',
    'x\0y',
    '',
  ])('runs nothing but what its module exports: %j', async (name) => {
    await using executor = make({})
    const job = { name, args: [] } as never
    await expect(executor.run(job)).rejects.toThrow(TypeError)
  })

  test.each([
    [{ name: 5, args: [] }],
    [{ name: ['add'], args: [] }],
    [{ name: 'add', args: 'ab' }],
    [null],
  ])('takes no job that is none: %j', async (job) => {
    await using executor = make({})
    await expect(executor.run(job as never)).rejects.toThrow(TypeError)
    expect(executor.running).toBe(0)
  })

  test('an argument pollutes no prototype, here or there, and arrives as it is', async () => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
    await using executor = make({})

    const back = (await executor.call('echo', JSON.parse(text))) as object

    expect(JSON.stringify(back)).toBe(text)
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(await executor.call('echo', {})).not.toHaveProperty('polluted')
    expect({}).not.toHaveProperty('polluted')
  })

  test('a value of the context reaches no other variable than that of its name', async () => {
    const store = new AsyncLocalStorage<string>()
    await using executor = make({ context: { constructor: store, toString: store } })
    expect(await store.run('x', () => executor.call('add', 1, 2))).toBe(3)
  })

  test('a module is the file of its URL, whatever its query says', async () => {
    const module = `${jobs.href}?${pathToFileURL(planted).href}#--eval`
    await using executor = make({ module })
    expect(await executor.call('add', 1, 2)).toBe(3)
  })
})
