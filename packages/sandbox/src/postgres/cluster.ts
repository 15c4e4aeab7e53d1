import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { majorVersionOf } from './binaries.ts'
import { cachedFolder } from './cached-folder.ts'
import type { DataFolder } from './data-folder.ts'
import { clusterOptions, copyCluster, initdb, syncCluster } from './initdb.ts'
import type { ServerUser } from './server-user.ts'

interface ClusterPlan {
  binaries: string
  superuser: string
  user: ServerUser | undefined
}

/** A fresh cluster beside the binaries, to be copied: `initdb` takes three quarters of a start. */
async function readyCluster(plan: ClusterPlan): Promise<string> {
  const kind = [
    ...clusterOptions(plan.superuser, majorVersionOf(plan.binaries)),
    plan.user?.uid ?? '',
  ].join(' ')
  const key = createHash('sha256').update(kind).digest('hex').slice(0, 8)
  const count = async (folder: string): Promise<string> =>
    String((await readdir(join(folder, 'data'), { recursive: true })).length)
  const folder = await cachedFolder(`${plan.binaries}-cluster-${key}`, {
    async fill(folder) {
      await initdb(plan.binaries, join(folder, 'data'), plan)
      await writeFile(join(folder, 'count'), await count(folder))
    },
    async isComplete(folder) {
      const expected = await readFile(join(folder, 'count'), 'utf8').catch(() => '')
      return expected === (await count(folder).catch(() => 'none'))
    },
  })
  return join(folder, 'data')
}

/**
 * Makes a cluster unless the folder holds one. It is made aside and renamed, so that a start killed in the middle
 * leaves nothing that looks like one.
 */
export async function ensureCluster(
  binaries: string,
  folder: DataFolder,
  superuser: string,
): Promise<void> {
  const { data, user, throwaway } = folder
  const found = await lstat(join(data, 'PG_VERSION')).catch(() => undefined)
  if (found !== undefined) return
  const staging = `${data}.new`
  await rm(staging, { recursive: true, force: true })
  await copyCluster(await readyCluster({ binaries, superuser, user }), staging, user)
  if (!throwaway) await syncCluster(binaries, staging, user)
  await rename(staging, data)
}
