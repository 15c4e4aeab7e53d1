import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { throwIfCancelled } from '@yuzuru/concurrency'
import type { ChunkSink } from './download-body.ts'
import { failure, type ObjectCall } from '../store/failure.ts'

/** Codes of a file system that takes no more bytes. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/**
 * Has chunks written to a file such that `path` never holds a part of them: to a temporary name in the same
 * folder, flushed to disk, renamed, and the folder flushed. Nothing is left when it fails.
 */
export async function saveFile(
  subject: ObjectCall,
  path: string,
  fill: (write: ChunkSink) => Promise<void>,
): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, temporaryName(path, randomUUID()))
  const file = await onDisk(subject, () => open(temporary, 'wx'))
  try {
    try {
      await fill((chunk, position) => onDisk(subject, () => writeAll(file, chunk, position)))
      await onDisk(subject, () => file.sync())
    } finally {
      await file.close()
    }
    throwIfCancelled()
    await onDisk(subject, () => rename(temporary, path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await flushFolder(folder)
}

/** The name of what is to become a file: no longer than file systems allow (255 bytes), in any language. */
export function temporaryName(path: string, identity: string): string {
  let name = basename(path)
  while (Buffer.byteLength(name) > 200) name = name.slice(0, -1)
  return `.${name}.${identity}.part`
}

export async function writeAll(
  file: FileHandle,
  chunk: Uint8Array,
  position: number,
): Promise<void> {
  for (let written = 0; written < chunk.byteLength;) {
    const left = chunk.byteLength - written
    const { bytesWritten } = await file.write(chunk, written, left, position + written)
    written += bytesWritten
  }
}

/** So that the new name survives a power failure. Not every file system lets a folder be flushed. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder)
    await handle.sync()
  } catch {
    // The bytes themselves are on disk; only the moment of the renaming is not certain.
  }
}

/** Runs `fn`, and says of what the file system threw what to do. */
export async function onDisk<T>(subject: ObjectCall, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (cause) {
    const native = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const full = FULL.has(native)
    const detail = full
      ? 'the disk is full; free some space'
      : `the file could not be written (${String(native)}); check the path and its permissions`
    const code = full ? 'insufficient_storage' : 'unexpected'
    throw failure(subject, code, { outcome: 'none', detail, cause })
  }
}
