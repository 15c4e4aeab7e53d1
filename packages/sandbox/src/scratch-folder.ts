import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAbandoned, takeOwnership } from './owner.ts'

const PREFIX = 'yuzuru-sandbox-'
const NAME = /^yuzuru-sandbox-[A-Za-z0-9]{6}$/

/** A folder for throwaway data. Disposing of it removes it. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string
}

/** Makes a folder for throwaway data, and removes those that killed processes of this user left behind. */
export async function makeScratchFolder(): Promise<ScratchFolder> {
  await removeAbandoned(tmpdir())
  const path = await mkdtemp(join(tmpdir(), PREFIX))
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true })
  try {
    await takeOwnership(path)
  } catch (error) {
    // Without a mark nothing later would know that it is abandoned.
    await remove()
    throw error
  }
  return { path, [Symbol.asyncDispose]: remove }
}

/** Others may make folders in `base` as well: only one that is this user's own goes. */
async function removeAbandoned(base: string): Promise<void> {
  for (const name of await readdir(base).catch(() => [])) {
    if (!NAME.test(name)) continue
    const folder = join(base, name)
    const found = await lstat(folder).catch(() => undefined)
    if (found?.isDirectory() !== true || found.uid !== process.getuid?.()) continue
    // Two that start at once may both remove it, or one of them may fail to: the next start finds what is left.
    if (await isAbandoned(folder)) {
      await rm(folder, { recursive: true, force: true }).catch(() => {})
    }
  }
}
