import { chmod, lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { prepareBinaries } from './binaries.ts'
import { ensureCluster } from './cluster.ts'
import type { DataFolder } from './data-folder.ts'
import { findServerUser } from './server-user.ts'

it('A ready cluster of which files are missing is made anew', async () => {
  const base = await mkdtemp(join(tmpdir(), 'yuzuru-cluster-test-'))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  await chmod(base, 0o711)
  const binaries = await prepareBinaries(base)
  const user = await findServerUser()
  const make = async (name: string): Promise<string> => {
    const outer = join(base, name)
    const folder: DataFolder = {
      outer,
      data: outer,
      log: '',
      password: '',
      throwaway: true,
      user,
      release: () => Promise.resolve(),
    }
    await ensureCluster(binaries, folder, 'yuzuru')
    return outer
  }
  await make('first')
  const ready = (await readdir(base)).find((name) => name.includes('-cluster-')) ?? ''
  await rm(join(base, ready, 'data', 'base'), { recursive: true })
  const second = await make('second')
  expect(await readdir(join(second, 'base'))).toHaveLength(3)
  const { uid, mode } = await lstat(second)
  expect([uid, mode & 0o777]).toEqual([user?.uid ?? process.geteuid?.(), 0o700])
})
