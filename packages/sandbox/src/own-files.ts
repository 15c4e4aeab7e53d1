import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { errorCode } from './error-code.ts'

// A folder that keeps data may come from anywhere: an archive, a repository, another user. What lies in it
// is never followed out of it.

/** Writes a file whole, in the place of whatever has its name: a link is replaced, not written through. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** @throws {Error} when it is a link: what is added would land elsewhere. */
export async function openToAppend(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants
  try {
    return await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  } catch (error) {
    throw errorCode(error) === 'ELOOP' ? leadsElsewhere(path) : error
  }
}

/** Makes a folder that only its user can enter, unless it is there. @throws {Error} when its name is a link's */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await assertNoLink(path)
}

/** What is not there yet is none. @throws {Error} when it is a link */
export async function assertNoLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSymbolicLink() === true) throw leadsElsewhere(path)
}

function leadsElsewhere(path: string): Error {
  return new Error(`Refusing to use ${path}: it is a link, and data is not followed elsewhere`)
}
