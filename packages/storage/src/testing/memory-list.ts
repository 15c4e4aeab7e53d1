import type { ListedObject, Page, PageRequest } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'

/** What a list shows of an object. */
interface Listable {
  readonly info: ObjectInfo
}

/** One page of keys, in the order of their UTF-8 bytes, as ListObjectsV2 gives it. */
export function listInMemory(objects: ReadonlyMap<string, Listable>, request: PageRequest): Page {
  const { prefix, delimiter, pageSize, startAfter, token } = request
  const after = token ?? startAfter
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const found: ListedObject[] = []
  const prefixes: string[] = []
  let last: string | undefined
  for (const key of keys) {
    const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
    const group = cut < 0 ? undefined : key.slice(0, cut + (delimiter?.length ?? 0))
    const shown = group ?? key
    if (after !== undefined && Buffer.compare(Buffer.from(shown), Buffer.from(after)) <= 0) continue
    if (group !== undefined && prefixes.at(-1) === group) continue
    if (found.length + prefixes.length === pageSize) {
      return { objects: found, prefixes, isTruncated: true, token: last }
    }
    last = shown
    if (group !== undefined) prefixes.push(group)
    else found.push(listed(key, objects.get(key)))
  }
  return { objects: found, prefixes, isTruncated: false, token: undefined }
}

function listed(key: string, object: Listable | undefined): ListedObject {
  const { bytes = 0, etag = '', modifiedAt = new Date(0) } = object?.info ?? {}
  return { key, bytes, etag, modifiedAt }
}
