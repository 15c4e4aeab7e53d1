import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { makeScratchFolder } from './scratch-folder.ts'

/** Makes one in another process, which is then killed. */
async function leaveOneBehind(): Promise<string> {
  const module = JSON.stringify(import.meta.resolve('./scratch-folder.ts'))
  const script = `
    const { makeScratchFolder } = await import(${module})
    console.log((await makeScratchFolder()).path)
    setInterval(() => {}, 1_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [path] = (await once(createInterface(child.stdout), 'line')) as [string]
  child.kill('SIGKILL')
  await once(child, 'exit')
  await writeFile(join(path, 'object'), 'x')
  return path
}

let base = ''
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'yuzuru-scratch-test-'))
  vi.stubEnv('TMPDIR', base)
  return async () => {
    vi.unstubAllEnvs()
    await rm(base, { recursive: true })
  }
})

describe('a folder for throwaway data', () => {
  test('is gone when it was disposed of', async () => {
    const folder = await makeScratchFolder()
    await writeFile(join(folder.path, 'object'), 'x')
    await folder[Symbol.asyncDispose]()
    expect(existsSync(folder.path)).toBe(false)
  })

  test('that a killed process left is removed by the next start', async () => {
    const left = await leaveOneBehind()
    await using folder = await makeScratchFolder()
    expect(existsSync(left)).toBe(false)
    expect(existsSync(folder.path)).toBe(true)
  })

  test('of a living process stays', async () => {
    await using first = await makeScratchFolder()
    await using second = await makeScratchFolder()
    expect([first, second].map(({ path }) => existsSync(path))).toEqual([true, true])
  })

  test.each([
    ['of another machine', async (path: string) => markAs(path, 'elsewhere')],
    ['that nobody has taken yet', async (path: string) => rm(join(path, 'owner.json'))],
    ['with a mark that cannot be read', async (path: string) => writeFile(markOf(path), '{')],
  ])('%s stays', async (_, change) => {
    const left = await leaveOneBehind()
    await change(left)
    await using _folder = await makeScratchFolder()
    expect(existsSync(left)).toBe(true)
  })

  test('is not looked for behind a link, nor under another name', async () => {
    const left = await leaveOneBehind()
    const elsewhere = join(base, 'elsewhere')
    await mkdir(elsewhere)
    await writeFile(markOf(elsewhere), await readFile(markOf(left)))
    await symlink(elsewhere, join(base, 'yuzuru-sandbox-abcdef'))
    await using _folder = await makeScratchFolder()
    expect(existsSync(markOf(elsewhere))).toBe(true)
  })
})

const markOf = (path: string): string => join(path, 'owner.json')

async function markAs(path: string, host: string): Promise<void> {
  const mark = JSON.parse(await readFile(markOf(path), 'utf8')) as object
  await writeFile(markOf(path), JSON.stringify({ ...mark, host }))
}
