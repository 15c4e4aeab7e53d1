import { S3Error } from './errors.ts'

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** Amazon's S3 is never full; this is what MinIO answers, and 507 is what a client can rely on. */
function full(): S3Error {
  return new S3Error('XMinioStorageFull')
}

/** The space that all buckets share. */
export class Disk {
  /** How many more bytes may be written; what is removed does not give any back. */
  freeBytes: number = Infinity

  /** @throws S3Error `XMinioStorageFull` */
  take(bytes: number): void {
    if (bytes > this.freeBytes) throw full()
    this.freeBytes -= bytes
  }

  /** What the disk itself threw, in S3's words where it means that there is no space. */
  explain(error: unknown): unknown {
    const isFull = error instanceof Error && 'code' in error && fullCodes.has(error.code)
    return isFull ? full() : error
  }
}
