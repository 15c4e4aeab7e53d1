import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { throwIfCancelled } from '@yuzuru/concurrency'
import type { ChunkSink } from './download-body.ts'
import { failure, type ObjectCall } from '../store/failure.ts'

/** Error codes of a file system that is full. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/**
 * Writes chunks to a file so that `path` never holds only a part of them: under a temporary name in the
 * same folder, flushed to disk, renamed, and the folder flushed. Nothing is left when it fails.
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

/** The temporary name of a file. It is no longer than file systems allow (255 bytes), in any language. */
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

/**
 * Flushes a folder, so that a new name in it survives a power failure. Not every file system can do that.
 */
export async function flushFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder)
    await handle.sync()
  } catch {
    // The bytes are on disk; only whether the renaming is there yet is not certain.
  }
}

/** Runs `fn`, and turns an error of the file system into one that says what to do. */
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
