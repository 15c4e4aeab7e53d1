import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startPostgres } from '@yuzuru/sandbox'
import { expect, test } from 'vitest'

const project = join(import.meta.dirname, '../../..')

test('the example of the README runs as it stands', async () => {
  const readme = await readFile(join(project, 'README.md'), 'utf8')
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(15)
  // Within this package, so that it finds the packages as a user's program would.
  const folder = await mkdtemp(join(import.meta.dirname, '../.readme-'))
  try {
    const path = join(folder, 'example.ts')
    await writeFile(path, example)
    await using postgres = await startPostgres()
    const { stdout } = await promisify(execFile)(process.execPath, [path], {
      env: { ...process.env, DATABASE_URL: postgres.url },
    })
    expect(stdout).toBe('TimeoutError after 300 ms, 0 queries left\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('the pictures that are kept are those that the demo’s README shows, and small', async () => {
  const demo = join(import.meta.dirname, '..')
  const readme = await readFile(join(demo, 'README.md'), 'utf8')
  const shown = Array.from(readme.matchAll(/\]\(pictures\/([\w.]+)\)/g), ([, name = '']) => name)
  expect(shown.toSorted()).toEqual(await readdir(join(demo, 'pictures')))
  for (const name of shown) {
    const { size } = await stat(join(demo, 'pictures', name))
    expect(size, name).toBeLessThanOrEqual(100 * 1_024)
  }
})
