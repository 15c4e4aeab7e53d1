import { createHash } from 'node:crypto'
import { type FileHandle, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { throwIfCancelled } from '@yuzuru/concurrency'
import { createHasher } from '../store/checksum.ts'
import type { Hasher } from '../store/hasher.ts'
import { type ExpectedChecksum, expectMatch } from './expected-checksum.ts'
import type { ObjectCall } from '../store/failure.ts'
import { asUsual, openPartial } from './partial-file.ts'
import { flushFolder, onDisk, temporaryName, writeAll } from './save-file.ts'
import { StorageError } from '../store/storage-error.ts'

/** A download that can begin where an earlier one ended. */
export interface ResumableBytes {
  /** What identifies the bytes: bucket, key, version, range. */
  readonly identity: readonly (string | number)[]
  readonly length: number
  readonly expected: ExpectedChecksum | undefined
  /** The bytes from `offset` on, in order. */
  from(offset: number): Promise<AsyncIterable<Uint8Array>>
}

const READ_BYTES = 512 * 1_024

/**
 * Writes a download to a file as `saveFile` does, but keeps what has arrived when it fails, under a name
 * that identifies the bytes, and continues from there the next time. Only one may do so at a time.
 */
export async function saveResumable(
  subject: ObjectCall,
  path: string,
  bytes: ResumableBytes,
): Promise<void> {
  const folder = dirname(path)
  const identity = createHash('sha256').update(JSON.stringify(bytes.identity)).digest('hex')
  const name = temporaryName(path, identity.slice(0, 32))
  const partial = join(folder, name)
  await onDisk(subject, () => removeOthers(folder, name))
  const file = await onDisk(subject, () => openPartial(partial))
  try {
    try {
      await fill(subject, file, bytes)
      await onDisk(subject, () => file.sync())
      throwIfCancelled()
      await onDisk(subject, () => asUsual(file))
    } finally {
      await file.close()
    }
    await onDisk(subject, () => rename(partial, path))
  } catch (error) {
    // If the whole is wrong, no part of it can be kept.
    const isWrong = StorageError.isInstance(error) && error.code === 'checksum_mismatch'
    if (isWrong) await rm(partial, { force: true })
    throw error
  }
  await flushFolder(folder)
}

async function fill(subject: ObjectCall, file: FileHandle, bytes: ResumableBytes): Promise<void> {
  const { length, expected } = bytes
  const hasher = expected && (await createHasher(expected.algorithm))
  let position = await onDisk(subject, () => takeUp(file, length, hasher))
  for await (const chunk of await bytes.from(position)) {
    hasher?.update(chunk)
    const at = position
    await onDisk(subject, () => writeAll(file, chunk, at))
    position += chunk.byteLength
  }
  expectMatch(subject, expected, hasher?.digest())
}

/** How far an earlier download got. Its bytes are read back, as the checksum covers them too. */
async function takeUp(
  file: FileHandle,
  length: number,
  hasher: Hasher | undefined,
): Promise<number> {
  const { size } = await file.stat()
  if (size > length) {
    await file.truncate()
    return 0
  }
  if (hasher === undefined) return size
  const buffer = Buffer.allocUnsafe(Math.min(size, READ_BYTES))
  for (let position = 0; position < size;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position)
    if (bytesRead === 0) return position
    throwIfCancelled()
    hasher.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return size
}

/** Removes what is left of downloads of other versions to the same path. */
async function removeOthers(folder: string, own: string): Promise<void> {
  const pattern = /^(\..+\.)[0-9a-f]{32}\.part$/
  const place = pattern.exec(own)?.at(1)
  for (const name of await readdir(folder)) {
    if (name === own || pattern.exec(name)?.at(1) !== place) continue
    // It may be another user's, in a folder where only owners may remove files. It does no harm there.
    await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}
