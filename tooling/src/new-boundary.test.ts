import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layBoundary } from './new-boundary.ts'

const home = join(import.meta.dirname, '../..')

/** What of the workspace the checks read. The new package is alone in the copy. */
const COPIED = ['package.json', 'LICENSE', 'tsconfig.base.json', '.oxlintrc.json', '.oxfmtrc.json']

interface Ended {
  readonly code: number
  readonly output: string
}

let root: string
let files: readonly string[]

const run = async (folder: string, program: string, ...args: string[]): Promise<Ended> =>
  await new Promise((resolve) => {
    const env = { ...process.env, NODE_OPTIONS: '' }
    execFile(program, args, { cwd: join(root, folder), env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1)
      resolve({ code, output: code === 0 ? '' : `${stdout}${stderr}` })
    })
  })

const bin = (name: string): string => join(root, 'node_modules/.bin', name)
const node = async (...args: string[]): Promise<Ended> => await run('.', process.execPath, ...args)
const passed = { code: 0, output: '' }

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'yuzuru-boundary-'))
  for (const file of COPIED) cpSync(join(home, file), join(root, file))
  cpSync(join(home, 'scripts'), join(root, 'scripts'), { recursive: true })
  symlinkSync(join(home, 'node_modules'), join(root, 'node_modules'))
  files = layBoundary(root, 'object-store')
  // What pnpm would install: another package on the core alone has it all.
  const installed = join(home, 'packages/mail/node_modules')
  symlinkSync(installed, join(root, 'packages/object-store/node_modules'))
  expect(await run('.', bin('oxfmt'), ...files)).toEqual(passed)
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('pnpm new-boundary', () => {
  test('has sound types', async () => {
    expect(await run('packages/object-store', bin('tsc'))).toEqual(passed)
  })

  test('passes the linter and the formatter', async () => {
    expect(
      await run('.', bin('oxlint'), ...files.filter((file) => /[.][jt]s$/.test(file))),
    ).toEqual(passed)
    expect(await run('.', bin('oxfmt'), '--check', ...files)).toEqual(passed)
  })

  test('has the shape of a package, and rooms in order', async () => {
    expect(await node('scripts/shape.ts')).toEqual(passed)
    expect(await node('scripts/rooms.ts')).toEqual(passed)
  })

  test('passes its own tests, and each of its guarantees names one', async () => {
    const vitest = join(root, 'packages/object-store/node_modules/vitest/vitest.mjs')
    expect(await run('packages/object-store', process.execPath, vitest, 'run')).toEqual(passed)
    expect(await node('scripts/guarantees.ts')).toEqual(passed)
  })

  test('has its changeset, its licence, and a program that uses it once it is installed', () => {
    const text = (path: string): string => readFileSync(join(root, path), 'utf8')
    expect(text('.changeset/object-store-first.md')).toContain('"@yuzuru/object-store": minor')
    expect(text('packages/object-store/LICENSE')).toBe(text('LICENSE'))
    expect(text('scripts/smoke/object-store.js')).toContain("from '@yuzuru/object-store'")
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  test('leaves no name to fill in', () => {
    const left = files.filter((file) => readFileSync(join(root, file), 'utf8').includes('{{'))
    expect(left).toEqual([])
  })

  test('writes nothing for a name that is none, or taken', () => {
    mkdirSync(join(root, 'packages/there'))
    for (const name of ['', 'Redis', '../up', 'a b', 'testing', 'redis-', 'there']) {
      expect(() => layBoundary(root, name)).toThrow(TypeError)
    }
    expect(existsSync(join(root, 'packages/Redis'))).toBe(false)
    rmSync(join(root, 'packages/there'), { recursive: true })
  })
})
