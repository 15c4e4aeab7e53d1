import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from './run-command.ts'

let room: string
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'create-yuzuru-'))
})
afterAll(() => rm(room, { recursive: true, force: true }))

/** Without a terminal, so nothing is asked. */
async function command(...args: readonly string[]) {
  const said = { out: '', error: '' }
  const code = await runCommand(args, {
    stdin: {},
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.error += text) },
  })
  return { code, ...said }
}

const manifestOf = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly dependencies: Readonly<Record<string, string>>
    readonly devDependencies: Readonly<Record<string, string>>
  }

describe('create-yuzuru', () => {
  test('makes a service in a new folder, and says how to go on', async () => {
    const folder = join(room, 'new', 'my-service')
    const { code, out, error } = await command(folder)
    expect([code, error]).toEqual([0, ''])
    expect(out).toContain('npm install\n  npm run dev')
    const { name, dependencies, devDependencies } = await manifestOf(folder)
    expect(name).toBe('my-service')
    expect(Object.keys(dependencies)).toContain('hono')
    const own = await manifestOf(join(import.meta.dirname, '..'))
    for (const [each, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(range.replace(/^\^/, '')).toBe(own.devDependencies[each])
    }
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['.env.example', '.gitignore']))
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toMatch(/^# my-service\n/)
  })

  test('takes the framework and the packages, none too', async () => {
    const folder = join(room, 'small')
    await mkdir(join(folder, '.git'), { recursive: true })
    const { code } = await command(folder, '--framework', 'fastify', '--packages', 'none', '--yes')
    expect(code).toBe(0)
    const { dependencies } = await manifestOf(folder)
    expect(Object.keys(dependencies)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/hono|express|jobs|mail|storage|aws/)]),
    )
    expect(await readdir(join(folder, 'src'))).not.toContain('documents.ts')
  })

  test('writes nothing where there is something', async () => {
    const folder = join(room, 'full')
    await mkdir(folder)
    for (const name of ['b.txt', 'a.txt', 'c.txt']) await writeFile(join(folder, name), '')
    expect(await command(folder)).toEqual({
      code: 1,
      out: '',
      error: `Expected an empty folder, got ${folder}, in which there is a.txt and 2 more\n`,
    })
    expect(await command(join(folder, 'a.txt'))).toMatchObject({
      code: 1,
      error: `Expected a folder, got the file ${join(folder, 'a.txt')}\n`,
    })
    expect(await readdir(folder)).toHaveLength(3)
  })

  test.each([
    [['My Service'], /^Expected a name of lower-case letters, .* got "My Service"\n$/],
    [['_x'], /^Expected a name of /],
    [['a'.repeat(215)], /^Expected a name of /],
    [['a', 'b'], /^Expected one folder, got "b" too\n\nUsage: /],
    [
      ['a', '--framework', 'koa'],
      /^Expected a framework among hono, fastify, express, got "koa"\n$/,
    ],
    [
      ['a', '--packages', 'jobs,mall'],
      /^Expected a package among jobs, mail, storage, got "mall"\n$/,
    ],
    [['a', '--framwork', 'hono'], /'--framwork'.*\n\nUsage: /s],
  ])('says what it expects instead of %j, and writes nothing', async (args, message) => {
    const before = await readdir(process.cwd())
    const { code, out, error } = await command(...args)
    expect([code, out]).toEqual([1, ''])
    expect(error).toMatch(message)
    expect(await readdir(process.cwd())).toEqual(before)
  })

  test('shows how it is used', async () => {
    const { code, out } = await command('--help')
    expect(code).toBe(0)
    expect(out).toMatch(/^Usage: npm create yuzuru@latest/)
  })
})
