import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const file = fileURLToPath(new URL('../../test/starts-workers.ts', import.meta.url))
const empty = 'data:text/javascript,'
const source = `import(${JSON.stringify(file)})`

/** What a program that is started with `flags` prints. */
async function printed(
  executor: string,
  flags: readonly string[],
  stdin = '',
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, flags, {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_TEST_CONTEXT: undefined,
      EXECUTOR: executor,
      ...env,
    },
    stdio: 'pipe',
    timeout: 100_000,
    killSignal: 'SIGKILL',
  })
  child.stdin.end(stdin)
  const [out, err] = [text(child.stdout), text(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out: await out, err: await err }
}

const programs: [name: string, flags: string[], stdin?: string][] = [
  ['a file', [file]],
  ['-e', ['-e', source]],
  ['-pe', ['-pe', source]],
  ['-p -e', ['-p', '-e', source]],
  ['-e and --input-type', ['--input-type=module', '-e', `await ${source}`]],
  ['-e after a loader', ['--import', empty, '--input-type=module', '-e', `await ${source}`]],
  ['stdin', ['--input-type=module', '-'], source],
  ['--test in one process', ['--test', '--test-isolation=none', file]],
  ['--test', ['--test', file]],
  ['--inspect', ['--inspect=127.0.0.1:0', file]],
  ['flags of V8', ['--max-old-space-size=300', '--stack-trace-limit=5', '-e', source]],
  ['flags that change nothing', ['-C', 'x', '-r', 'node:os', '--no-warnings', file]],
]

describe.each(['processes', 'threads'])('%s under Node started with', (executor) => {
  test.each(programs)('%s: the job is done, and the program runs once', async (_, flags, stdin) => {
    const { out, err } = await printed(executor, flags, stdin)
    expect({ out, err }).toMatchObject({ out: expect.stringContaining('told 3') })
    expect(out).not.toContain('generation')
  })

  test('the program as a preload: its workers refuse to start workers', async () => {
    const { out, err, code } = await printed(executor, ['--import', file, '-e', '0'])
    expect({ code, err }).toEqual({ code: 0, err: expect.anything() })
    expect(out).toContain('generation 2')
    expect(out).toContain(
      `told TypeError: Expected ${executor} to be called by the program or a job`,
    )
    expect(out).not.toContain('generation 3')
  })

  test('the program as the module of its own jobs: its workers refuse to start workers', async () => {
    const { out } = await printed(executor, [file], '', { JOBS: './starts-workers.ts' })
    expect(out).toContain('generation 2')
    expect(out).toContain(
      `told TypeError: Expected ${executor} to be called by the program or a job`,
    )
    expect(out).toContain('told 3')
    expect(out).not.toContain('generation 3')
  })
})
