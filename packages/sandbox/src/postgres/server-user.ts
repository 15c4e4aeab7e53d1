import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The operating system's user that the server runs as. */
export interface ServerUser {
  uid: number
  gid: number
}

/** Reads `name:x:uid:gid:…`; negative ids (macOS's `nobody` is -2) become the unsigned number the kernel uses. */
export function parsePasswd(passwd: string, name: string): ServerUser | undefined {
  for (const line of passwd.split('\n')) {
    const [entry, , uid, gid] = line.split(':')
    if (entry === name && uid !== undefined && gid !== undefined) {
      return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
    }
  }
  return undefined
}

/**
 * PostgreSQL refuses to run as root. For root this is `postgres` where that user exists, else `nobody`;
 * for anyone else it is `undefined`: the server runs as its caller.
 */
export async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.geteuid?.() !== 0) return undefined
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return (
    parsePasswd(passwd, 'postgres') ?? parsePasswd(passwd, 'nobody') ?? { uid: 65_534, gid: 65_534 }
  )
}

/** Whether `user` may pass through every folder on the way to, and into, `folder`. */
export async function canReach(user: ServerUser, folder: string): Promise<boolean> {
  let at = await realpath(folder)
  for (;;) {
    const { uid, gid, mode } = await stat(at)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    const parent = dirname(at)
    if (parent === at) return true
    at = parent
  }
}
