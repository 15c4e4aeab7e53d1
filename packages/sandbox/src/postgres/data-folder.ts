import { createHash, randomBytes } from 'node:crypto'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { join } from 'node:path'
import { assertNoLink, replaceFile } from '../own-files.ts'
import { takeOwnership } from '../owner.ts'
import { canReach, type ServerUser } from './server-user.ts'
import { ensureTrusted, persistentBase, temporaryBase } from './trusted-folder.ts'

const MAX_LOG_BYTES = 10 * 1024 * 1024

/** Where one server keeps its things. */
export interface DataFolder {
  /** Ours: the log, the password, the owner's mark. */
  outer: string
  /** The server's: its `PGDATA`. */
  data: string
  log: string
  password: string
  /** Gone at close. */
  throwaway: boolean
  user: ServerUser | undefined
  release(): Promise<void>
}

/** Root's own folders are often closed to everybody else; then the data goes to one named after the folder asked for. */
async function reachable(dir: string, user: ServerUser | undefined): Promise<string> {
  if (user === undefined || (await canReach(user, dir))) return dir
  const parent = join(await persistentBase(user), 'yuzuru-sandbox')
  await ensureTrusted(parent)
  const outer = join(parent, createHash('sha256').update(dir).digest('hex').slice(0, 24))
  await ensureTrusted(outer)
  await replaceFile(join(dir, 'data-is-in.txt'), `${outer}\n`)
  return outer
}

/** The folder may have been filled under another user (before or after a `sudo`): it stays with that one. */
async function ownerOf(data: string, user: ServerUser): Promise<ServerUser> {
  const found = await stat(data).catch(() => undefined)
  return found === undefined || found.uid === 0 ? user : { uid: found.uid, gid: found.gid }
}

/** The same password at every start on this folder, so that a URL noted down stays good. */
async function keptPassword(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => '')
  if (/^[\w-]{20,}$/.test(kept)) return kept
  const password = randomBytes(18).toString('base64url')
  await replaceFile(file, password)
  return password
}

/** The folder itself, its write-ahead log and its tablespaces may be links; then they are of another server. */
async function assertStaysInside(data: string): Promise<void> {
  await assertNoLink(data)
  await assertNoLink(join(data, 'pg_wal'))
  const spaces = join(data, 'pg_tblspc')
  await assertNoLink(spaces)
  for (const space of await readdir(spaces).catch(() => [])) await assertNoLink(join(spaces, space))
}

/** The server only adds to its log; one start in a while begins a new one and keeps the one before. */
async function shortenLog(log: string): Promise<void> {
  const { size } = await stat(log).catch(() => ({ size: 0 }))
  if (size > MAX_LOG_BYTES) await rename(log, `${log}.old`)
}

/** Opens `dir` for this process alone, or makes a folder that `close()` throws away. */
export async function openDataFolder(
  dir: string | undefined,
  caller: ServerUser | undefined,
): Promise<DataFolder> {
  let outer: string
  if (dir === undefined) {
    outer = await mkdtemp(join(await temporaryBase(caller), 'yuzuru-postgres-data-'))
    await chmod(outer, 0o711)
  } else {
    await mkdir(dir, { recursive: true })
    outer = await reachable(await realpath(dir), caller)
  }
  const release = await takeOwnership(outer)
  try {
    await assertNoLink(join(outer, 'postgres.log'))
    await shortenLog(join(outer, 'postgres.log'))
    const data = join(outer, 'data')
    await assertStaysInside(data)
    return {
      outer,
      data,
      log: join(outer, 'postgres.log'),
      password: await keptPassword(join(outer, 'password')),
      throwaway: dir === undefined,
      user: caller && (await ownerOf(data, caller)),
      release: () => (dir === undefined ? rm(outer, { recursive: true, force: true }) : release()),
    }
  } catch (error) {
    await release()
    throw error
  }
}
