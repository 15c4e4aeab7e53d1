import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'yuzuru-lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

const oxlint = fileURLToPath(new URL('../../../../node_modules/oxlint/bin/oxlint', import.meta.url))
const plugin = fileURLToPath(new URL('../lint.ts', import.meta.url))

/** The lines of `source` at which the rule finds something. */
function linesFound(source: string, options: object = {}): number[] {
  const config = {
    jsPlugins: [plugin],
    categories: { correctness: 'off' },
    rules: { 'yuzuru/shielded-cleanup': ['error', options] },
  }
  writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'page.ts'), source)
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format=json', 'page.ts'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { labels: { span: { line: number } }[] }[]
  }
  return diagnostics.map(({ labels }) => labels[0]?.span.line ?? 0).toSorted((a, b) => a - b)
}

describe('shielded-cleanup', () => {
  test('finds what awaits in a finally, or in a catch that throws again', () => {
    expect(
      linesFound(`async function page() {
        try { await work() } finally {
          await close()
          if (open) await close()
          for await (const row of rows) row.close()
          await using held = open()
        }
        try { await work() } catch (error) {
          await close()
          throw error
        }
      }`),
    ).toEqual([3, 4, 5, 6, 9])
  })

  test('passes over what is shielded, what only handles, and functions within', () => {
    expect(
      linesFound(`async function page() {
        try { await work() } finally {
          await shield(() => close())
          await concurrency.shield(async () => { await close() })
          const later = async () => { await close() }
          defer(async function () { await close() })
        }
        try { await work() } catch (error) { await tell(error) }
        try { await work() } catch (error) { if (bad(error)) throw error; await tell(error) }
      }`),
    ).toEqual([])
  })

  test('passes over what it is told to allow', () => {
    const source = `async function page() { try { await work() } finally { await db.close() } }`
    expect(linesFound(source)).toEqual([1])
    expect(linesFound(source, { allow: ['close'] })).toEqual([])
  })
})
