import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'

/** Only the owner may read a kept part, even if others may read the finished file. */
const OWNER_ONLY = 0o600

/** Windows lacks the last two; `|` treats `undefined` as 0. */
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * Opens the file that an earlier download has kept, or creates it. In a folder that others may write to,
 * another user could have put something else there: a link to a file that would be overwritten, or bytes
 * that were never downloaded. So it is used only if it is a plain file with one name that we own and no
 * other user may write to. Anything else is removed, and the download begins anew.
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
    // `O_NONBLOCK`: opening a pipe would otherwise wait for its other end.
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

/** Gives a file the permissions that a newly created file gets. */
export async function asUsual(file: FileHandle): Promise<void> {
  await file.chmod(0o666 & ~process.umask())
}
