import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Bucket } from './bucket.ts'
import { Disk } from './disk.ts'
import { S3Error } from './errors.ts'
import { makeFolder } from '../own-files.ts'

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const bucketName = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/** The buckets under a folder: one folder each, named like the bucket. */
export class Store {
  readonly #dir: string
  readonly disk: Disk
  readonly #buckets: Map<string, Promise<Bucket>>

  private constructor(dir: string, disk: Disk, buckets: readonly Bucket[]) {
    this.#dir = dir
    this.disk = disk
    this.#buckets = new Map(buckets.map((bucket) => [bucket.name, Promise.resolve(bucket)]))
  }

  static async open(dir: string): Promise<Store> {
    await makeFolder(dir)
    const entries = await readdir(dir, { withFileTypes: true })
    const names = entries.filter((entry) => entry.isDirectory() && bucketName.test(entry.name))
    const disk = new Disk()
    const buckets: Bucket[] = []
    for (const { name } of names) buckets.push(await Bucket.open(dir, name, disk))
    return new Store(dir, disk, buckets)
  }

  /** By name. */
  async list(): Promise<Bucket[]> {
    const buckets = await Promise.all(this.#buckets.values())
    return buckets.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** @throws S3Error `NoSuchBucket` */
  async bucket(name: string): Promise<Bucket> {
    const bucket = this.#buckets.get(name)
    if (bucket) return bucket
    throw new S3Error('NoSuchBucket', undefined, { BucketName: name })
  }

  /** Creates it; answers `false` when it was there. @throws S3Error `InvalidBucketName` */
  async create(name: string): Promise<boolean> {
    if (!bucketName.test(name)) {
      throw new S3Error('InvalidBucketName', undefined, { BucketName: name })
    }
    const known = this.#buckets.get(name)
    if (known) {
      await known
      return false
    }
    const opening = Bucket.open(this.#dir, name, this.disk)
    this.#buckets.set(name, opening)
    try {
      await opening
    } catch (error) {
      this.#buckets.delete(name)
      throw error
    }
    return true
  }

  /** @throws S3Error `NoSuchBucket`, `BucketNotEmpty` */
  async remove(name: string): Promise<void> {
    const bucket = await this.bucket(name)
    if (bucket.objects.size > 0)
      throw new S3Error('BucketNotEmpty', undefined, { BucketName: name })
    this.#buckets.delete(name)
    await rm(join(this.#dir, name), { recursive: true, force: true })
  }
}
