import { rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Blobs } from './blobs.ts'
import { readJsonFolder, sidecarName, stageJson } from './sidecar.ts'
import { SortedKeys } from './sorted-keys.ts'
import type { StoredObject } from './stored-object.ts'

/** Throws when what is stored now forbids the change. */
export type Guard = (current: StoredObject | undefined) => void

/** The objects of a bucket: one sidecar a key on disk, the same in memory for look-ups and lists. */
export class ObjectIndex {
  readonly #dir: string
  readonly #blobs: Blobs
  readonly #objects: Map<string, StoredObject>
  readonly keys: SortedKeys

  private constructor(dir: string, blobs: Blobs, objects: readonly StoredObject[]) {
    this.#dir = dir
    this.#blobs = blobs
    this.#objects = new Map(objects.map((object) => [object.key, object]))
    this.keys = new SortedKeys(this.#objects.keys())
  }

  static async open(dir: string, blobs: Blobs): Promise<ObjectIndex> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    return new ObjectIndex(dir, blobs, await readJsonFolder<StoredObject>(dir))
  }

  get size(): number {
    return this.#objects.size
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key)
  }

  values(): Iterable<StoredObject> {
    return this.#objects.values()
  }

  /**
   * Makes the object the one that its key names. The guard runs, the sidecar is swapped and the
   * memory updated in one turn of the event loop: of racing writers, each sees the one before.
   */
  async commit(object: StoredObject, guard?: Guard): Promise<void> {
    const staged = await stageJson(this.#blobs, object)
    const before = this.#objects.get(object.key)
    try {
      guard?.(before)
      staged.moveTo(join(this.#dir, sidecarName(object.key)))
    } catch (error) {
      await staged.discard()
      throw error
    }
    this.#objects.set(object.key, object)
    this.keys.add(object.key)
    if (before) await this.#blobs.remove(before.segments)
  }

  /**
   * Changes what is known of an object, and leaves its bytes. One that is replaced meanwhile is changed in its
   * place.
   *
   * @returns `undefined` when there is none
   */
  async change(
    key: string,
    made: (current: StoredObject) => StoredObject,
  ): Promise<StoredObject | undefined> {
    for (
      let before = this.#objects.get(key);
      before !== undefined;
      before = this.#objects.get(key)
    ) {
      const after = made(before)
      const staged = await stageJson(this.#blobs, after)
      if (this.#objects.get(key) !== before) {
        await staged.discard()
        continue
      }
      staged.moveTo(join(this.#dir, sidecarName(key)))
      this.#objects.set(key, after)
      return after
    }
    return undefined
  }

  /** Removes the object, if there is one. */
  async remove(key: string, guard?: Guard): Promise<void> {
    const before = this.#objects.get(key)
    guard?.(before)
    if (!before) return
    rmSync(join(this.#dir, sidecarName(key)), { force: true })
    this.#objects.delete(key)
    this.keys.delete(key)
    await this.#blobs.remove(before.segments)
  }
}
