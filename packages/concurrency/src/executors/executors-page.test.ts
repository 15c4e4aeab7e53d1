import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('../../../../docs/executors.md', import.meta.url), 'utf8')
/** Within the package, so that its own name leads to its source; and not kept. */
const place = fileURLToPath(new URL('../../.vitest', import.meta.url))

test('the example of docs/executors.md runs', () => {
  const [jobs = '', program = ''] = Array.from(
    page.matchAll(/```ts\n(.*?)```/gs),
    ([, code = '']) => code,
  )
  mkdirSync(place, { recursive: true })
  const folder = mkdtempSync(join(place, 'page-'))
  try {
    writeFileSync(join(folder, 'images.ts'), jobs)
    writeFileSync(join(folder, 'main.ts'), `${program}\nconsole.log('done')\n`)
    const options = { encoding: 'utf8', timeout: 100_000 } as const
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'main.ts')], options)
    expect({ stdout, stderr }).toEqual({ stdout: 'done\n', stderr: '' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
