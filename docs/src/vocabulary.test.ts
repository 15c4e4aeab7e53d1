import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { publicTypes } from './public-types.ts'

const packages = fileURLToPath(new URL('../../packages', import.meta.url))
const manuals = fileURLToPath(new URL('../manual', import.meta.url))
/** The sandbox speaks its vendors' words, and is no boundary; nor is what makes a service. */
const names = readdirSync(packages).filter((name) => name !== 'sandbox' && name !== 'create-yuzuru')
const faces = new Map(names.map((name) => [name, publicTypes(join(packages, name))]))

const page = readFileSync(new URL('../reference/vocabulary.md', import.meta.url), 'utf8')

interface Row {
  readonly word: string
  readonly not: readonly string[]
}

/** The rows of the table below a heading. */
const tableOf = (heading: string): readonly Row[] => {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return section.split('\n').flatMap((line) => {
    const [, first = '', , last = ''] = line.split('|')
    const [word] = wordsIn(first)
    return word === undefined ? [] : [{ word, not: wordsIn(last) }]
  })
}

const wordsIn = (cell: string): string[] =>
  Array.from(cell.matchAll(/`([^`]+)`/g), ([, word = '']) => word)

const options = tableOf('Options')
const fields = tableOf('Fields of errors')
const codes = tableOf('Codes')
const things = tableOf('Things')

/** Not connections: the bound of a limit that adapts itself. Not a native client: the figures of the pool of connections, and the fixtures' own `Http`. */
const KEPT: ReadonlySet<string> = new Set([
  'server: AdaptiveLimitOptions.max',
  'db: Health.pool',
  'http: HttpFixture.http',
  'http: FakeHttp.http',
])

/** Where an `undefined` that was passed is a `TypeError`, as it would silently mean something else. */
const STRICT: ReadonlySet<string> = new Set(['db: OwnPoolOptions.url'])

describe('docs/reference/vocabulary.md', () => {
  test('has the four tables', () => {
    for (const table of [options, fields, codes, things]) expect(table.length).toBeGreaterThan(4)
  })

  test('names no word twice', () => {
    for (const table of [[...options, ...fields], codes, things]) {
      const all = table.flatMap(({ word, not }) => [[word], not].flat())
      expect(all.toSorted()).toEqual([...new Set(all)].toSorted())
    }
  })
})

describe.each(names)('%s', (name) => {
  const face = faces.get(name) ?? { names: [], members: [], codes: [] }
  const manual = readdirSync(join(manuals, name))
    .map((page) => readFileSync(join(manuals, name, page), 'utf8'))
    .join('\n')

  test('has public types to look at', () => {
    expect(face.names.length).toBeGreaterThan(20)
    expect(face.members.length).toBeGreaterThan(50)
  })

  test('calls no option, field or thing by another word', () => {
    const unwanted = new Set([...options, ...fields].flatMap(({ not }) => not))
    const members = face.members.filter(({ name, place }) => unwanted.has(name) && !KEPT.has(place))
    expect(members.map(({ place }) => place)).toEqual([])
    const others = new Set(things.flatMap(({ not }) => not))
    expect(face.names.filter((name) => others.has(name))).toEqual([])
  })

  test('has codes that mean the same everywhere, or are in its manual', () => {
    const unwanted = new Set(codes.flatMap(({ not }) => not))
    expect(face.codes.filter((code) => unwanted.has(code))).toEqual([])
    const known = new Set(codes.map(({ word }) => word))
    const unknown = face.codes.filter((code) => !known.has(code) && !manual.includes(`\`${code}\``))
    expect(unknown).toEqual([])
  })

  test('takes undefined for every option that may be left out', () => {
    const strict = face.members.filter(
      ({ place, isOptional, takesUndefined }) =>
        / \w+Options\./.test(place) && isOptional && !takesUndefined && !STRICT.has(place),
    )
    expect(strict.map(({ place }) => place)).toEqual([])
  })
})
