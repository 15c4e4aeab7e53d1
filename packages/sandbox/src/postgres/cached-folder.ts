import { chmod, lstat, mkdtemp, rename, rm } from 'node:fs/promises'
import { errorCode } from '../error-code.ts'
import { assertTrusted } from './trusted-folder.ts'

/** Another process renamed its copy, or the old one, first. */
const LOST_THE_RACE = new Set<string | undefined>(['ENOTEMPTY', 'EEXIST', 'ENOENT'])

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** How to fill a folder, and how to see whether it is whole: a cleaner of old temporary files takes single ones out. */
export interface Filling {
  fill(folder: string): Promise<void>
  isComplete(folder: string): Promise<boolean>
}

/**
 * Makes the folder `target` once, or again when it is no longer whole. Several processes may do this at once: each
 * fills a folder of its own and the first rename wins.
 *
 * @throws {Error} when the folder that is there is not ours alone.
 */
export async function cachedFolder(target: string, filling: Filling): Promise<string> {
  const isReady = async (): Promise<boolean> => {
    if (!(await exists(target))) return false
    await assertTrusted(target)
    return filling.isComplete(target)
  }
  if (await isReady()) return target
  await using stack = new AsyncDisposableStack()
  const staging = await mkdtemp(`${target}-`)
  stack.defer(() => rm(staging, { recursive: true, force: true }))
  await chmod(staging, 0o711)
  await filling.fill(staging)
  // Somebody may have been faster, and be using theirs already.
  if (await isReady()) return target
  try {
    if (await exists(target)) {
      stack.defer(() => rm(`${staging}.old`, { recursive: true, force: true }))
      await rename(target, `${staging}.old`)
    }
    await rename(staging, target)
  } catch (error) {
    if (!LOST_THE_RACE.has(errorCode(error))) throw error
  }
  await assertTrusted(target)
  return target
}
