import { bundleSize } from '@yuzuru/tooling/bundle-size'
import { expect, test } from 'vitest'

const bounds = [
  { what: 'all of the core entry', source: "export * from './index.ts'", most: 12_200 },
  { what: 'sleep alone', source: "export { sleep } from './index.ts'", most: 3_000 },
]

for (const { what, source, most } of bounds) {
  test(`${what} adds no more than ${most} bytes to a bundle, minified and gzipped`, async () => {
    expect(await bundleSize(source, import.meta.dirname)).toBeLessThanOrEqual(most)
  })
}
