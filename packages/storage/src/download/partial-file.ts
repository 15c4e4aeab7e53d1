import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'

/** Only the owner may read a kept part, also where others may read the file that it becomes. */
const OWNER_ONLY = 0o600

/** Windows lacks the last two; `|` takes what is not there for 0. */
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * Opens what an earlier download has kept, or makes it. In a folder that others may write to, another user could
 * have put something else there: a link to a file that would be written over, or bytes that were never
 * downloaded. So what is there is taken only if it is a plain file with one name, our own, which no other user
 * may write to. Anything else is removed, and the download begins anew.
 */
export async function openPartial(path: string): Promise<FileHandle> {
  const kept = await openKept(path)
  if (kept !== undefined) return kept
  await rm(path, { force: true })
  return await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY)
}

async function openKept(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle
  try {
    // A pipe would else keep us waiting for its other end.
    file = await open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    if (await isOurs(file)) return file
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
}

async function isOurs(file: FileHandle): Promise<boolean> {
  const status = await file.stat()
  if (!status.isFile() || status.nlink !== 1) return false
  const uid = process.geteuid?.()
  return uid === undefined || (status.uid === uid && (status.mode & 0o022) === 0)
}

/** Gives a file the permissions that it would have had, had it been made in the usual way. */
export async function asUsual(file: FileHandle): Promise<void> {
  await file.chmod(0o666 & ~process.umask())
}
