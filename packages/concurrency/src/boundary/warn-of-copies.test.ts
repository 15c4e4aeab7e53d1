import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'

/** Another copy, as npm installs one beneath a package that wants another version. */
let copy: string

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'yuzuru-copy-'))
  const source = new URL('..', import.meta.url)
  await cp(source, copy, { recursive: true, filter: (path) => !path.endsWith('.test.ts') })
})
afterAll(() => rm(copy, { recursive: true }))

/** A program with `here` and `there`, the tools of each copy, and `open(tools)`, which makes a client. */
const withTools = (source: string, there: string) => {
  const [own, other] = [new URL('..', import.meta.url).href, pathToFileURL(`${there}/`).href]
  return program(`
    const here = await import('${own}boundary.ts')
    const there = await import('${other}boundary.ts')
    const open = ({ closing }) => closing({ name: 'demo', refuse: () => new Error('closed'), end: () => {} })
    ${source}`)
}

describe('two copies of the package', () => {
  test('do not hear of each other', async () => {
    const ended = await withTools(
      `const face = await import(${JSON.stringify(pathToFileURL(join(copy, 'index.ts')).href)})
      await y.withTimeout(5, () => face.sleep(50)).catch((error) => console.log(error.name))
      await y.withTimeout(5, async () => console.log(face.remaining()))`,
      copy,
    )
    expect(ended.out).toContain('Infinity')
  })

  test('are warned of when a client is made, once', async () => {
    const ended = await withTools('open(here); open(there); open(there)', copy)
    const warnings = ended.err.split('CopiesWarning: ').slice(1)
    expect(warnings.map((each) => each.split(':')[0])).toEqual([
      'Expected one copy of @yuzuru/concurrency, got 2',
    ])
    expect(warnings[0]).toContain('npm ls @yuzuru/concurrency')
  })

  test('are not there when one is used by many', async () => {
    const own = new URL('..', import.meta.url).pathname.replace(/\/$/, '')
    const ended = await withTools(
      'open(here); open(there); await y.moveOnAfter(1, () => y.sleep(9))',
      own,
    )
    expect(ended).toMatchObject({ code: 0, err: '' })
  })
})
