import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageProgram } from './page-program.ts'

const docs = fileURLToPath(new URL('..', import.meta.url))
/** Within this package, so that the examples find the packages as a user's program would. */
const scratch = join(docs, '.vitest/guide')
const names = ['guide', 'field-guide', 'recipes'].flatMap((folder) =>
  readdirSync(join(docs, folder)).map((file) => `${folder}/${file.replace('.md', '')}`),
)
const pages = new Map(names.map((name) => [name, readFileSync(join(docs, `${name}.md`), 'utf8')]))
const programs = new Map(Array.from(pages, ([name, page]) => [name, pageProgram(page)]))

interface Ended {
  readonly failed: boolean
  readonly stdout: string
  readonly stderr: string
}

const node = async (path: string, ...args: string[]): Promise<Ended> => {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  execFile(process.execPath, [path, ...args], { timeout: 280_000 }, (error, stdout, stderr) => {
    resolve({ failed: error !== null, stdout, stderr })
  })
  return await promise
}

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true })
  for (const [name, { files }] of programs) {
    mkdirSync(join(scratch, name), { recursive: true })
    for (const [file, code] of files) writeFileSync(join(scratch, name, file), code)
  }
  writeFileSync(
    join(scratch, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*/*/*.ts'] }),
  )
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe.concurrent('the guide', { timeout: 300_000 }, () => {
  test('has sound types in all examples', async ({ expect }) => {
    const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
    expect(await node(tsc, '-p', scratch)).toEqual({ failed: false, stdout: '', stderr: '' })
  })

  test.each(names)('%s: its examples run', async (name) => {
    const ended = await node(join(scratch, name, 'main.ts'))
    expect(ended).toEqual({ failed: false, stdout: programs.get(name)?.output, stderr: '' })
  })
})

describe('a page of the guide', () => {
  test.each(names)('%s: its links lead somewhere', (name) => {
    const links = pages.get(name)?.matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g) ?? []
    const targets = Array.from(links, ([, target = '']) => target)
    const lost = targets.filter((target) => !existsSync(join(docs, dirname(name), target)))
    expect(lost).toEqual([])
  })

  test.each(names)(
    '%s: shows Python or JavaScript as one knows it, and TypeScript that is run',
    (name) => {
      const fences = pages.get(name)?.match(/^ *(`{3,}|~{3,}).*$/gm) ?? []
      const others = fences.filter(
        (fence) => !/^```(python|js|yaml|ts( \S+)?|html \S+\.html)?$/.test(fence),
      )
      expect(others).toEqual([])
    },
  )

  test.each(names)('%s: is in the table of the index', (name) => {
    const index = pages.get(`${dirname(name)}/README`)
    if (basename(name) !== 'README') expect(index).toContain(`(${basename(name)}.md`)
  })
})
