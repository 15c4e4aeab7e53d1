import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Blobs } from './blobs.ts'
import type { Disk } from './disk.ts'
import { S3Error } from './errors.ts'
import { makeFolder } from '../own-files.ts'
import { type Guard, ObjectIndex } from './object-index.ts'
import type { StoredObject } from './stored-object.ts'
import { Uploads } from './uploads.ts'

/** One bucket: its objects, its multipart uploads, and the data files of both. */
export class Bucket {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly blobs: Blobs
  readonly objects: ObjectIndex
  readonly uploads: Uploads

  private constructor(
    name: string,
    createdAt: number,
    parts: { blobs: Blobs; objects: ObjectIndex; uploads: Uploads },
  ) {
    this.name = name
    this.createdAt = createdAt
    this.blobs = parts.blobs
    this.objects = parts.objects
    this.uploads = parts.uploads
  }

  static async open(dir: string, name: string, disk?: Disk): Promise<Bucket> {
    const home = join(dir, name)
    // What lies there may be from elsewhere: sweeping a link would empty a foreign folder.
    await makeFolder(home)
    for (const folder of ['data', 'objects', 'uploads']) await makeFolder(join(home, folder))
    const { birthtimeMs } = await stat(join(home, 'data'))
    const blobs = new Blobs(join(home, 'data'), disk)
    const objects = await ObjectIndex.open(join(home, 'objects'), blobs)
    const uploads = await Uploads.open(join(home, 'uploads'), blobs)
    const owned = new Set(
      [...objects.values()].flatMap(({ segments }) => segments.map(({ file }) => file)),
    )
    const named = owned.union(new Set(uploads.files()))
    for (const file of named) blobs.path(file)
    await uploads.endCompleted(owned)
    await blobs.sweep(named)
    return new Bucket(name, birthtimeMs, { blobs, objects, uploads })
  }

  /** @throws S3Error `NoSuchKey` */
  object(key: string): StoredObject {
    const object = this.objects.get(key)
    if (object) return object
    throw new S3Error('NoSuchKey', undefined, { Key: key })
  }

  /** Commits a freshly written object; one that its guard refuses leaves no bytes behind. */
  async keep(object: StoredObject, guard?: Guard): Promise<void> {
    try {
      await this.objects.commit(object, guard)
    } catch (error) {
      await this.blobs.remove(object.segments)
      throw error
    }
  }
}
