import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const namesIn = (pattern: string): string[] =>
  globSync(pattern, { cwd: root })
    .map((path) => basename(path, '.ts'))
    .sort()

test('each package has an example', () => {
  expect(namesIn('docs/examples/*.ts')).toEqual(namesIn('packages/*'))
})

// `pnpm pack-check` runs them.
test.each(namesIn('docs/examples/*.ts'))(
  'the example of %s has at most 40 lines, uses the package, and says what it prints',
  (name) => {
    const source = readFileSync(join(root, `docs/examples/${name}.ts`), 'utf8')
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
    expect(source).toMatch(new RegExp(` from '(?:@yuzuru/)?${name}'`))
    expect(source).toMatch(/^\/\/ Prints:\n(?:\/\/ {3}.+\n)+$/m)
  },
)
