import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { anchorsOf } from './page-links.ts'
import { lostLinks } from './page-shape.ts'

const REPOSITORY = 'https://github.com/yuzuru/yuzuru'

const docs = fileURLToPath(new URL('..', import.meta.url))
const root = join(docs, '..')
/** Within this package, so that the examples find the packages as a user's program would. */
const scratch = join(docs, '.vitest/readmes')
/** Makes a service whose files and tests `start.test.ts` looks at. */
const names = readdirSync(join(root, 'packages')).filter((name) => name !== 'create-yuzuru')
const readmes = new Map(
  names.map((name) => [name, readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')]),
)

const fencesOf = (name: string, language: string): string[] => {
  const fences = readmes.get(name)?.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm) ?? []
  return Array.from(fences).flatMap(([, kind, text = '']) => (kind === language ? [text] : []))
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function node(...args: readonly string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const options = { timeout: 280_000 }
  const child = execFile(process.execPath, [...args], options, (_error, stdout, stderr) => {
    resolve({ code: child.exitCode, stdout, stderr })
  })
  return await promise
}

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true })
  for (const name of names) {
    mkdirSync(join(scratch, name), { recursive: true })
    writeFileSync(join(scratch, name, 'example.ts'), fencesOf(name, 'ts').join('\n'))
  }
  writeFileSync(
    join(scratch, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*/*.ts'] }),
  )
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe.concurrent('the README of a package', { timeout: 300_000 }, () => {
  test('has an example of sound types', async ({ expect }) => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    expect(await node(tsc, '-p', scratch)).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test.for(names)('%s: its one example prints what is shown', async (name, { expect }) => {
    expect([fencesOf(name, 'ts').length, fencesOf(name, 'text').length]).toEqual([1, 1])
    const [shown] = fencesOf(name, 'text')
    const ended = await node(join(scratch, name, 'example.ts'))
    expect(ended).toEqual({ code: 0, stdout: shown, stderr: '' })
  })
})

describe('the README of a package', () => {
  test.for(names)(
    '%s: its links are whole, as npm shows it too, and lead somewhere',
    (name, { expect }) => {
      const readme = readmes.get(name) ?? ''
      const relative = Array.from(readme.matchAll(/\]\((?!https:)[^)]*\)|^\[.*\]: (?!https:).*$/gm))
      expect(relative.map(([link]) => link)).toEqual([])
      const targets = Array.from(
        readme.matchAll(
          new RegExp(`${REPOSITORY}/(?:blob|tree)/main/([^\\s)#]+)(?:#([^\\s)]+))?`, 'g'),
        ),
        ([, file = '', anchor]) => ({ file, anchor }),
      )
      expect(targets.map(({ file }) => file)).toContain(`docs/manual/${name}/README.md`)
      const lost = targets.filter(({ file, anchor }) => {
        if (!existsSync(join(root, file))) return true
        return (
          anchor !== undefined && !anchorsOf(readFileSync(join(root, file), 'utf8')).has(anchor)
        )
      })
      expect(lost).toEqual([])
    },
  )

  test.for(names)('%s: what it refers to, it defines', (name, { expect }) => {
    const readme = (readmes.get(name) ?? '').replaceAll(/^```[\s\S]*?^```$|`[^`\n]*`/gm, '')
    const defined = new Set(Array.from(readme.matchAll(/^\[(.+)\]: /gm), ([, label]) => label))
    const labels = Array.from(
      readme.matchAll(/\[[^\][]+\]\[([^\][]+)\]|\[([^\][]+)\](?![(:[])/g),
      ([, full, short]) => full ?? short,
    )
    expect(labels.filter((label) => !defined.has(label))).toEqual([])
    expect([...defined].filter((label) => !labels.includes(label))).toEqual([])
  })
})

describe.each(names)('the manual of %s', (name) => {
  const folder = `docs/manual/${name}`
  const pages = readdirSync(join(root, folder))
  const read = (page: string): string => readFileSync(join(root, folder, page), 'utf8')

  test('has an index that lists each page once', ({ expect }) => {
    const listed = Array.from(
      read('README.md').matchAll(/^\| \[.*?\]\(([\w-]+\.md)\)/gm),
      ([, page = '']) => page,
    )
    expect(['README.md', ...listed].toSorted()).toEqual(pages.toSorted())
  })

  test.for(pages)(
    '%s: is short enough to read, and its links lead somewhere',
    (page, { expect }) => {
      expect(read(page).split(/\s+/).length).toBeLessThanOrEqual(2_500)
      expect(lostLinks(read(page), `${folder}/${page}`)).toEqual([])
    },
  )
})
