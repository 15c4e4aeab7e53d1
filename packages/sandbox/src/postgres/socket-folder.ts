import { chmod, chown, lstat, mkdtemp, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { replaceFile } from '../own-files.ts'
import type { DataFolder } from './data-folder.ts'
import { temporaryBase } from './trusted-folder.ts'

const PREFIX = 'yuzuru-pg-'
const NAME = /^yuzuru-pg-[A-Za-z0-9]{6}$/
const SOCKET = /^\.s\.PGSQL\.\d{1,5}(?:\.lock)?$/

/**
 * Makes the folder for the server's socket, and removes the one that a killed process left. A path of a
 * socket holds about 100 bytes, fewer than many a data folder's; so it gets a short one, for us and the
 * server.
 */
export async function makeSocketFolder({ outer, user }: DataFolder): Promise<string> {
  const base = await temporaryBase(user)
  const note = join(outer, 'socket-folder.txt')
  await removeLeft(base, (await readFile(note, 'utf8').catch(() => '')).trim())
  const folder = await mkdtemp(join(base, PREFIX))
  await chmod(folder, 0o700)
  if (user) await chown(folder, user.uid, user.gid)
  await replaceFile(note, folder)
  return folder
}

/**
 * The note lies among the data, which anybody may have written: of what it names only a folder of our own
 * kind goes, in the place where we make them, and of that only sockets.
 */
async function removeLeft(base: string, noted: string): Promise<void> {
  if (dirname(noted) !== base || !NAME.test(basename(noted))) return
  const found = await lstat(noted).catch(() => undefined)
  if (found?.isDirectory() !== true) return
  for (const name of await readdir(noted)) {
    if (SOCKET.test(name)) await rm(join(noted, name), { force: true })
  }
  // One that holds anything else stays.
  await rmdir(noted).catch(() => {})
}
