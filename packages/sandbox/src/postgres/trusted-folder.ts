import { constants } from 'node:fs'
import { access, chmod, lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { errorCode } from '../error-code.ts'
import { canReach, type ServerUser } from './server-user.ts'

const ownUid = (): number => process.geteuid?.() ?? 0

/**
 * In a folder that everybody can write to (`/tmp`), a name proves nothing: another user may have made it first.
 *
 * @throws {Error} unless `folder` is a real folder (no link) that we own and that nobody else can write to.
 */
export async function assertTrusted(folder: string): Promise<void> {
  const { uid, mode } = await lstat(folder)
  const isFolder = (mode & constants.S_IFMT) === constants.S_IFDIR
  if (!isFolder || uid !== ownUid() || (mode & 0o022) !== 0) {
    throw new Error(
      `Refusing to use ${folder}: it is not a folder that only this user can write to. ` +
        'Remove it, or point TMPDIR elsewhere.',
    )
  }
}

/** Makes `folder` (its parent exists) so that others may pass through and not write, or checks the one that is there. */
export async function ensureTrusted(folder: string): Promise<void> {
  try {
    await mkdir(folder)
    await chmod(folder, 0o711)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    await assertTrusted(folder)
  }
}

async function firstUsable(
  candidates: readonly string[],
  user: ServerUser | undefined,
): Promise<string> {
  for (const candidate of candidates) {
    const writable = await access(candidate, constants.W_OK).then(
      () => true,
      () => false,
    )
    if (writable && (user === undefined || (await canReach(user, candidate)))) return candidate
  }
  throw new Error(`No folder that the database server can reach among ${candidates.join(', ')}`)
}

/** A folder for what may be lost: the copied binaries, sockets, throwaway data. */
export const temporaryBase = (user: ServerUser | undefined): Promise<string> =>
  firstUsable(user ? [tmpdir(), '/tmp', '/var/tmp'] : [tmpdir()], user)

/** A folder for data of root's that must survive and can't stay where root keeps the project. */
export const persistentBase = (user: ServerUser): Promise<string> =>
  firstUsable(['/var/lib', '/var/tmp', tmpdir(), '/tmp'], user)
