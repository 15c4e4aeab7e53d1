import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  startGoogle,
  startPostgres,
  startS3,
  startSandbox,
  startSmtp,
  startStripe,
} from './index.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'yuzuru-in-folder-'))
  return () => rm(dir, { recursive: true })
})

const STARTS = { startGoogle, startPostgres, startS3, startSmtp, startStripe }

describe.each(Object.entries(STARTS))('the folder of %s', (_, start) => {
  test('is refused while a server uses it, and untouched', async () => {
    await using _first = await start({ dir })
    const before = await contentsOf(dir)
    await expect(start({ dir })).rejects.toThrow(`is in use by process ${process.pid}`)
    expect(await contentsOf(dir)).toEqual(before)
  })

  test('is free again after close, and after a start that failed', async () => {
    const first = await start({ dir })
    await expect(start({ dir, port: first.port })).rejects.toThrow('in use')
    await first.close()
    await using busy = await start({ dir: join(dir, 'busy') })
    await expect(start({ dir, port: busy.port })).rejects.toThrow()
    await using second = await start({ dir })
    expect(second.host).toBe('127.0.0.1')
    await second.close()
    expect(existsSync(join(dir, 'owner.json'))).toBe(false)
  })
})

test('a second sandbox on a folder says who has it, and leaves the first as it is', async () => {
  const services = ['s3', 'smtp', 'stripe', 'google'] as const
  await using first = await startSandbox({ dir, services, s3: { buckets: ['plans'] } })
  await expect(startSandbox({ dir, services })).rejects.toMatchObject({
    code: 'folder_in_use',
    message: `The data folder ${dir} is in use by process ${process.pid}. Close that sandbox first.`,
  })
  expect(await first.s3.keys('plans')).toEqual([])
})

test('a sandbox keeps its data in a folder that a link leads to', async () => {
  const link = join(dir, 'link')
  await symlink(await mkdtemp(join(dir, 'real-')), link)
  await using sandbox = await startSandbox({ dir: link, services: ['s3'] })
  await sandbox.s3.createBucket('plans')
  expect(await readdir(join(link, 's3'))).toContain('plans')
})

/** The text of each small file, by its name. PostgreSQL's own data changes while it runs. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'postgres.log')
  return Object.fromEntries(
    await Promise.all(
      files.map(async ({ name }) => [name, await readFile(join(folder, name), 'utf8')]),
    ),
  )
}
