import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createService, FRAMEWORKS, PACKAGES, type ServiceChoices } from './index.ts'

const run = promisify(execFile)
/** Within this package, so that the services find theirs as if they had installed them. */
const scratch = fileURLToPath(new URL('../.vitest/services/', import.meta.url))

/** All that can be chosen. */
const choices = FRAMEWORKS.flatMap((framework) =>
  subsetsOf(PACKAGES).map((packages): Required<ServiceChoices> => {
    return { name: [framework, ...packages].join('-'), framework, packages }
  }),
)

beforeAll(async () => {
  await rm(scratch, { recursive: true, force: true })
  for (const choice of choices) await createService(join(scratch, choice.name), choice)
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

test('a service of any choice has sound types', { timeout: 300_000 }, async () => {
  expect(choices.length).toBe(24)
  const extended = '../../template/tsconfig.json'
  await writeFile(
    join(scratch, 'tsconfig.json'),
    JSON.stringify({ extends: extended, include: ['*/src'] }),
  )
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
  const { stdout } = await run(process.execPath, [tsc, '-p', scratch]).catch(
    (error: { readonly stdout: string }) => error,
  )
  expect(stdout).toBe('')
})

test('the README says how long a service is', () => {
  const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
  const [, ...said] =
    /some (\d+) lines of code and (\d+) of tests; by what you choose (\d+) to (\d+)\./.exec(
      readme.replaceAll(/\s+/g, ' '),
    ) ?? []
  const usual = 'hono-jobs-mail-storage'
  const lengths = choices.map(({ name }) => linesOf(name, 'src/!(*.test).ts'))
  const counted = [
    linesOf(usual, 'src/!(*.test).ts'),
    linesOf(usual, 'src/*.test.ts'),
    Math.min(...lengths),
    Math.max(...lengths),
  ]
  expect(said.map(Number)).toEqual(counted.map((lines) => Math.round(lines / 10) * 10))
})

/** Without empty lines and comments. */
function linesOf(name: string, glob: string): number {
  const text = globSync(glob, { cwd: join(scratch, name) })
    .map((path) => readFileSync(join(scratch, name, path), 'utf8'))
    .join('\n')
  return text.split('\n').filter((line) => !/^\s*(?:\/\/.*|\/\*\*.*\*\/)?$/.test(line)).length
}

describe('the tests of a new service pass', () => {
  // docs/start.md and `pnpm pack-check` run those of a service with hono and everything.
  const few = ['fastify', 'express-mail-storage']
  for (const name of few) {
    test(`with ${name}`, async () => {
      const ended = await run(process.execPath, ['--test', '--test-reporter=tap'], {
        cwd: join(scratch, name),
        env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      })
      expect(ended.stdout).toMatch(/^# pass 4$/m)
      expect(ended.stdout).toMatch(/^# fail 0$/m)
      expect(ended.stderr).toBe('')
    })
  }
})

function subsetsOf<T>(values: readonly T[]): readonly (readonly T[])[] {
  return values.reduce<readonly (readonly T[])[]>(
    (subsets, value) => subsets.flatMap((subset) => [subset, [...subset, value]]),
    [[]],
  )
}
